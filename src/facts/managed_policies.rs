//! Managed policies of AWS that a role can have: all but those of service-linked roles. Source: `iam list-policies --scope
//! AWS`, as moto 5.2.5 keeps it (newest entry of 2026-09-30).

use super::Finding;
use crate::schema::suggest;
use std::collections::HashMap;
use std::sync::LazyLock;

const AS_OF: &str = "2026-09-30";

/// One a line, with its path: `service-role/AWSLambdaBasicExecutionRole`.
const POLICIES: &str = include_str!("managed_policies.txt");

/// Name to path and name.
static BY_NAME: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    POLICIES.lines().map(|line| (line.rsplit_once('/').map_or(line, |(_, name)| name), line)).collect()
});

pub(super) fn look(policy: &str, region: &str) -> Option<Finding> {
    let name = policy.rsplit_once('/').map_or(policy, |(_, name)| name);
    let partition = crate::cloud::naming::partition(region);
    let arn = |path: &str| format!("arn:{partition}:iam::aws:policy/{path}");
    let parts: Vec<&str> = policy.splitn(6, ':').collect();
    let owner = match parts.as_slice() {
        ["arn", _, "iam", "", owner, rest] if rest.starts_with("policy/") => *owner,
        _ => {
            let help = match BY_NAME.get(name) {
                Some(path) => format!("Write `{}`.", arn(path)),
                None => match suggest::closest(name, BY_NAME.keys().copied()) {
                    Some(meant) => format!("Did you mean `{}`?", arn(BY_NAME[meant])),
                    None => format!(
                        "Write its ARN: `arn:{partition}:iam::ACCOUNT:policy/NAME`, or `{}`.",
                        arn("NAME")
                    ),
                },
            };
            return Some(Finding::mistake(
                format!("`{policy}` is not the ARN of a policy"),
                "a name alone",
                help,
            ));
        }
    };
    // Of an account: nobody knows.
    if owner != "aws" {
        return None;
    }
    let path = policy.split_once(":policy/").map_or("", |(_, path)| path);
    if BY_NAME.get(name).is_some_and(|known| *known == path) {
        return None;
    }
    if path.starts_with("aws-service-role/") {
        return Some(Finding::mistake(
            format!("`{name}` is a policy of a service-linked role"),
            "AWS attaches it itself",
            "Take another: no role of ours can have it.".to_owned(),
        ));
    }
    let mut found = Finding::unknown("managed policy", path, &[], AS_OF);
    found.help = match BY_NAME
        .get(name)
        .copied()
        .or_else(|| suggest::closest(name, BY_NAME.keys().copied()).map(|meant| BY_NAME[meant]))
    {
        Some(path) => format!("Did you mean `{}`?", arn(path)),
        None => "Look its name up in the console of IAM.".to_owned(),
    };
    Some(found)
}
