//! Whatever opens something to the public is said as a widening, by every kind. A machine looks for attributes that may do so:
//! one that is new is in the table below, or says why not.

use super::widenings;
use crate::resource::registry;
use crate::schema::properties;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

const ACCOUNT: &str = "111122223333";

/// One attribute of a kind, closed and open, and some of the words that say so.
struct Row {
    kind: &'static str,
    attribute: &'static str,
    closed: Json,
    open: Json,
    says: &'static str,
}

fn table() -> Vec<Row> {
    let row = |kind, attribute, closed, open, says| Row { kind, attribute, closed, open, says };
    let statement = |who: Json, action: &str, resource: &str| {
        json!({ "Version": "2012-10-17", "Statement": [
            { "Sid": "Who", "Effect": "Allow", "Principal": who, "Action": action, "Resource": resource } ] })
    };
    let policy = |kind, action: &str, resource: &str| {
        let own = json!({ "AWS": "arn:aws:iam::111122223333:role/web" });
        let [closed, open] = [own, json!("*")].map(|who| statement(who, action, resource));
        row(kind, "policy", closed, open, "anyone on the internet may")
    };
    let rule = |cidr: &str| json!([{ "protocol": "tcp", "port": 22, "cidr": cidr }]);
    let trust = |who: Json| json!({ "Statement": [{ "Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole" }] });
    let role = |action: &str| json!({ "p": { "Statement": [{ "Effect": "Allow", "Action": action, "Resource": "*" }] } });
    vec![
        row("bucket", "block_public_access", json!(true), json!(false), "its objects may be made public"),
        row("bucket", "tls_only", json!(true), json!(false), "requests without TLS are let through"),
        row("bucket", "ownership", json!("BucketOwnerEnforced"), json!("ObjectWriter"), "ACLs count again"),
        row(
            "bucket",
            "ownership",
            json!("BucketOwnerEnforced"),
            json!("BucketOwnerPreferred"),
            "ACLs count again",
        ),
        policy("bucket", "s3:GetObject", "arn:aws:s3:::site/*"),
        policy("queue", "sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:jobs"),
        policy("vpc_endpoint", "s3:GetObject", "arn:aws:s3:::site/*"),
        row(
            "db_instance",
            "publicly_accessible",
            json!(false),
            json!(true),
            "an address that the internet can reach",
        ),
        row(
            "subnet",
            "map_public_ip_on_launch",
            json!(false),
            json!(true),
            "addresses that the internet can reach",
        ),
        row(
            "security_group",
            "ingress",
            rule("10.0.0.0/8"),
            rule("0.0.0.0/0"),
            "anyone on the internet may reach tcp port 22",
        ),
        row(
            "security_group",
            "egress",
            rule("10.0.0.0/8"),
            rule("0.0.0.0/0"),
            "may reach tcp port 22 anywhere on the internet",
        ),
        row(
            "security_group_rule",
            "cidr",
            json!("10.0.0.0/8"),
            json!("0.0.0.0/0"),
            "anyone on the internet may reach tcp port 22",
        ),
        row(
            "security_group_rule",
            "cidr_ipv6",
            json!("fd00::/8"),
            json!("::/0"),
            "anyone on the internet may reach tcp port 22",
        ),
        row(
            "route_table",
            "routes",
            json!([{ "destination": "0.0.0.0/0", "nat_gateway_id": "nat-1" }]),
            json!([{ "destination": "0.0.0.0/0", "gateway_id": "igw-1" }]),
            "reached from the internet",
        ),
        row(
            "iam_role",
            "trust",
            trust(json!({ "Service": "ec2.amazonaws.com" })),
            trust(json!("*")),
            "anyone",
        ),
        row("iam_role", "policies", role("s3:GetObject"), role("*"), "may do anything"),
        row(
            "iam_role",
            "managed_policies",
            json!([]),
            json!(["arn:aws:iam::aws:policy/AdministratorAccess"]),
            "may do anything",
        ),
        row(
            "iam_role",
            "permissions_boundary",
            json!("arn:aws:iam::111122223333:policy/b"),
            Json::Null,
            "nothing bounds",
        ),
    ]
}

