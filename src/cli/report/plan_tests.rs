//! Plans as they are read, at the widths of small and large terminals.

use super::document::document;
use super::leaves::{self, View};
use super::plan::lines;
use crate::address::Address;
use crate::cli::places::Places;
use crate::config::{Options, Source, Stack, parse};
use crate::detail::detail;
use crate::diff::{AttrChange, Effect, diff};
use crate::path::Path;
use crate::plan::{Action, OutputChange, Plan, Reason, Step, sample};
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;

pub(super) fn step(kind: &str, before: &Json, after: &Json) -> Step {
    let schema = crate::resource::kind(kind).unwrap().inputs();
    let creates = before.is_null();
    let changes = match after.as_object().filter(|_| creates) {
        Some(map) => map
            .iter()
            .map(|(name, after)| AttrChange {
                path: Path::key(name),
                before: Json::Null,
                after: after.clone(),
                effect: Effect::InPlace,
                sensitive: false,
            })
            .collect(),
        None => diff(schema, before, after),
    };
    let replaces = !creates && changes.iter().any(|change| change.effect == Effect::Replace);
    let action = if creates {
        Action::Create
    } else if replaces {
        Action::Replace
    } else {
        Action::Update
    };
    Step {
        reason: if creates { Reason::New } else { Reason::Changed },
        inputs: after.clone(),
        changes,
        ..sample::step(Address::new(kind, "site"), action)
    }
}

pub(super) fn plan(steps: Vec<Step>, outputs: Vec<OutputChange>) -> Plan {
    Plan { outputs, ..sample::plan(steps) }
}

pub(super) fn stack() -> Stack {
    let source = Source::new("stack.toml", "[stack]\nname = \"shop\"\nregion = \"eu-west-1\"\n".to_owned());
    parse(source, &Options::default(), crate::resource::registry()).unwrap()
}

pub(super) fn shown(plan: &Plan, width: usize, details: bool) -> String {
    let lines = lines(plan, &Places::of(&stack(), plan), View { width, details, times: true });
    let lines: Vec<String> =
        lines.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect();
    for line in &lines {
        assert!(line.chars().count() <= width, "{} columns of {width}: {line}", line.chars().count());
    }
    lines.join("\n")
}

/// At 40, 60 and 100 columns, below one another.
fn at_all_widths(plan: &Plan) -> String {
    [40, 60, 100].map(|width| format!("{}\n{}", "─".repeat(width), shown(plan, width, false))).join("\n")
}

#[test]
fn a_role_that_may_do_more() {
    let role = |action: &str, resource: &str| {
        json!({ "assumed_by": "ec2.amazonaws.com", "policies": { "files": { "Version": "2012-10-17", "Statement": [
            { "Sid": "Look", "Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*" },
            { "Sid": "Store", "Effect": "Allow", "Action": action, "Resource": resource },
        ]}}})
    };
    let step = step("iam_role", &role("s3:PutObject", "arn:aws:s3:::inbox/*"), &role("s3:*", "*"));
    insta::assert_snapshot!(at_all_widths(&plan(vec![step], vec![])));
}

#[test]
fn a_bucket_that_is_made_public() {
    let bucket = |who: Json, open: bool| {
        json!({ "block_public_access": !open, "policy": { "Version": "2012-10-17", "Statement": [
            { "Sid": "Visitors", "Effect": "Allow", "Principal": who, "Action": "s3:GetObject",
              "Resource": "arn:aws:s3:::holiday-pictures-of-the-whole-family/*" },
        ]}})
    };
    let step = step(
        "bucket",
        &bucket(json!({ "AWS": "arn:aws:iam::111122223333:role/web" }), false),
        &bucket(json!("*"), true),
    );
    insta::assert_snapshot!(at_all_widths(&plan(vec![step], vec![])));
}

#[test]
fn a_group_with_another_port() {
    let rule =
        |port: u16, cidr: &str| json!({ "protocol": "tcp", "port": port, "cidr": cidr, "self": false });
    let before =
        json!({ "ingress": [rule(443, "0.0.0.0/0"), rule(8080, "10.1.0.0/16"), rule(22, "10.9.0.0/24")] });
    let moved = json!({ "self": false, "cidr": "10.1.0.0/16", "port": 8081, "protocol": "tcp" });
    let after = json!({ "ingress": [moved, rule(22, "10.9.0.0/24"), rule(443, "0.0.0.0/0")] });
    let step = step("security_group", &before, &after);
    insta::assert_snapshot!(at_all_widths(&plan(vec![step], vec![])));
}

#[test]
fn a_variable_that_differs_at_its_end() {
    let function = |end: &str| {
        let script =
            |level: &str| format!("one\ntwo\nthree\nfour\nlevel = {level}\nfive\nsix\nseven\neight\n");
        json!({ "environment": { "URL": format!("https://api.example.com/{}/{end}", "segment/".repeat(40)),
            "CONFIG": script(end), "MODE": "fast" } })
    };
    let step = step("lambda_function", &function("v1"), &function("v2"));
    insta::assert_snapshot!(at_all_widths(&plan(vec![step], vec![])));
}

