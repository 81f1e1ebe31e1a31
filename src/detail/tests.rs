use super::{Detail, Turn, detail, widenings};
use crate::diff::diff;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

const ACCOUNT: &str = "111122223333";

fn schema(kind: &str) -> &'static Json {
    crate::resource::kind(kind).unwrap().inputs()
}

fn widens(kind: &str, before: Json, after: Json) -> Vec<String> {
    let all = widenings(schema(kind), &before, &after, ACCOUNT);
    all.into_iter().map(|one| format!("{}: {}", one.path, one.says)).collect()
}

fn role(statements: Json) -> Json {
    json!({ "assumed_by": "ec2.amazonaws.com", "policies": { "p": { "Statement": statements } } })
}

fn bucket(statements: Json) -> Json {
    json!({ "block_public_access": true, "tls_only": true, "policy": { "Statement": statements } })
}

fn allow(action: Json, resource: Json) -> Json {
    json!({ "Sid": "One", "Effect": "Allow", "Action": action, "Resource": resource })
}

fn with(mut statement: Json, field: &str, value: Json) -> Json {
    statement[field] = value;
    statement
}

#[test]
fn each_widening_is_said_in_words() {
    let read = || allow(json!("s3:GetObject"), json!("arn:aws:s3:::data/a/*"));
    let to = |who: Json| with(read(), "Principal", who);
    let deny = || json!({ "Sid": "No", "Effect": "Deny", "Action": ["s3:DeleteObject", "s3:PutObject"], "Resource": "*" });
    let vpc = json!({ "StringEquals": { "aws:SourceVpc": "vpc-1" } });
    let own = json!({ "AWS": "arn:aws:iam::111122223333:role/reader" });
    for (before, after, says) in [
        (
            role(json!([read()])),
            role(json!([allow(json!("*"), json!("*"))])),
            "may do anything on everything",
        ),
        (
            role(json!([read()])),
            role(json!([allow(json!("s3:*"), json!("arn:aws:s3:::data/a/*"))])),
            "may do anything with S3 on arn:aws:s3:::data/a/*",
        ),
        (
            role(json!([read()])),
            role(json!([allow(json!("s3:GetObject"), json!("*"))])),
            "may read everything (s3:GetObject)",
        ),
        (
            role(json!([read()])),
            role(json!([allow(json!("s3:Get*"), json!("arn:aws:s3:::data/a/*"))])),
            "may read arn:aws:s3:::data/a/* (s3:Get*)",
        ),
        (
            role(json!([read()])),
            role(json!([allow(json!("s3:GetObject"), json!("arn:aws:s3:::data/*"))])),
            "may read arn:aws:s3:::data/* (s3:GetObject)",
        ),
        (
            role(json!([read()])),
            role(json!([{ "Sid": "One", "Effect": "Allow", "NotAction": "iam:*", "Resource": "x" }])),
            "may do anything but iam:* on x",
        ),
        (
            role(json!([with(read(), "Condition", vpc.clone())])),
            role(json!([read()])),
            "no longer only where aws:sourcevpc is vpc-1 (StringEquals)",
        ),
        (
            role(json!([with(read(), "Condition", vpc.clone())])),
            role(json!([with(
                read(),
                "Condition",
                json!({ "StringEquals": { "aws:SourceVpc": ["vpc-1", "vpc-2"] } })
            )])),
            "now also where aws:sourcevpc is vpc-2 (StringEquals)",
        ),
        (
            role(json!([read(), deny()])),
            role(json!([read()])),
            "no longer denied: s3:DeleteObject and s3:PutObject on everything",
        ),
        (
            role(json!([read(), deny()])),
            role(json!([read(), with(deny(), "Action", json!("s3:PutObject"))])),
            "no longer denied: s3:DeleteObject on everything",
        ),
        (
            role(json!([read(), deny()])),
            role(json!([read(), with(deny(), "Condition", vpc.clone())])),
            "no longer denied",
        ),
        (
            bucket(json!([to(own.clone())])),
            bucket(json!([to(json!("*"))])),
            "anyone on the internet may read arn:aws:s3:::data/a/* (s3:GetObject)",
        ),
        (
            bucket(json!([to(own.clone())])),
            bucket(json!([to(json!({ "AWS": ["*"] }))])),
            "anyone on the internet may read",
        ),
        (
            bucket(json!([to(own.clone())])),
            bucket(json!([with(to(json!("*")), "Condition", vpc.clone())])),
            "anyone who meets its conditions may read",
        ),
        (
            bucket(json!([to(own.clone())])),
            bucket(json!([to(json!({ "AWS": "444455556666" }))])),
            "account 444455556666 may read",
        ),
        (
            bucket(json!([to(own.clone())])),
            bucket(json!([to(json!({ "AWS": "arn:aws:iam::444455556666:role/x" }))])),
            "arn:aws:iam::444455556666:role/x of another account may read",
        ),
        (
            bucket(json!([to(own.clone())])),
            bucket(json!([with(read(), "NotPrincipal", own.clone())])),
            "anyone but arn:aws:iam::111122223333:role/reader may read",
        ),
        (Json::Null, bucket(json!([to(json!("*"))])), "anyone on the internet may read"),
        (json!({ "tls_only": true }), json!({ "tls_only": false }), "requests without TLS are let through"),
        (
            json!({ "block_public_access": true }),
            json!({ "block_public_access": false }),
            "its objects may be made public",
        ),
    ] {
        let kind = if after.get("policies").is_some() { "iam_role" } else { "bucket" };
        let found = widens(kind, before.clone(), after.clone());
        assert!(found.iter().any(|one| one.contains(says)), "{before}\n{after}\n{says}\n{found:?}");
        assert!(widens(kind, after.clone(), after).is_empty());
    }
    let trust = |who: Json| json!({ "trust": { "Statement": [{ "Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole" }] } });
    for (who, says) in [
        (json!("*"), "anyone on the internet may take this role"),
        (json!({ "AWS": "444455556666" }), "account 444455556666 may take this role"),
        (
            json!({ "Federated": "accounts.example.com" }),
            "whom accounts.example.com vouches for may take this role",
        ),
    ] {
        let found = widens("iam_role", json!({ "assumed_by": "ec2.amazonaws.com" }), trust(who));
        assert!(found.iter().any(|one| one.contains(says)), "{says}: {found:?}");
    }
    let queue = |who: Json| json!({ "policy": { "Statement": [{ "Effect": "Allow", "Principal": who, "Action": "sqs:SendMessage", "Resource": "q" }] } });
    let found = widens("queue", queue(json!({ "Service": "s3.amazonaws.com" })), queue(json!("*")));
    assert_eq!(found, ["policy.Statement.0: anyone on the internet may write q (sqs:SendMessage)"]);
    let found = widens(
        "iam_role",
        json!({}),
        json!({ "managed_policies": ["arn:aws:iam::aws:policy/AdministratorAccess"] }),
    );
    assert_eq!(found, ["managed_policies: may do anything on everything"]);
    let china = json!({ "managed_policies": ["arn:aws-cn:iam::aws:policy/AdministratorAccess"] });
    assert_eq!(widens("iam_role", json!({}), china), found);
}