/// Attributes that sound so and open nothing to anybody.
const CLOSED: &[(&str, &str)] = &[
    ("alarm.unit", "`None` is a unit of numbers"),
    (
        "iam_role.assumed_by",
        "a service of AWS and nobody else; what it becomes together with `trust` is in the table",
    ),
    ("subnet.cidr_block", "the addresses that it has, not who may reach them"),
    ("vpc.cidr_block", "the addresses that it has, not who may reach them"),
];

/// The whole inputs of an object with that value; the rest of a rule, where it is one.
fn inputs(row: &Row, value: &Json) -> Json {
    let mut inputs = match row.kind {
        "security_group_rule" => json!({ "type": "ingress", "protocol": "tcp", "port": 22 }),
        _ => json!({}),
    };
    inputs[row.attribute] = value.clone();
    inputs
}

fn said(row: &Row, before: &Json, after: &Json) -> Vec<String> {
    let kind = crate::resource::kind(row.kind).unwrap();
    widenings(kind.inputs(), before, after, ACCOUNT).into_iter().map(|one| one.says).collect()
}

#[test]
fn what_opens_to_the_public_is_said_and_what_closes_is_not() {
    for row in table() {
        let name = format!("{}.{}", row.kind, row.attribute);
        let (closed, open) = (inputs(&row, &row.closed), inputs(&row, &row.open));
        let opens = said(&row, &closed, &open);
        assert!(opens.iter().any(|says| says.contains(row.says)), "{name}: {opens:?}");
        if !row.open.is_null() {
            let made = said(&row, &Json::Null, &open);
            assert!(made.iter().any(|says| says.contains(row.says)), "a new {name}: {made:?}");
        }
        assert_eq!(said(&row, &open, &closed), Vec::<String>::new(), "{name} closes");
        assert_eq!(said(&row, &open, &open), Vec::<String>::new(), "{name} stays");
    }
}

/// Words by which an attribute that opens something would be called, or described.
const WORDS: &[&str] = &[
    "public",
    "internet",
    "anonymous",
    "anyone",
    "everyone",
    "unauthenticated",
    "website",
    "cors",
    "function_url",
    "acl",
];

/// Whether an attribute of that schema may open something: by what it is called or said to be, by what it may hold, or by what
/// the schema says of it.
fn may_open(name: &str, schema: &Json) -> bool {
    let text = schema.to_string().to_lowercase();
    let keyword = ["x-widens", "x-traffic", "x-policy", "x-trust"]
        .iter()
        .any(|word| text.contains(&format!("\"{word}\":")));
    let called = WORDS.iter().any(|word| name.contains(word));
    let described = schema["type"] == "boolean" && {
        let words = schema["description"].as_str().unwrap_or_default().to_lowercase();
        WORDS.iter().any(|word| words.contains(word))
    };
    let holds = schema["enum"].as_array().into_iter().flatten().filter_map(Json::as_str).any(|value| {
        let value = value.to_lowercase();
        ["public", "anonymous", "none", "objectwriter"].iter().any(|word| value.contains(word))
    });
    let network = name.contains("cidr") || text.contains("\"cidr") || text.contains("\"destination\":");
    keyword || called || described || holds || network
}

#[test]
fn every_attribute_that_may_open_something_is_in_the_table() {
    let table: BTreeSet<String> =
        table().iter().map(|row| format!("{}.{}", row.kind, row.attribute)).collect();
    let closed: BTreeSet<String> = CLOSED.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut found = BTreeSet::new();
    for kind in registry() {
        for (name, schema) in properties(kind.inputs()).into_iter().flatten() {
            if may_open(name, schema) {
                found.insert(format!("{}.{name}", kind.name()));
            }
        }
    }
    let known: BTreeSet<String> = table.union(&closed).cloned().collect();
    let missing: Vec<&String> = found.difference(&known).collect();
    assert!(
        missing.is_empty(),
        "may open something, and is neither tested nor said to be closed: {missing:?}"
    );
    let stale: Vec<&String> = closed.difference(&found).collect();
    assert!(stale.is_empty(), "is no attribute that sounds so: {stale:?}");
    // The search is no formality.
    assert!(may_open("publicly_accessible", &json!({ "type": "boolean" })));
    assert!(may_open("auth", &json!({ "enum": ["AWS_IAM", "NONE"] })));
    assert!(!may_open("multi_az", &json!({ "type": "boolean", "description": "Keeps a standby." })));
}