#[test]
fn a_list_and_outputs() {
    let rules = |days: u32, prefix: &str| {
        json!({ "lifecycle_rules": [
        { "id": "old-versions", "noncurrent_expiration_days": days }, { "id": "drafts", "prefix": prefix, "expiration_days": 7 },
    ], "tags": { "owner": "web", "example.com/cost.center": days.to_string() } })
    };
    let step = step("bucket", &rules(30, "drafts/"), &rules(60, "drafts/"));
    let output = |name: &str, before: Json, after: Json, sensitive: bool| OutputChange {
        name: name.to_owned(),
        before,
        after,
        sensitive,
    };
    let outputs = vec![
        output(
            "hosts",
            json!(["a.example.com", "b.example.com", "c.example.com"]),
            json!(["a.example.com", "d.example.com", "c.example.com"]),
            false,
        ),
        output("login", json!("$digest:one"), json!("$digest:two"), true),
        output("queue", Json::Null, json!({ "$unknown": "queue.site.url" }), false),
        output("zone", json!("eu-west-1a"), Json::Null, false),
    ];
    insta::assert_snapshot!(at_all_widths(&plan(vec![step], outputs)));
}

#[test]
fn a_role_that_is_new() {
    let role = json!({ "name": "site", "assumed_by": "lambda.amazonaws.com", "policies": { "all": { "Version": "2012-10-17", "Statement": [
        { "Sid": "Pictures", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:ListBucket"],
          "Resource": ["arn:aws:s3:::holiday-pictures", "arn:aws:s3:::holiday-pictures/*"] },
        { "Effect": "Allow", "NotAction": "iam:*", "Resource": "*" },
    ]}}});
    insta::assert_snapshot!(at_all_widths(&plan(vec![step("iam_role", &Json::Null, &role)], vec![])));
}

#[test]
fn details_show_what_stays_the_same() {
    let before = json!({ "tags": { "a": "1" }, "managed_policies": ["arn:x", "arn:y"] });
    let after = json!({ "tags": { "a": "1" }, "managed_policies": ["arn:x", "arn:z"] });
    let plan = plan(vec![step("iam_role", &before, &after)], vec![]);
    let short = shown(&plan, 100, false);
    assert!(short.contains("… 1 unchanged") && !short.contains("arn:x"), "{short}");
    let long = shown(&plan, 100, true);
    assert!(!long.contains("unchanged") && long.contains("arn:x"), "{long}");
}

#[test]
fn programs_read_the_same() {
    let before = json!({ "policy": { "Statement": [
        { "Sid": "A", "Effect": "Allow", "Principal": { "AWS": "111122223333" }, "Action": "s3:GetObject", "Resource": "x" } ] } });
    let mut after = before.clone();
    after["policy"]["Statement"][0]["Principal"] = json!("*");
    let told = document(&plan(vec![step("bucket", &before, &after)], vec![]), None);
    let change = &told["steps"][0]["changes"][0];
    assert_eq!(change["path"], "policy");
    assert_eq!(
        change["leaves"],
        json!([{ "path": "policy.Statement[A].Principal.AWS", "turn": "changed", "before": "111122223333", "after": "*", "sensitive": false }])
    );
    assert_eq!(change["widens"], json!(["anyone on the internet may read x (s3:GetObject)"]));
    assert_eq!(told["steps"][0]["widens"][0]["path"], "policy.Statement[A]");
}

#[test]
fn secrets_are_never_shown() {
    let schema = json!({ "properties": {
        "password": { "x-sensitive": true },
        "users": { "type": "array", "x-set": true, "items": { "properties": { "name": {}, "key": { "x-sensitive": true } } } },
        "any": { "type": "object" },
    }});
    let user = |key: &str| json!([{ "name": "ann", "role": "admin", "team": "web", "key": key }]);
    let value = |n: &str| json!({ "password": format!("secret-{n}"), "users": user(&format!("secret-{n}")), "any": { "x": format!("$digest:secret-{n}") } });
    let removed = json!({ "users": [], "any": { "y": "$digest:secret-3" } });
    for (before, after) in [
        (value("1"), value("2")),
        (Json::Null, value("1")),
        (value("1"), removed.clone()),
        (removed, value("2")),
    ] {
        for change in diff(&schema, &before, &after) {
            let found = detail(&schema, &change);
            let json = json!(found).to_string();
            let text = leaves::lines(&found, None, false, 10, View { width: 60, details: true, times: true })
                .join("\n");
            assert!(!json.contains("secret-") && !text.contains("secret-"), "{json}\n{text}");
            assert!(text.contains("(sensitive)"), "{text}");
        }
    }
}

