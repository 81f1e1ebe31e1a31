//! Nothing is called that is not declared (every test that uses the harness sees to that), and nothing declared that is not
//! called.

use super::lives::{LIVES, route_elsewhere};
use crate::emulator::{ministack, moto};
use crate::requests::counted;
use crate::watched::CALLED;
use stackctl::permissions::Verb;
use stackctl::resource::registry;
use std::collections::BTreeSet;

/// Declared, needed on AWS, and called on no emulator: why.
const UNSEEN: &[(&str, &str, &str)] = &[
    (
        "db_instance",
        "rds:AddRoleToDBInstance",
        "MiniStack has no roles of databases; replayed in db_instance_roles.rs",
    ),
    ("db_instance", "rds:RemoveRoleFromDBInstance", "the same"),
    ("log_group", "logs:AssociateKmsKey", "MiniStack knows no keys of log groups"),
    ("log_group", "logs:DisassociateKmsKey", "the same"),
    ("security_group", "ec2:DeleteNetworkInterface", "no emulator leaves interfaces of Lambda behind"),
    ("subnet", "ec2:DeleteNetworkInterface", "the same"),
];

/// All that the kinds talk to.
const SERVICES: [&str; 12] = [
    "athena",
    "cloudwatch",
    "ec2",
    "glue",
    "iam",
    "lambda",
    "logs",
    "rds",
    "s3",
    "scheduler",
    "secretsmanager",
    "sqs",
];

#[tokio::test]
async fn every_declared_action_is_called_or_says_why_not() {
    let cloud = ministack();
    for (_, life) in LIVES {
        life(&cloud).await;
    }
    route_elsewhere(&moto()).await;
    // Nothing of what was sent would AWS refuse for its form: `requests` has looked at all of it.
    for service in SERVICES {
        assert!(counted(service) > 0, "no request of {service} was checked");
    }
    let called: BTreeSet<(&str, String)> =
        CALLED.lock().unwrap().iter().map(|(kind, _, action)| (*kind, action.clone())).collect();
    let mut idle = vec![];
    for kind in registry() {
        let actions = &kind.profile().actions;
        for permit in Verb::ALL.iter().flat_map(|verb| verb.of(actions)) {
            for action in permit.actions {
                let called = called.contains(&(kind.name(), (*action).to_owned()));
                if !called && permit.along.is_none() {
                    idle.push((kind.name(), *action));
                }
                // What AWS asks along the way may be called as well, by another verb.
            }
        }
    }
    idle.sort_unstable();
    idle.dedup();
    let mut unseen: Vec<_> = UNSEEN.iter().map(|(kind, action, _)| (*kind, *action)).collect();
    unseen.sort_unstable();
    assert_eq!(idle, unseen, "declared and called by nobody");
}

/// A policy has no place for what a kind does not say.
#[test]
fn every_kind_declares_what_its_verbs_need() {
    for kind in registry() {
        let actions = &kind.profile().actions;
        for verb in Verb::ALL {
            assert!(!verb.of(actions).is_empty(), "{} declares nothing for {verb:?}", kind.name());
            for permit in verb.of(actions) {
                assert!(!permit.actions.is_empty() && !permit.on.is_empty(), "{}: {permit:?}", kind.name());
            }
        }
    }
}

/// So that who may plan can change nothing.
#[test]
fn what_is_declared_for_reading_only_reads() {
    for kind in registry() {
        for action in kind.profile().actions.read.iter().flat_map(|permit| permit.actions) {
            let (_, operation) = action.split_once(':').unwrap();
            let reads = ["Describe", "Get", "List"].iter().any(|word| operation.starts_with(word));
            assert!(reads && *action != "secretsmanager:GetSecretValue", "{}: {action}", kind.name());
        }
    }
}
