//! The statement in a function's policy that lets a bucket call it.

use super::Parts;
use crate::cloud::{Cloud, Gone, aws};
use crate::error::Result;
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

const GONE: &[&str] = &["ResourceNotFoundException"];

/// Lambda loses statements when a policy is changed twice at once (reference, §6.3).
static FUNCTIONS: LazyLock<Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>> = LazyLock::new(Default::default);

fn lock(function: &str) -> Arc<tokio::sync::Mutex<()>> {
    let mut functions = FUNCTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(functions.entry(function.to_owned()).or_default())
}

/// The statements that let a bucket call the function: statement id to ARN of the bucket. None of a function that is not
/// there.
pub(super) async fn all(cloud: &Cloud, function: &str) -> Result<BTreeMap<String, String>> {
    let call = cloud.lambda().get_policy().function_name(function);
    let found = call.send().await.map_err(aws("lambda:GetPolicy")).gone(GONE)?;
    let policy = found.and_then(|found| found.policy).unwrap_or_default();
    Ok(parse(&policy))
}

fn parse(policy: &str) -> BTreeMap<String, String> {
    let policy: Json = serde_json::from_str(policy).unwrap_or_default();
    let statements = match &policy["Statement"] {
        Json::Array(all) => all.as_slice(),
        one => std::slice::from_ref(one),
    };
    let of = |statement: &Json| {
        let operators = statement["Condition"].as_object()?;
        // AWS writes ArnLike and AWS:SourceArn; keys of conditions know no case.
        let mut keys = operators.values().filter_map(Json::as_object).flatten();
        let (_, source) = keys.find(|(key, _)| key.eq_ignore_ascii_case("aws:SourceArn"))?;
        Some((statement["Sid"].as_str()?.to_owned(), source.as_str()?.to_owned()))
    };
    statements.iter().filter_map(of).collect()
}

/// Adds the statement, or puts right one that names another bucket.
pub(super) async fn add(cloud: &Cloud, parts: &Parts) -> Result<()> {
    let lock = lock(&parts.function);
    let _held = lock.lock().await;
    match all(cloud, &parts.function).await?.get(&parts.entry) {
        Some(source) if *source == parts.bucket_arn() => return Ok(()),
        Some(_) => take_away(cloud, parts).await?,
        None => {}
    }
    let call = cloud
        .lambda()
        .add_permission()
        .function_name(&parts.function)
        .statement_id(&parts.entry)
        .action("lambda:InvokeFunction")
        .principal("s3.amazonaws.com")
        .source_arn(parts.bucket_arn())
        // A bucket's name says nothing about its owner: without the account, whoever takes the name after a deletion
        // could call the function.
        .source_account(&cloud.account);
    call.send().await.map_err(aws("lambda:AddPermission"))?;
    Ok(())
}

/// Removes the statement, if it is there.
pub(super) async fn remove(cloud: &Cloud, parts: &Parts) -> Result<()> {
    let lock = lock(&parts.function);
    let _held = lock.lock().await;
    take_away(cloud, parts).await
}

async fn take_away(cloud: &Cloud, parts: &Parts) -> Result<()> {
    let call = cloud.lambda().remove_permission().function_name(&parts.function).statement_id(&parts.entry);
    call.send().await.map_err(aws("lambda:RemovePermission")).gone(GONE)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_read_in_every_spelling() {
        let policy = r#"{"Version": "2012-10-17", "Statement": [
            {"Sid": "a", "Condition": {"StringEquals": {"AWS:SourceAccount": "1"}, "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::x"}}},
            {"Sid": "b", "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::y"}}},
            {"Sid": "open"}
        ]}"#;
        let found = parse(policy);
        assert_eq!(found["a"], "arn:aws:s3:::x");
        assert_eq!(found["b"], "arn:aws:s3:::y");
        assert_eq!(found.len(), 2);
        assert!(parse("").is_empty());
    }
}
