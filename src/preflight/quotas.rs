use super::{Check, Finding, Verdict};
use crate::cloud::{Cloud, aws};
use crate::config::Resolved;
use crate::desired::Desired;
use crate::state::Document;
use serde_json::Value as Json;

/// What Lambda must keep free for functions without concurrency of their own:
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html>
const KEPT_FREE: i64 = 100;

/// What the services themselves say of their limits; Service Quotas is not asked.
pub(super) async fn quotas(cloud: &Cloud, desired: &Desired, state: Option<&Document>) -> Vec<Finding> {
    let new = |kind: &str| {
        let there = |address| state.is_some_and(|state| state.resources.contains_key(address));
        desired.order().filter(|address| address.kind == kind && !there(*address)).count()
    };
    let (databases, reserved) =
        futures::join!(databases(cloud, new("db_instance")), concurrency(cloud, desired));
    let mut findings: Vec<Finding> = [databases, reserved].into_iter().flatten().collect();
    let unasked = ["vpc", "vpc_endpoint", "bucket", "iam_role", "security_group"];
    let unasked: Vec<&str> = unasked.into_iter().filter(|kind| new(kind) > 0).collect();
    if !unasked.is_empty() {
        let message = format!("how many more of {} the account may have", unasked.join(", "));
        let remedy = "Service Quotas says so in the console; 5 VPCs in a region are the default.";
        findings.push(Finding::new(Verdict::NotChecked, Check::Quotas, message, remedy));
    }
    findings
}

async fn databases(cloud: &Cloud, new: usize) -> Option<Finding> {
    if new == 0 {
        return None;
    }
    let asked = cloud.rds().describe_account_attributes().send().await;
    let found = match asked.map_err(aws("rds:DescribeAccountAttributes")) {
        Ok(found) => found,
        Err(error) => return Some(Finding::unasked(Check::Quotas, &error)),
    };
    let quota =
        found.account_quotas().iter().find(|quota| quota.account_quota_name() == Some("DBInstances"))?;
    let (used, most) = (quota.used.unwrap_or_default(), quota.max.unwrap_or(i64::MAX));
    let wanted = i64::try_from(new).unwrap_or(i64::MAX);
    (used.saturating_add(wanted) > most).then(|| {
        let message =
            format!("the account has {used} of at most {most} databases, and {new} more are wanted");
        let remedy = "Ask for a higher quota of DB instances, or delete one.";
        Finding::new(Verdict::Wrong, Check::Quotas, message, remedy)
    })
}

async fn concurrency(cloud: &Cloud, desired: &Desired) -> Option<Finding> {
    let stack = desired.config();
    let functions = stack.blocks.iter().filter(|(address, _)| address.kind == "lambda_function");
    let reserved = functions.filter_map(|(_, block)| {
        let inputs = stack.resolve(block, &|_| Resolved::Unknown);
        inputs.get("reserved_concurrency").and_then(Json::as_i64)
    });
    let wanted: i64 = reserved.sum();
    if wanted == 0 {
        return None;
    }
    let asked = cloud.lambda().get_account_settings().send().await;
    let found = match asked.map_err(aws("lambda:GetAccountSettings")) {
        Ok(found) => found,
        Err(error) => return Some(Finding::unasked(Check::Quotas, &error)),
    };
    let most = i64::from(found.account_limit()?.concurrent_executions());
    (most > 0 && wanted > most - KEPT_FREE).then(|| {
        let message = format!(
            "the functions reserve {wanted} executions at once, and of the account's {most} Lambda keeps {KEPT_FREE} free"
        );
        let remedy = "Reserve less, or ask for a higher quota of concurrent executions; new accounts begin with few.";
        Finding::new(Verdict::Wrong, Check::Quotas, message, remedy)
    })
}
