//! Needs as IAM reads them.

use super::need::Need;
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

/// Characters of a managed policy, white space not counted:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
pub const LIMIT: usize = 6_144;

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    pub sid: String,
    pub effect: &'static str,
    pub action: Vec<String>,
    pub resource: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<Json>,
}

/// A policy that fits into one managed policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Document {
    pub version: &'static str,
    pub statement: Vec<Statement>,
}

impl Document {
    pub fn of(statement: Vec<Statement>) -> Self {
        Self { version: "2012-10-17", statement }
    }
}

/// Actions that are needed on the same resources under the same condition, together: nothing is allowed that is not needed.
pub fn statements(needs: &[Need]) -> Vec<Statement> {
    // Conditions are JSON objects with sorted keys: their text tells them apart.
    let key = |condition: &Option<Json>| condition.as_ref().map(Json::to_string).unwrap_or_default();
    let mut conditions: BTreeMap<String, Option<Json>> = BTreeMap::new();
    let mut resources: BTreeMap<(&str, String), BTreeSet<&str>> = BTreeMap::new();
    for need in needs {
        let condition = key(&need.condition);
        conditions.insert(condition.clone(), need.condition.clone());
        resources.entry((need.action, condition)).or_default().insert(&need.resource);
    }
    let mut together: BTreeMap<(&str, String, Vec<&str>), Vec<&str>> = BTreeMap::new();
    for ((action, condition), resources) in resources {
        let service = action.split(':').next().unwrap_or_default();
        let resources = without_covered(&resources);
        together.entry((service, condition, resources)).or_default().push(action);
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let made = together.into_iter().map(|((service, condition, resources), actions)| {
        let count = counts.entry(service).or_default();
        *count += 1;
        Statement {
            sid: format!("{}No{count}", sid(service)),
            effect: "Allow",
            action: actions.into_iter().map(str::to_owned).collect(),
            resource: resources.into_iter().map(str::to_owned).collect(),
            condition: conditions[&condition].clone(),
        }
    });
    made.collect()
}

/// `*` covers whatever stands beside it.
fn without_covered<'a>(resources: &BTreeSet<&'a str>) -> Vec<&'a str> {
    if resources.contains("*") { vec!["*"] } else { resources.iter().copied().collect() }
}

/// The statements in as few policies as they fit into, in their order.
pub fn documents(statements: Vec<Statement>) -> Vec<Document> {
    let mut documents: Vec<Document> = vec![];
    for statement in statements {
        match documents.last_mut() {
            Some(last) if size(&last.statement) + size(std::slice::from_ref(&statement)) <= LIMIT => {
                last.statement.push(statement);
            }
            _ => documents.push(Document::of(vec![statement])),
        }
    }
    documents
}

/// Letters and digits only.
fn sid(service: &str) -> String {
    let mut letters = service.chars().filter(char::is_ascii_alphanumeric);
    letters.next().into_iter().map(|first| first.to_ascii_uppercase()).chain(letters).collect()
}

/// Characters, with those of an empty policy.
fn size(statements: &[Statement]) -> usize {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string().len()
}

#[cfg(test)]
mod tests {
    use super::super::{By, Verb};
    use super::*;
    use proptest::prelude::*;

    const ACTIONS: [&str; 5] =
        ["sqs:CreateQueue", "sqs:TagQueue", "s3:PutObject", "ec2:CreateVpc", "ec2:CreateTags"];

    fn need(action: usize, resource: u8, condition: Option<u8>) -> Need {
        Need {
            action: ACTIONS[action % ACTIONS.len()],
            resource: if resource == 0 {
                "*".to_owned()
            } else {
                format!("arn:aws:x:::{}{resource}", "y".repeat(400))
            },
            condition: condition.map(|value| json!({"StringEquals": {"key": value.to_string()}})),
            by: By { address: None, verb: Verb::Read, along: None },
        }
    }

    fn allows(statements: &[Statement], action: &str, resource: &str, condition: Option<&Json>) -> bool {
        statements.iter().any(|statement| {
            statement.action.iter().any(|own| own == action)
                && statement.resource.iter().any(|own| own == resource || own == "*")
                && statement.condition.as_ref() == condition
        })
    }

    proptest! {
        /// Everything that is needed is allowed, nothing that is not, each policy is as long as one may be, and every `Sid`
        /// is another.
        #[test]
        fn a_policy_allows_what_is_needed_and_nothing_else(
            given in proptest::collection::vec((0usize..5, 0u8..12, proptest::option::of(0u8..3)), 0..60),
        ) {
            let needs: Vec<Need> = given.into_iter().map(|(a, r, c)| need(a, r, c)).collect();
            let all = statements(&needs);
            for need in &needs {
                prop_assert!(allows(&all, need.action, &need.resource, need.condition.as_ref()), "{need:?}");
            }
            for statement in &all {
                for (action, resource) in statement.action.iter().flat_map(|a| statement.resource.iter().map(move |r| (a, r))) {
                    let asked = needs.iter().any(|need| {
                        need.action == action && need.resource == *resource && need.condition == statement.condition
                    });
                    prop_assert!(asked, "{action} on {resource}");
                }
            }
            let sids: BTreeSet<&String> = all.iter().map(|statement| &statement.sid).collect();
            prop_assert_eq!(sids.len(), all.len());
            let parts = documents(all.clone());
            let joined: Vec<Statement> = parts.iter().flat_map(|part| part.statement.clone()).collect();
            prop_assert_eq!(joined, all);
            for part in parts.iter().filter(|part| part.statement.len() > 1) {
                prop_assert!(json!(part).to_string().len() <= LIMIT);
            }
        }
    }
}