/// What a value looks like.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    Text,
    Map(Box<Shape>),
    Table(Vec<Shape>),
    List(Box<Shape>, bool),
}

impl Shape {
    pub(super) fn schema(&self) -> Json {
        match self {
            Self::Text => json!({ "type": "string" }),
            Self::Map(of) => json!({ "type": "object", "additionalProperties": of.schema() }),
            Self::Table(of) => {
                let properties: Map<String, Json> =
                    of.iter().enumerate().map(|(at, one)| (format!("k{at}"), one.schema())).collect();
                json!({ "type": "object", "properties": properties })
            }
            Self::List(of, set) => json!({ "type": "array", "x-set": set, "items": of.schema() }),
        }
    }

    pub(super) fn value(&self) -> BoxedStrategy<Json> {
        match self {
            Self::Text => text().boxed(),
            Self::Map(of) => prop::collection::btree_map(
                "[ab.\"é]{0,3}|long-name-of-a-key-that-needs-room",
                of.value(),
                0..4,
            )
            .prop_map(|map| Json::Object(map.into_iter().collect()))
            .boxed(),
            Self::Table(of) => of
                .iter()
                .map(|one| prop::option::weighted(0.8, one.value()))
                .collect::<Vec<_>>()
                .prop_map(|all| {
                    let set =
                        all.into_iter().enumerate().filter_map(|(at, one)| Some((format!("k{at}"), one?)));
                    Json::Object(set.collect())
                })
                .boxed(),
            Self::List(of, _) => prop::collection::vec(of.value(), 0..4).prop_map(Json::from).boxed(),
        }
    }
}

/// Texts that can be found again: `<07>`, alone or with something behind.
fn text() -> impl Strategy<Value = Json> {
    let tail = prop_oneof![
        Just(String::new()),
        Just(" in some more words, to be wrapped".to_owned()),
        Just("x".repeat(50))
    ];
    (0..40u8, tail).prop_map(|(number, tail)| json!(format!("<{number:02}>{tail}")))
}

pub(super) fn shape() -> impl Strategy<Value = Shape> {
    Just(Shape::Text).prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|one| Shape::Map(Box::new(one))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Shape::Table),
            (inner, any::<bool>()).prop_map(|(one, set)| Shape::List(Box::new(one), set)),
        ]
    })
}

pub(super) fn tokens(value: &Json, out: &mut BTreeSet<String>) {
    match value {
        Json::String(text) => drop(out.insert(text[..4].to_owned())),
        Json::Array(items) => items.iter().for_each(|item| tokens(item, out)),
        Json::Object(map) => map.values().for_each(|item| tokens(item, out)),
        _ => {}
    }
}

/// Texts that stand at the same place on both sides, no list on the way.
fn kept(before: &Json, after: &Json, path: &Path, out: &mut Vec<Path>) {
    match (before, after) {
        (Json::Object(b), Json::Object(a)) => {
            a.iter().for_each(|(key, a)| kept(b.get(key).unwrap_or(&Json::Null), a, &path.with(key), out));
        }
        (Json::String(b), Json::String(a)) if a == b => out.push(path.clone()),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn every_leaf_that_differs_is_shown_at_every_width(
        (shape, before, after) in shape().prop_flat_map(|shape| (Just(shape.clone()), shape.value(), shape.value()))
    ) {
        let schema = json!({ "properties": { "top": shape.schema() } });
        let (before, after) = (json!({ "top": before }), json!({ "top": after }));
        let (mut b, mut a) = (BTreeSet::new(), BTreeSet::new());
        tokens(&before, &mut b);
        tokens(&after, &mut a);
        let changes = diff(&schema, &before, &after);
        let details: Vec<_> = changes.iter().map(|change| detail(&schema, change)).collect();
        let differing: Vec<_> = details.iter().flat_map(|detail| detail.differing()).collect();
        prop_assert_eq!(changes.is_empty(), differing.is_empty());
        let told = json!(differing).to_string();
        for token in b.symmetric_difference(&a) {
            prop_assert!(told.contains(token), "{token} is not in {told}");
        }
        for width in [40, 60, 100, 300] {
            let view = View { width, details: false, times: true };
            let column = leaves::column(details.iter(), view);
            let lines: Vec<String> = details.iter().flat_map(|one| leaves::lines(one, None, false, column, view)).collect();
            let text = anstream::adapter::strip_str(&lines.join("")).to_string();
            let text: String = text.chars().filter(|c| !c.is_whitespace() && *c != '↵').collect();
            for token in b.symmetric_difference(&a) {
                prop_assert!(text.contains(token), "{token} is not shown at {width}: {}", lines.join("\n"));
            }
        }
        let mut same = vec![];
        kept(&before, &after, &Path::default(), &mut same);
        for path in same {
            prop_assert!(!differing.iter().any(|leaf| leaf.path == path), "{path} does not differ: {told}");
        }
    }
}
