//! Every kind in Terraform's words.

use super::kinds::{self, Mapping};
use super::piece::{Given, Piece};
use super::show;
use crate::address::Address;
use crate::plan::{Action, OutputChange, Plan, Reason, Step, sample};
use crate::resource::{Id, registry};
use crate::schema::{is, properties};
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

fn pieces(mapping: &Mapping, inputs: &Json) -> Vec<Piece> {
    (mapping.pieces)(&Given { inputs, account: "111122223333", region: "eu-west-1" })
}

/// A value of that schema; two numbers, two values wherever that may be.
fn sample(schema: &Json, n: usize) -> Json {
    if is(schema, "x-policy") {
        return json!({ "Statement": [{ "Effect": "Allow", "Principal": "*", "Action": format!("s3:Get{n}"), "Resource": "*" }] });
    }
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<&Json> = words.iter().filter(|word| !word.is_null()).collect();
        return words[n % words.len()].clone();
    }
    if let Some(all) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        let all: Vec<Json> = all
            .iter()
            .filter(|one| one["type"] != "null")
            .map(|one| one.get("const").cloned().unwrap_or_else(|| sample(one, n)))
            .collect();
        return all[n % all.len()].clone();
    }
    let sort = match &schema["type"] {
        Json::Array(sorts) => sorts.iter().find(|sort| *sort != "null").cloned().unwrap_or(Json::Null),
        other => other.clone(),
    };
    match sort.as_str() {
        Some("boolean") => json!(n.is_multiple_of(2)),
        Some("integer") => json!(schema["minimum"].as_i64().unwrap_or(1).max(1) + n as i64),
        Some("number") => json!(n),
        Some("array") => json!([sample(&schema["items"], n)]),
        Some("object") => match properties(schema) {
            Some(all) => all
                .iter()
                .map(|(name, schema)| (name.clone(), sample(schema, n)))
                .collect::<Map<_, _>>()
                .into(),
            None => json!({ "key": sample(&schema["additionalProperties"], n) }),
        },
        _ => json!(format!("value-{n}")),
    }
}

/// An attribute that is forgotten is found here: whatever changes of a kind changes something for Terraform too.
#[test]
fn every_attribute_of_every_kind_says_something_to_terraform() {
    let mut silent: Vec<String> = vec![];
    for kind in registry() {
        let mapping = kinds::of(kind.name()).unwrap_or_else(|| panic!("{} has no mapping", kind.name()));
        let all = properties(kind.inputs()).unwrap();
        let whole: Map<String, Json> =
            all.iter().map(|(name, schema)| (name.clone(), sample(schema, 0))).collect();
        for left in mapping.left {
            assert!(all.contains_key(*left), "{} has no {left}", kind.name());
        }
        for (name, schema) in all.iter().filter(|(name, _)| !mapping.left.contains(&name.as_str())) {
            // Some stand in the place of others: they count where these are not.
            let alone: Map<String, Json> = whole
                .iter()
                .filter(|(other, _)| !["port", "assumed_by"].contains(&other.as_str()) || *other == name)
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect();
            let seen = |value: Json| {
                let mut inputs = Json::Object(alone.clone());
                inputs[name] = value;
                pieces(&mapping, &inputs)
            };
            let (one, other, none) = (seen(sample(schema, 0)), seen(sample(schema, 1)), seen(Json::Null));
            // What can have one value alone, and a password, can only be there or not.
            let single = name == "password_secret" || sample(schema, 0) == sample(schema, 1);
            if if single { one == none } else { one == other } {
                silent.push(format!("{}.{name}", kind.name()));
            }
        }
        let first = &pieces(&mapping, &Json::Object(whole))[0];
        assert!(first.sort == mapping.sort || kind.name() == "security_group_rule", "{}", first.sort);
    }
    assert_eq!(silent, Vec::<String>::new(), "these say nothing");
}

fn step(kind: &str, name: &str, action: Action, inputs: Json) -> Step {
    Step {
        reason: Reason::New,
        id: (action != Action::Create).then(|| Id(format!("id-{name}"))),
        inputs,
        ..sample::step(Address::new(kind, name), action)
    }
}

fn plan(steps: Vec<Step>) -> Plan {
    Plan {
        outputs: vec![OutputChange {
            name: "login".to_owned(),
            before: Json::Null,
            after: json!("$digest:abc"),
            sensitive: true,
        }],
        ..sample::plan(steps)
    }
}

fn shown(steps: Vec<Step>) -> Json {
    show(&plan(steps), &BTreeMap::new())
}

