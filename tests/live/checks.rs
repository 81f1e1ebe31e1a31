use crate::site::Site;
use std::time::Duration;

/// Something that only an account can tell: a change of the stack that must go through, with an empty plan after it.
pub struct Check {
    pub name: &'static str,
    /// Text of `stack.toml`, and what stands there instead.
    pub edits: fn() -> Vec<(&'static str, String)>,
    pub run: fn(&mut Site),
}

/// In the order that costs least: what changes nothing first, what takes longest last.
pub const CHECKS: &[Check] = &[
    Check { name: "three plans in a row are empty: nothing flickers", edits: none, run: calm },
    Check {
        name: "a rule gets another description, in place",
        edits: rule,
        run: |site| site.changes(rule()),
    },
    Check {
        name: "a bucket's rules change, and no read of them is an old one",
        edits: lifecycle,
        run: |site| site.changes(lifecycle()),
    },
    Check {
        name: "a role that a function uses gets another policy",
        edits: role,
        run: |site| site.changes(role()),
    },
    Check {
        name: "a security group in use is replaced: its description cannot change",
        edits: group,
        run: |site| site.changes(group()),
    },
    Check {
        name: "a schedule whose start has passed can be switched off",
        edits: started,
        run: switched_off,
    },
    Check { name: "a database grows", edits: storage, run: |site| site.changes(storage()) },
];

fn none() -> Vec<(&'static str, String)> {
    vec![]
}

fn calm(site: &mut Site) {
    for _ in 0..3 {
        site.is_calm("nothing has changed");
        site.waits(Duration::from_secs(60));
    }
}

fn rule() -> Vec<(&'static str, String)> {
    vec![("description = \"Postgres for the functions\"", "description = \"Postgres\"".to_owned())]
}

fn lifecycle() -> Vec<(&'static str, String)> {
    let more = "[[bucket.loans.lifecycle_rules]]\nid = \"live\"\nprefix = \"live/\"\nexpiration_days = 1\n\n";
    let before = "[[bucket.loans.lifecycle_rules]]\nid = \"lake\"";
    vec![(before, format!("{more}{before}"))]
}

fn role() -> Vec<(&'static str, String)> {
    let statement = "[[iam_role.database.policies.import.Statement]]\n";
    let more = "Sid = \"Live\"\nEffect = \"Deny\"\nAction = \"s3:PutBucketTagging\"\nResource = \"${bucket.loans.arn}\"\n\n";
    vec![(statement, format!("{statement}{more}{statement}"))]
}

fn group() -> Vec<(&'static str, String)> {
    vec![("description = \"The loan database\"\nvpc_id", "description = \"Loans\"\nvpc_id".to_owned())]
}

/// EventBridge Scheduler takes no start that is earlier than five minutes ago.
fn started() -> Vec<(&'static str, String)> {
    let start = jiff::Timestamp::now().round(jiff::Unit::Second).unwrap();
    let expression = "expression = \"cron(0 4 ? * MON *)\"\n";
    vec![(expression, format!("{expression}start = \"{start}\"\n"))]
}

fn switched_off(site: &mut Site) {
    site.changes(started());
    site.waits(Duration::from_secs(6 * 60));
    let input = "input = { run = \"train\" }\n";
    site.changes(vec![(input, format!("{input}enabled = false\n"))]);
}

fn storage() -> Vec<(&'static str, String)> {
    vec![(
        "db_storage = { type = \"integer\", default = 50,",
        "db_storage = { type = \"integer\", default = 60,".to_owned(),
    )]
}
