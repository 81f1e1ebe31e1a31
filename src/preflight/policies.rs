use super::{Check, Finding, Verdict};
use crate::cloud::{Cloud, aws};
use crate::desired::Desired;
use crate::error::Result;
use crate::permissions::{Purpose, Statement, needs, statements};
use crate::state::Document;
use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, PolicyEvaluationDecisionType as Decision};
use futures::stream::{self, StreamExt};
use std::collections::BTreeSet;

/// Simulations at once: IAM allows few.
const AT_ONCE: usize = 4;

/// What an apply needs and this identity may not do, as IAM itself judges; nothing is called.
pub(super) async fn policies(cloud: &Cloud, desired: &Desired, state: Option<&Document>) -> Vec<Finding> {
    let Some(principal) = cloud.identity.as_deref().and_then(principal) else {
        let message = "these credentials are of nobody whose policies IAM could judge";
        let remedy = "Use a user or a role; the root of an account may do everything.";
        return vec![Finding::new(Verdict::NotChecked, Check::Permissions, message, remedy)];
    };
    let statements = statements(&needs(desired, Some(&cloud.account), state, Purpose::Apply));
    let asked = statements.iter().map(|statement| denied(cloud, &principal, statement));
    let answers: Vec<Result<Vec<String>>> = stream::iter(asked).buffer_unordered(AT_ONCE).collect().await;
    let mut denials = BTreeSet::new();
    for answer in answers {
        match answer {
            Ok(denied) => denials.extend(denied),
            Err(error) => return vec![Finding::unasked(Check::Permissions, &error)],
        }
    }
    if denials.is_empty() {
        return vec![];
    }
    let actions: Vec<&str> = denials.iter().map(String::as_str).collect();
    let message = format!("{principal} may not do what an apply needs: {}", actions.join(", "));
    let remedy = "`stackctl permissions` prints the policy that is missing.";
    vec![Finding::new(Verdict::Wrong, Check::Permissions, message, remedy)]
}

async fn denied(cloud: &Cloud, principal: &str, statement: &Statement) -> Result<Vec<String>> {
    let resources: Vec<String> = statement.resource.iter().filter(|arn| *arn != "*").cloned().collect();
    let call = cloud
        .iam()
        .simulate_principal_policy()
        .policy_source_arn(principal)
        .set_action_names(Some(statement.action.clone()))
        .set_resource_arns((!resources.is_empty()).then_some(resources))
        .set_context_entries(Some(context(statement)));
    let results: std::result::Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let results = results.map_err(aws("iam:SimulatePrincipalPolicy"))?;
    let denied = results.into_iter().filter(|result| result.eval_decision != Decision::Allowed);
    Ok(denied.map(|result| result.eval_action_name).collect())
}

/// What the request will be like, as far as the statement asks.
fn context(statement: &Statement) -> Vec<ContextEntry> {
    let asked = statement.condition.as_ref().and_then(|condition| condition["StringEquals"].as_object());
    let entry = |(key, value): (&String, &serde_json::Value)| {
        let value = value.as_str().or_else(|| value.as_array()?.first()?.as_str()).unwrap_or_default();
        let entry =
            ContextEntry::builder().context_key_name(key).context_key_type(ContextKeyTypeEnum::String);
        entry.context_key_values(value).build()
    };
    asked.into_iter().flatten().map(entry).collect()
}

/// Whose policies count: of an assumed role those of the role, whose path its session does not tell.
fn principal(identity: &str) -> Option<String> {
    let parts: Vec<&str> = identity.splitn(6, ':').collect();
    let [arn, partition, _, _, account, resource] = parts.as_slice() else { return None };
    let named: Vec<&str> = resource.split('/').collect();
    match named.as_slice() {
        ["user", ..] => Some(identity.to_owned()),
        ["assumed-role", role, _] => Some(format!("{arn}:{partition}:iam::{account}:role/{role}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_judged_by_its_role_and_root_by_nobody() {
        let session = "arn:aws:sts::123456789012:assumed-role/Deploy/ada";
        assert_eq!(principal(session).as_deref(), Some("arn:aws:iam::123456789012:role/Deploy"));
        let user = "arn:aws:iam::123456789012:user/ops/ada";
        assert_eq!(principal(user).as_deref(), Some(user));
        assert_eq!(principal("arn:aws:iam::123456789012:root"), None);
    }
}