#[test]
fn a_bucket_is_several_resources_that_name_it() {
    let inputs = json!({ "name": "holiday", "versioning": true, "encryption": "AES256", "block_public_access": false, "tls_only": true,
        "ownership": "BucketOwnerEnforced", "policy": { "Statement": [{ "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": { "$unknown": "bucket.site.arn" } }] } });
    let told = shown(vec![step("bucket", "site", Action::Create, inputs)]);
    let planned = told["planned_values"]["root_module"]["resources"].as_array().unwrap();
    let of =
        |sort: &str| planned.iter().find(|one| one["type"] == sort).unwrap_or_else(|| panic!("no {sort}"));
    assert_eq!(of("aws_s3_bucket")["values"], json!({ "bucket": "holiday" }));
    assert_eq!(
        of("aws_s3_bucket_versioning")["values"]["versioning_configuration"],
        json!([{ "status": "Enabled" }])
    );
    assert_eq!(of("aws_s3_bucket_public_access_block")["values"]["block_public_policy"], false);
    let policy: Json =
        serde_json::from_str(of("aws_s3_bucket_policy")["values"]["policy"].as_str().unwrap()).unwrap();
    assert_eq!(policy["Statement"][0]["Resource"], "${bucket.site.arn}");
    assert_eq!(policy["Statement"][1]["Sid"], "StackctlTlsOnly");
    let blocks = told["configuration"]["root_module"]["resources"].as_array().unwrap();
    let block = blocks.iter().find(|one| one["type"] == "aws_s3_bucket_public_access_block").unwrap();
    assert_eq!(
        block["expressions"]["bucket"]["references"],
        json!(["aws_s3_bucket.site.id", "aws_s3_bucket.site"])
    );
}

#[test]
fn unknown_values_and_references_are_told_as_terraform_does() {
    let mut subnet = step(
        "subnet",
        "a",
        Action::Create,
        json!({ "vpc_id": { "$unknown": "vpc.main.id" }, "cidr_block": "10.0.1.0/24" }),
    );
    subnet.address.key = Some("x".to_owned());
    let mut other =
        step("subnet", "b", Action::Noop, json!({ "vpc_id": "id-main", "cidr_block": "10.0.2.0/24" }));
    other.depends_on = vec![Address::new("vpc", "main")];
    let told =
        shown(vec![step("vpc", "main", Action::Noop, json!({ "cidr_block": "10.0.0.0/16" })), subnet, other]);
    let change = told["resource_changes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["address"] == "aws_subnet.a[\"x\"]")
        .unwrap();
    assert_eq!(change["change"]["actions"], json!(["create"]));
    assert_eq!(change["change"]["after"], json!({ "cidr_block": "10.0.1.0/24" }));
    assert_eq!(change["change"]["after_unknown"], json!({ "vpc_id": true, "id": true }));
    let blocks = told["configuration"]["root_module"]["resources"].as_array().unwrap();
    for name in ["aws_subnet.a", "aws_subnet.b"] {
        let block = blocks.iter().find(|one| one["address"] == name).unwrap();
        assert_eq!(
            block["expressions"]["vpc_id"]["references"],
            json!(["aws_vpc.main.id", "aws_vpc.main"]),
            "{name}"
        );
    }
}

proptest! {
    /// Wherever a secret is put, and whatever holds its digest.
    #[test]
    fn no_secret_is_ever_in_it(kind in 0..registry().len(), n in 0usize..4, action in prop::sample::select(vec![Action::Create, Action::Update, Action::Noop])) {
        let kind = registry()[kind];
        fn sealed(schema: &Json, value: &Json, n: usize) -> Json {
            match value {
                _ if is(schema, "x-sensitive") => json!(format!("hunter{n}")),
                Json::String(_) if n.is_multiple_of(2) => json!(format!("$digest:hunter{n}")),
                Json::Object(map) => map.iter().map(|(key, value)| (key.clone(), sealed(crate::schema::tree::child(schema, key).unwrap_or(&Json::Null), value, n))).collect::<Map<_, _>>().into(),
                Json::Array(items) => items.iter().map(|item| sealed(&schema["items"], item, n)).collect(),
                other => other.clone(),
            }
        }
        let inputs = sealed(kind.inputs(), &sample(kind.inputs(), n), n);
        let told = shown(vec![step(kind.name(), "one", action, inputs)]).to_string();
        prop_assert!(!told.contains("hunter") && !told.contains("$digest"), "{told}");
    }
}
