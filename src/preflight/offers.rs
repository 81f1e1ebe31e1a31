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
    let versions: Vec<&str> = found.iter().filter_map(|option| option.engine_version()).collect();
    let (message, remedy) = lacking(versions, &engine, &class, version.as_deref(), &cloud.region)?;
    // An emulator knows a few of each: that one is not among them says nothing of AWS, nor of what the emulator makes.
    let (verdict, message) = match cloud.emulated {
        true => {
            (Verdict::NotChecked, format!("{message}, says this emulator, which does not know what AWS has"))
        }
        false => (Verdict::Wrong, message),
    };
    Some(Finding::new(verdict, Check::Offers, message, remedy).of(desired.config(), address))
}

/// What is not on offer, and what to do.
fn lacking(
    mut versions: Vec<&str>,
    engine: &str,
    class: &str,
    version: Option<&str>,
    region: &str,
) -> Option<(String, String)> {
    versions.sort_unstable();
    versions.dedup();
    // `15` stands for every 15.x.
    if versions.iter().any(|offered| version.is_none_or(|wanted| covers(wanted, offered))) {
        return None;
    }
    Some(match (versions.is_empty(), version) {
        (false, Some(version)) => (
            format!("RDS has no {engine} {version} in the class {class} in {region}"),
            format!("It has {}.", versions.join(", ")),
        ),
        _ => (
            format!("RDS has no {engine} in the class {class} in {region}"),
            "Choose another `instance_class`; the newest generations are not in every region.".to_owned(),
        ),
    })
}

/// `15` and `15.4` cover `15.4`; `1` does not cover `15`.
fn covers(wanted: &str, offered: &str) -> bool {
    offered.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_on_offer_is_said_with_what_is() {
        let lacking = |versions: &[&'static str], version| {
            lacking(versions.to_vec(), "postgres", "db.t4g.micro", version, "eu-west-1")
        };
        assert_eq!(lacking(&["15.4", "16.1"], Some("16")), None);
        assert_eq!(lacking(&["15.4", "16.1"], None), None);
        let (message, remedy) = lacking(&["16.1", "15.4", "15.4"], Some("17")).unwrap();
        assert_eq!(message, "RDS has no postgres 17 in the class db.t4g.micro in eu-west-1");
        assert_eq!(remedy, "It has 15.4, 16.1.");
        let (message, _) = lacking(&[], None).unwrap();
        assert_eq!(message, "RDS has no postgres in the class db.t4g.micro in eu-west-1");
    }

    #[test]
    fn versions_are_told_by_their_parts() {
        assert!(covers("15", "15.4") && covers("15.4", "15.4"));
        assert!(!covers("1", "15.4") && !covers("15.4", "15.41"));
    }
}