#[test]
fn rules_that_open_to_the_internet_are_said_in_words() {
    let rule =
        |port: u16, cidr: &str| json!({ "protocol": "tcp", "port": port, "cidr": cidr, "self": false });
    let group = |rules: Json| json!({ "ingress": rules, "egress": [] });
    let before = group(json!([rule(443, "0.0.0.0/0"), rule(22, "10.0.0.0/8")]));
    let found = widens(
        "security_group",
        before.clone(),
        group(json!([rule(22, "0.0.0.0/0"), rule(443, "0.0.0.0/0")])),
    );
    assert_eq!(found, ["ingress.0: anyone on the internet may reach tcp port 22 (0.0.0.0/0)"]);
    let v6 = json!({ "protocol": "-1", "cidr_ipv6": "::/0" });
    let found = widens("security_group", before.clone(), json!({ "ingress": [], "egress": [v6] }));
    assert_eq!(found, ["egress.0: may reach everything anywhere on the internet (::/0)"]);
    let all = json!({ "protocol": "-1", "cidr": "0.0.0.0/0" });
    assert!(widens("security_group", group(json!([all])), before).is_empty(), "narrower");
    let alone = |cidr: &str| json!({ "type": "ingress", "protocol": "tcp", "from_port": 8000, "to_port": 8080, "cidr": cidr });
    let found = widens("security_group_rule", alone("10.0.0.0/8"), alone("0.0.0.0/0"));
    assert_eq!(found, [": anyone on the internet may reach tcp ports 8000 to 8080 (0.0.0.0/0)"]);
}

