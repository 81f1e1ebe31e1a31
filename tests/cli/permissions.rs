//! `stackctl permissions`, which asks nobody.

use crate::invocation::Test;
use serde_json::Value as Json;

const STACK: &str = r#"[stack]
name = "demo"
region = "eu-west-1"
state = "s3://states/demo.json"

[queue.jobs]

[vpc.main]
cidr_block = "10.0.0.0/16"

[iam_role.worker]
assumed_by = "lambda.amazonaws.com"

[bucket.files]

[targets.local]
"#;

fn policy(args: &[&str]) -> Json {
    let all: Vec<&str> = ["permissions", "--json"].into_iter().chain(args.iter().copied()).collect();
    let told = Test::new().stack(STACK).arguments(&all).success();
    serde_json::from_str(&told.stdout).unwrap()
}

fn actions(policy: &Json) -> Vec<String> {
    let statements = policy["Statement"].as_array().unwrap();
    let actions = statements.iter().flat_map(|statement| statement["Action"].as_array().unwrap());
    actions.map(|action| action.as_str().unwrap().to_owned()).collect()
}

fn of(policy: &Json, action: &str) -> Json {
    let statements = policy["Statement"].as_array().unwrap();
    let has = |statement: &&Json| statement["Action"].as_array().unwrap().iter().any(|own| own == action);
    statements.iter().find(has).cloned().unwrap_or_default()
}

#[test]
fn names_stand_in_the_arns_and_ids_are_patterns_with_a_condition() {
    let policy = policy(&["--account", "123456789012"]);
    assert_eq!(of(&policy, "sqs:CreateQueue")["Resource"][0], "arn:aws:sqs:eu-west-1:123456789012:demo-jobs");
    let vpc = of(&policy, "ec2:DeleteVpc");
    assert_eq!(vpc["Resource"][0], "arn:aws:ec2:eu-west-1:123456789012:vpc/*");
    assert_eq!(vpc["Condition"]["StringEquals"]["aws:ResourceTag/stackctl:stack"], "demo");
    assert_eq!(of(&policy, "iam:CreateRole")["Resource"][0], "arn:aws:iam::123456789012:role/demo-worker");
    assert_eq!(of(&policy, "s3:GetObject")["Resource"][0], "arn:aws:s3:::states/demo.json*");
}

#[test]
fn without_an_account_its_place_and_what_is_made_of_it_are_open() {
    let policy = policy(&[]);
    assert_eq!(of(&policy, "sqs:CreateQueue")["Resource"][0], "arn:aws:sqs:eu-west-1:*:demo-jobs");
    assert_eq!(of(&policy, "s3:CreateBucket")["Resource"][0], "arn:aws:s3:::demo-files-????????");
}

#[test]
fn each_purpose_has_its_own() {
    let all = policy(&["--for", "all"]);
    let [plan, apply, destroy] = ["plan", "apply", "destroy"].map(|purpose| actions(&all[purpose]));
    assert!(
        !plan.contains(&"sqs:CreateQueue".to_owned()) && !destroy.contains(&"sqs:CreateQueue".to_owned())
    );
    assert!(destroy.contains(&"sqs:DeleteQueue".to_owned()) && !plan.contains(&"sqs:DeleteQueue".to_owned()));
    for part in [&plan, &destroy] {
        assert!(part.iter().all(|action| apply.contains(action)), "an apply needs all of {part:?}");
    }
}

#[test]
fn files_are_as_long_as_a_managed_policy_may_be() {
    let test = Test::new().stack(STACK).arguments(&["permissions", "--for", "all", "--out", "policies"]);
    test.success();
    let folder = std::fs::read_dir(test.path("policies")).unwrap();
    let files: Vec<_> = folder.map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        let policy: Json = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        assert!(policy.to_string().len() <= 6_144, "{}", file.display());
    }
}

#[test]
fn people_read_who_needs_what_and_when() {
    let told = Test::new().stack(STACK).arguments(&["permissions", "--for", "destroy"]).success().stdout;
    assert!(told.contains("To destroy demo") && told.contains("for vpc.main"), "{told}");
    assert!(told.contains("it carries stackctl:stack = demo"), "{told}");
}
