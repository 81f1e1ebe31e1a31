//! What AWS has, as far as that can be known without asking: one table a file, each with its date and its source.
//!
//! An attribute names its table by the keyword `x-fact`. What a table does not know is a mistake; what AWS is about to
//! take away is a warning. Tables grow old: `new = ["…"]` in `[stack]` names what is newer than they are.

mod db_classes;
mod managed_policies;
mod postgres;
mod regions;
mod runtimes;
mod zones;

pub use regions::region;
pub use runtimes::handler;

use crate::diagnostic::Severity;
use crate::schema::suggest;

/// What a table has to say against a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    pub message: String,
    /// Why, for the place.
    pub reason: String,
    /// What to do.
    pub help: String,
    /// Whether the table may just be too old to know the value.
    pub may_be_new: bool,
}

type Look = fn(&str, &str) -> Option<Finding>;

/// By the name that `x-fact` gives: asked for a value and the region of the stack.
const TABLES: [(&str, Look); 6] = [
    ("db_class", db_classes::look),
    ("managed_policy", managed_policies::look),
    ("postgres", postgres::look),
    ("runtime", runtimes::look),
    ("zone", zones::look),
    ("zone_id", zones::look_id),
];

/// What the table of that name says against a value in a region.
pub fn look(table: &str, value: &str, region: &str) -> Option<Finding> {
    let (_, look) = TABLES.iter().find(|(name, _)| *name == table)?;
    look(value, region)
}

/// Whether there is a table of that name.
pub fn is_table(name: &str) -> bool {
    TABLES.iter().any(|(known, _)| *known == name)
}

impl Finding {
    /// The value is not in the table, which is of that day.
    fn unknown(what: &str, value: &str, known: &[&str], as_of: &str) -> Self {
        Self {
            severity: Severity::Error,
            message: format!("there is no {what} `{value}`"),
            reason: format!("not known on {as_of}"),
            help: suggest::help(value, known.iter().copied(), "There are"),
            may_be_new: true,
        }
    }

    fn mistake(message: String, reason: &str, help: String) -> Self {
        Self { severity: Severity::Error, message, reason: reason.to_owned(), help, may_be_new: false }
    }