#[test]
fn what_lets_nothing_more_through_is_no_widening() {
    let one = allow(json!(["s3:GetObject", "s3:PutObject"]), json!(["arn:aws:s3:::d/*", "arn:aws:s3:::e/*"]));
    let wide = allow(json!("s3:*"), json!("*"));
    let split = |action: &str| allow(json!(action), json!(["arn:aws:s3:::d/*", "arn:aws:s3:::e/*"]));
    for (before, after) in [
        (role(json!([wide.clone()])), role(json!([one.clone()]))),
        (role(json!([one.clone()])), role(json!([split("s3:GetObject"), split("s3:PutObject")]))),
        (role(json!([split("s3:GetObject"), split("s3:PutObject")])), role(json!([one.clone()]))),
        (
            role(json!([one.clone()])),
            role(json!([with(one.clone(), "Action", json!(["S3:putobject", "s3:GetObject"]))])),
        ),
        (
            role(json!([one.clone()])),
            role(json!([with(
                one.clone(),
                "Condition",
                json!({ "Bool": { "aws:SecureTransport": "true" } })
            )])),
        ),
        (
            role(json!([one.clone()])),
            role(json!([one.clone(), { "Effect": "Deny", "Action": "*", "Resource": "*" }])),
        ),
        (
            role(json!([wide.clone()])),
            json!({ "assumed_by": "ec2.amazonaws.com", "policies": { "q": { "Statement": [wide] } } }),
        ),
        (role(json!([one])), role(json!([]))),
    ] {
        assert_eq!(
            widens("iam_role", before.clone(), after.clone()),
            Vec::<String>::new(),
            "{before}\n{after}"
        );
    }
}

fn statement() -> impl Strategy<Value = Json> {
    let actions = prop::sample::subsequence(vec!["s3:GetObject", "s3:PutObject", "sqs:SendMessage"], 1..3);
    let resources =
        prop::sample::subsequence(vec!["arn:aws:s3:::a/*", "arn:aws:s3:::b", "arn:aws:sqs:::q"], 1..3);
    let who = prop::sample::subsequence(vec!["111122223333", "arn:aws:iam::111122223333:role/r"], 1..2);
    let condition = prop_oneof![
        Just(None),
        Just(Some(json!({ "StringEquals": { "aws:SourceVpc": "vpc-1" } }))),
        Just(Some(json!({ "StringNotEquals": { "aws:SourceIp": ["a", "b"] } }))),
    ];
    (actions, resources, who, condition, any::<bool>()).prop_map(|(action, resource, who, condition, sid)| {
        let mut one =
            json!({ "Effect": "Allow", "Principal": { "AWS": who }, "Action": action, "Resource": resource });
        if let Some(condition) = condition {
            one["Condition"] = condition;
        }
        if sid {
            one["Sid"] = json!("S");
        }
        one
    })
}

/// Makes a statement let more through, in one of the ways that are said in words.
fn widen(one: &mut Json, way: usize) {
    match way {
        0 => one["Action"] = json!("*"),
        1 => one["Action"].as_array_mut().unwrap().push(json!("kms:*")),
        2 => one["Resource"] = json!("*"),
        3 => one["Principal"] = json!("*"),
        4 => one["Principal"]["AWS"].as_array_mut().unwrap().push(json!("arn:aws:iam::444455556666:root")),
        5 => {
            let mut object = one.as_object().unwrap().clone();
            object.remove("Principal");
            object.insert("NotPrincipal".to_owned(), json!({ "AWS": "111122223333" }));
            *one = object.into();
        }
        _ => {
            let mut object = one.as_object().unwrap().clone();
            object.remove("Action");
            object.insert("NotAction".to_owned(), json!("iam:*"));
            *one = object.into();
        }
    }
}

