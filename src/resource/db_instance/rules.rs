//! Rules between attributes that RDS would only tell after minutes, or never.

use crate::schema::has_unknown;
use serde_json::Value as Json;

/// RDS keeps these for itself, or Postgres does.
const RESERVED: &[&str] = &["admin", "rdsadmin", "rds_superuser", "rdsrepladmin", "public", "user"];

pub(super) fn check(inputs: &Json) -> Vec<(String, String)> {
    let mut complaints = vec![];
    let mut complain = |path: &str, text: &str| complaints.push((path.to_owned(), text.to_owned()));
    let text = |name: &str| inputs[name].as_str();
    let number = |name: &str| inputs[name].as_u64();
    let set = |name: &str| !inputs[name].is_null();

    if text("identifier").is_some_and(|name| name.contains("--") || name.ends_with('-')) {
        complain("identifier", "RDS takes no two hyphens in a row and none at the end: write another");
    }
    if text("username").is_some_and(|name| RESERVED.contains(&name.to_lowercase().as_str()) || name.starts_with("pg_")) {
        complain("username", "is a reserved word: write another, such as `postgres`");
    }
    match inputs["manage_master_password"].as_bool() {
        Some(true) if set("password_secret") => {
            complain("manage_master_password", "the password comes from `password_secret`: remove one of the two");
        }
        Some(false) if !set("password_secret") => {
            complain("manage_master_password", "leaves the database without a password: give `password_secret`");
        }
        _ => {}
    }
    if set("password_secret_version") && !set("password_secret") {
        complain("password_secret_version", "has no secret: give `password_secret` too, or remove it");
    }
    if let (Some(size), Some(limit)) = (number("allocated_storage").or(Some(20)), number("max_allocated_storage"))
        && limit * 10 < size * 11
    {
        complain("max_allocated_storage", "must be at least 10 % above `allocated_storage`, or unset");
    }
    let size = number("allocated_storage").unwrap_or(20);
    for name in ["iops", "storage_throughput"] {
        if set(name) && (text("storage_type").is_some_and(|kind| kind != "gp3") || size < 400) {
            complain(name, "can be asked for with gp3 from 400 GiB on: remove it, or set `allocated_storage` to 400 or more");
        }
    }
    if let (Some(iops), Some(throughput)) = (number("iops").or(Some(12_000)), number("storage_throughput"))
        && throughput * 4 > iops
    {
        complain("storage_throughput", "is at most a quarter of `iops`: set that to four times it at least");
    }
    // Before 10 a major version had two numbers.
    let major = |first: &str| if first.len() > 1 { 1 } else { 2 };
    let pinned = text("engine_version").is_some_and(|version| {
        let parts: Vec<&str> = version.split('.').collect();
        parts.len() > major(parts.first().copied().unwrap_or_default())
    });
    if pinned && inputs["auto_minor_version_upgrade"] != false {
        complain(
            "engine_version",
            "pins a minor version that RDS raises by itself: write the major version alone, or set \
             auto_minor_version_upgrade = false",
        );
    }
    if set("availability_zone") && inputs["multi_az"] == true {
        complain("availability_zone", "with multi_az RDS chooses both zones: remove one of the two");
    }
    if number("monitoring_interval").is_some_and(|every| every > 0) != set("monitoring_role") {
        complain("monitoring_role", "goes with a monitoring_interval above 0: set both, or none");
    }
    if let Some(days) = number("performance_insights_retention_days") {
        if inputs["performance_insights"] != true {
            complain("performance_insights_retention_days", "without performance_insights nothing is kept: set it, or remove the line");
        } else if days != 7 && days != 731 && (days % 31 != 0 || days > 713) {
            complain("performance_insights_retention_days", "RDS takes 7, 731, or a multiple of 31 in between: write one of them");
        }
    }
    if set("kms_key") && inputs["storage_encrypted"] == false {
        complain("kms_key", "is used with storage_encrypted = true only: set that, or remove the key");
    }
    if set("final_snapshot_identifier") && inputs["skip_final_snapshot"] == true {
        complain("final_snapshot_identifier", "there is no final snapshot with skip_final_snapshot = true: remove one");
    }
    if text("final_snapshot_identifier").is_some_and(|name| name.contains("--")) {
        complain("final_snapshot_identifier", "RDS takes no two hyphens in a row: write another");
    }
    let mut features = vec![];
    for (i, role) in inputs["roles"].as_array().into_iter().flatten().enumerate() {
        let Some(feature) = role["feature"].as_str() else { continue };
        if features.contains(&feature) {
            complain(&format!("roles.{i}"), &format!("{feature} has a role already and RDS takes one a feature: remove one"));
        }
        features.push(feature);
    }
    let groups = inputs.get("security_group_ids").filter(|groups| !has_unknown(groups)).and_then(Json::as_array);
    if groups.is_some_and(Vec::is_empty) {
        complain("security_group_ids", "RDS takes no empty list: name a group, or remove the line for the default");
    }
    for (name, parts) in [("backup_window", 2), ("maintenance_window", 4)] {
        if let Some(window) = text(name)
            && minutes(window, parts).is_none_or(|length| length < 30)
        {
            let form = if parts == 2 { "02:00-03:00" } else { "sun:04:00-sun:05:00" };
            complain(name, &format!("is no window of at least half an hour: write it as {form}, in UTC"));
        }
    }
    complaints
}

