use super::{Check, Finding, Verdict};
use crate::address::Address;
use crate::cloud::{Cloud, aws};
use crate::config::Resolved;
use crate::desired::Desired;
use futures::future::join_all;
use serde_json::Value as Json;

/// Whether RDS has the engine version in that class, in this region, for the databases of the stack.
pub(super) async fn offers(cloud: &Cloud, desired: &Desired) -> Vec<Finding> {
    let stack = desired.config();
    let databases = stack.blocks.iter().filter(|(address, _)| address.kind == "db_instance");
    let asked = databases.filter_map(|(address, block)| {
        let inputs = stack.resolve(block, &|_| Resolved::Unknown);
        let text = |name: &str| inputs.get(name).and_then(Json::as_str).map(str::to_owned);
        let engine = text("engine").unwrap_or_else(|| "postgres".to_owned());
        Some(one(cloud, desired, address, engine, text("instance_class")?, text("engine_version")))
    });
    join_all(asked).await.into_iter().flatten().collect()
}

async fn one(
    cloud: &Cloud,
    desired: &Desired,
    address: &Address,
    engine: String,
    class: String,
    version: Option<String>,
) -> Option<Finding> {
    let call = cloud.rds().describe_orderable_db_instance_options().engine(&engine).db_instance_class(&class);
    let found: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
    let found = match found.map_err(aws("rds:DescribeOrderableDBInstanceOptions")) {
        Ok(found) => found,
        Err(error) => return Some(Finding::unasked(Check::Offers, &error).of(desired.config(), address)),
    };
    let mut versions: Vec<&str> = found.iter().filter_map(|option| option.engine_version()).collect();
    versions.sort_unstable();
    versions.dedup();
    // `15` stands for every 15.x.
    let fits = |offered: &&str| version.as_ref().is_none_or(|wanted| covers(wanted, offered));
    if versions.iter().any(fits) {
        return None;
    }
    let region = &cloud.region;
    let (message, remedy) = match (versions.is_empty(), &version) {
        (true, _) => (
            format!("RDS has no {engine} in the class {class} in {region}"),
            "Choose another `instance_class`; the newest generations are not in every region.".to_owned(),
        ),
        (false, version) => (
            format!(
                "RDS has no {engine} {} in the class {class} in {region}",
                version.as_deref().unwrap_or_default()
            ),
            format!("It has {}.", versions.join(", ")),
        ),
    };
    Some(Finding::new(Verdict::Wrong, Check::Offers, message, remedy).of(desired.config(), address))
}

/// `15` and `15.4` cover `15.4`; `1` does not cover `15`.
fn covers(wanted: &str, offered: &str) -> bool {
    offered.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_by_their_parts() {
        assert!(covers("15", "15.4") && covers("15.4", "15.4"));
        assert!(!covers("1", "15.4") && !covers("15.4", "15.41"));
    }
}