proptest! {
    #[test]
    fn a_widening_never_goes_unsaid(all in prop::collection::vec(statement(), 1..4), at in any::<prop::sample::Index>(), way in 0usize..7, turn in any::<bool>()) {
        let before = all.clone();
        let mut after = all;
        let at = at.index(after.len());
        widen(&mut after[at], way);
        if turn {
            after.reverse();
        }
        let found = widens("bucket", bucket(json!(before)), bucket(json!(after)));
        prop_assert!(!found.is_empty(), "way {way}");
        prop_assert_eq!(widens("bucket", bucket(json!(after)), bucket(json!(after))), Vec::<String>::new());
    }

    #[test]
    fn a_deny_or_a_condition_that_goes_never_goes_unsaid(all in prop::collection::vec(statement(), 1..4), deny in statement()) {
        let mut denied = deny;
        denied["Effect"] = json!("Deny");
        let with_deny: Vec<Json> = all.iter().cloned().chain([denied]).collect();
        let found = widens("bucket", bucket(json!(with_deny)), bucket(json!(all)));
        prop_assert!(!found.is_empty());
        let bound = with(allow(json!("ec2:RunInstances"), json!("x")), "Condition", json!({ "Bool": { "aws:MultiFactorAuthPresent": "true" } }));
        let bound = with(bound, "Principal", json!({ "AWS": "111122223333" }));
        let mut free = bound.clone();
        free.as_object_mut().unwrap().remove("Condition");
        let before: Vec<Json> = all.iter().cloned().chain([bound]).collect();
        let after: Vec<Json> = [free].into_iter().chain(all.iter().cloned()).collect();
        prop_assert!(!widens("bucket", bucket(json!(before)), bucket(json!(after))).is_empty());
    }
}

fn told(kind: &str, before: Json, after: Json) -> Vec<String> {
    let details: Vec<Detail> =
        diff(schema(kind), &before, &after).iter().map(|one| detail(schema(kind), one)).collect();
    let leaves = details.iter().flat_map(Detail::differing);
    leaves
        .map(|leaf| match leaf.turn {
            Turn::Added => format!("+ {} {}", leaf.path, leaf.after),
            Turn::Removed => format!("- {} {}", leaf.path, leaf.before),
            _ => format!("~ {} {} → {}", leaf.path, leaf.before, leaf.after),
        })
        .collect()
}

#[test]
fn policies_differ_leaf_by_leaf() {
    let before = role(json!([
        { "Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*" },
        { "Sid": "Write", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::box/*",
          "Condition": { "StringEquals": { "aws:SourceVpc": "vpc-1" } } },
        { "Effect": "Deny", "Action": "iam:*", "Resource": "*" },
    ]));
    let after = role(json!([
        { "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "q" },
        { "Sid": "Write", "Effect": "Allow", "Resource": "arn:aws:s3:::box/*", "Action": ["s3:PutObject", "s3:DeleteObject"] },
        { "Resource": ["*"], "Action": ["s3:listbucket", "s3:GetObject"], "Sid": "Read", "Effect": "Allow" },
    ]));
    assert_eq!(
        told("iam_role", before, after),
        [
            r#"+ policies.p.Statement.0 {"Effect":"Allow","Action":"sqs:SendMessage","Resource":"q"}"#,
            r#"+ policies.p.Statement[Write].Action "s3:DeleteObject""#,
            r#"- policies.p.Statement[Write].Condition {"StringEquals":{"aws:SourceVpc":"vpc-1"}}"#,
            r#"- policies.p.Statement.2 {"Effect":"Deny","Action":"iam:*","Resource":"*"}"#,
        ]
    );
}

#[test]
fn an_unchanged_rule_is_not_told_and_a_changed_one_only_where_it_changed() {
    let before = json!({ "ingress": [
        { "protocol": "tcp", "port": 443, "cidr": "0.0.0.0/0", "self": false },
        { "protocol": "tcp", "port": 80, "cidr": "10.1.0.0/16", "self": false },
    ]});
    let after = json!({ "ingress": [
        { "port": 22, "cidr": "10.1.0.0/16", "protocol": "tcp", "self": false },
        { "port": 443, "cidr": "0.0.0.0/0", "protocol": "tcp", "self": false },
    ]});
    assert_eq!(told("security_group", before, after), ["~ ingress.0.port 80 → 22"]);
}