/// Length of a window, around midnight or the week's end too.
fn minutes(window: &str, parts: usize) -> Option<u32> {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let moment = |text: &str| -> Option<u32> {
        let fields: Vec<&str> = text.split(':').collect();
        let (day, hour, minute) = match fields.as_slice() {
            [hour, minute] if parts == 2 => (0, hour, minute),
            [day, hour, minute] => (days.iter().position(|known| known == day)?, hour, minute),
            _ => return None,
        };
        let (hour, minute) = (hour.parse::<u32>().ok()?, minute.parse::<u32>().ok()?);
        (hour < 24 && minute < 60).then_some(u32::try_from(day).ok()? * 1440 + hour * 60 + minute)
    };
    let (from, to) = window.split_once('-')?;
    let round = if parts == 2 { 1440 } else { 7 * 1440 };
    Some((moment(to)? + round - moment(from)?) % round)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn paths(inputs: Json) -> Vec<String> {
        check(&inputs).into_iter().map(|(path, _)| path).collect()
    }

    #[test]
    fn what_rds_would_refuse_is_refused() {
        assert_eq!(paths(json!({"identifier": "a--b", "username": "rdsadmin"})), ["identifier", "username"]);
        assert_eq!(paths(json!({"manage_master_password": false})), ["manage_master_password"]);
        let both = json!({"manage_master_password": true, "password_secret": {"$unknown": "secret.a.arn"}});
        assert_eq!(paths(both), ["manage_master_password"]);
        assert_eq!(paths(json!({"max_allocated_storage": 21})), ["max_allocated_storage"]);
        assert_eq!(paths(json!({"security_group_ids": []})), ["security_group_ids"]);
        let snapshot = json!({"final_snapshot_identifier": "x", "skip_final_snapshot": true});
        assert_eq!(paths(snapshot), ["final_snapshot_identifier"]);
        assert_eq!(paths(json!({"allocated_storage": 20, "max_allocated_storage": 22, "port": null})), [""; 0]);
    }

    #[test]
    fn a_feature_has_one_role() {
        let role = |role: &str, feature: &str| json!({"role": role, "feature": feature});
        assert_eq!(paths(json!({"roles": [role("a", "s3Import"), role("a", "s3Export")]})), [""; 0]);
        assert_eq!(paths(json!({"roles": [role("a", "s3Import"), role("b", "s3Import")]})), ["roles.1"]);
    }

    #[test]
    fn windows_are_half_an_hour_at_least() {
        assert_eq!(paths(json!({"backup_window": "23:45-00:15"})), [""; 0]);
        assert_eq!(paths(json!({"backup_window": "23:45-00:10"})), ["backup_window"]);
        assert_eq!(paths(json!({"backup_window": "25:00-26:00"})), ["backup_window"]);
        assert_eq!(paths(json!({"maintenance_window": "sun:23:45-mon:00:15"})), [""; 0]);
        assert_eq!(paths(json!({"maintenance_window": "xyz:04:00-sun:05:00"})), ["maintenance_window"]);
    }
}