    fn warning(message: String, reason: &str, help: String) -> Self {
        Self { severity: Severity::Warning, ..Self::mistake(message, reason, help) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::registry;
    use serde_json::Value as Json;

    #[test]
    fn every_table_is_named_by_an_attribute_and_every_name_is_a_table() {
        fn names(schema: &Json, found: &mut Vec<String>) {
            match schema {
                Json::Object(map) => {
                    found.extend(map.get("x-fact").and_then(Json::as_str).map(str::to_owned));
                    map.values().for_each(|value| names(value, found));
                }
                Json::Array(items) => items.iter().for_each(|item| names(item, found)),
                _ => {}
            }
        }
        let mut found = vec![];
        registry().iter().for_each(|kind| names(kind.inputs(), &mut found));
        found.sort();
        found.dedup();
        assert_eq!(found, TABLES.map(|(name, _)| name.to_owned()));
    }

    fn said(table: &str, value: &str) -> String {
        look(table, value, "eu-west-1").map_or_else(
            || "fine".to_owned(),
            |found| format!("{:?}: {}. {}", found.severity, found.message, found.help),
        )
    }

    #[test]
    fn what_there_is_passes() {
        for (table, value) in [
            ("db_class", "db.t4g.medium"),
            ("db_class", "db.r8gd.48xlarge"),
            ("managed_policy", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
            ("managed_policy", "arn:aws-cn:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"),
            ("managed_policy", "arn:aws:iam::123456789012:policy/team/own"),
            ("postgres", "16"),
            ("postgres", "18.4"),
            ("runtime", "provided.al2023"),
            ("runtime", "python3.14"),
            ("zone", "eu-west-1c"),
            ("zone_id", "euw1-az3"),
        ] {
            assert_eq!(said(table, value), "fine", "{table} {value}");
        }
        assert_eq!(region("eu-west-1"), None);
    }

    #[test]
    fn what_there_is_not_is_told_with_what_there_is() {
        insta::assert_snapshot!([
            ("db_class", "db.t4g.mikro"), ("db_class", "db.t4g.16xlarge"), ("db_class", "db.t9x.large"), ("db_class", "db.m3.large"),
            ("managed_policy", "ReadOnlyAccess"), ("managed_policy", "AWSLambdaBasicExecutionRole"),
            ("managed_policy", "arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole"),
            ("managed_policy", "arn:aws:iam::aws:policy/ReadOnlyAcess"), ("managed_policy", "own"),
            ("postgres", "10.4"), ("postgres", "13"), ("postgres", "16.4"), ("postgres", "16.99"), ("postgres", "77"),
            ("runtime", "python3.7"), ("runtime", "nodejs20.x"), ("runtime", "python3.41"), ("runtime", "rust"),
            ("zone", "us-east-1a"), ("zone", "a"), ("zone", "eu-west-1f"), ("zone_id", "use1-az1"), ("zone_id", "eu-west-1a"),
        ].map(|(table, value)| format!("{value}: {}", said(table, value))).join("\n"), @r#"
db.t4g.mikro: Error: there is no instance class `db.t4g.mikro`. Did you mean `db.t4g.micro`?
db.t4g.16xlarge: Error: there is no instance class `db.t4g.16xlarge`. Did you mean `db.t4g.xlarge`?
db.t9x.large: Error: there is no instance class `db.t9x.large`. Families: `m4`, `m5`, `m5d`, `m6g`, `m6gd`, `m6i`, `m6id`, `m6idn`, `m6in`, `m7g`, `m7i`, `m8a`, `m8g`, `m8gd`, `m9g`, `r4`, `r5`, `r5b`, `r5d`, `r6g`, `r6gd`, `r6i`, `r6id`, `r6idn`, `r6in`, `r7g`, `r7i`, `r8a`, `r8g`, `r8gd`, ….
db.m3.large: Error: RDS has no machines of the family `m3` any more. Take one of today's, such as `db.t4g.medium` or `db.m7g.large`.
ReadOnlyAccess: Error: `ReadOnlyAccess` is not the ARN of a policy. Write `arn:aws:iam::aws:policy/ReadOnlyAccess`.
AWSLambdaBasicExecutionRole: Error: `AWSLambdaBasicExecutionRole` is not the ARN of a policy. Write `arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole`.
arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole: Error: there is no managed policy `AWSLambdaBasicExecutionRole`. Did you mean `arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole`?
arn:aws:iam::aws:policy/ReadOnlyAcess: Error: there is no managed policy `ReadOnlyAcess`. Did you mean `arn:aws:iam::aws:policy/ReadOnlyAccess`?
own: Error: `own` is not the ARN of a policy. Write its ARN: `arn:aws:iam::ACCOUNT:policy/NAME`, or `arn:aws:iam::aws:policy/NAME`.
10.4: Error: RDS has no PostgreSQL 10 any more. Take one that is supported, such as `18`.
13: Warning: AWS supports PostgreSQL 13 since 2026-02-28 against payment only. Take one that is supported, such as `18`.
16.4: Warning: RDS makes no new databases of PostgreSQL 16.4, and raises those that are there. On offer: `16`, or `16.9` to `16.15`.
16.99: Error: there is no PostgreSQL version `16.99`. On offer: `16`, or `16.9` to `16.15`.
77: Error: there is no PostgreSQL version `77`. Major versions: `11`, `12`, `13`, `14`, `15`, `16`, `17`, `18`.
python3.7: Error: Lambda makes no functions with `python3.7` since 2024-01-09. Take `python3.14`.
nodejs20.x: Warning: AWS mends `nodejs20.x` no more since 2026-04-30, and takes no new function from 2027-02-01 on. Take `nodejs24.x`.
python3.41: Error: there is no runtime `python3.41`. Did you mean `python3.14`?
rust: Error: there is no runtime `rust`. Compiled programs run on `provided.al2023`.
us-east-1a: Error: `us-east-1a` is a zone of us-east-1, and the stack is in eu-west-1. Write `eu-west-1a`, or `"${stack.region}a"`, which moves with the stack.
a: Error: `a` is no zone of eu-west-1. Write `eu-west-1a`, or `"${stack.region}a"`, which moves with the stack.
eu-west-1f: Warning: eu-west-1 has no zone `eu-west-1f` that is known. Its zones are `eu-west-1a`, `eu-west-1b`, `eu-west-1c`; an account may see others.
use1-az1: Error: `use1-az1` is the id of a zone of us-east-1, and the stack is in eu-west-1. Ids there are as in `euw1-az1`.
eu-west-1a: Error: `eu-west-1a` is no id of a zone of eu-west-1. Ids there are as in `euw1-az1`.
"#);
        let found = region("eu-wst-1").map(|found| format!("{}. {}", found.message, found.help));
        assert_eq!(found.as_deref(), Some("there is no region `eu-wst-1`. Did you mean `eu-west-1`?"));
    }
}
