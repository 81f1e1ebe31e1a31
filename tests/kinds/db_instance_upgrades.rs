//! Another version and another class: one after the other, and RDS is believed only what runs.

use crate::rds::{Fields, Instance, changes, differences, instance, makes, rds, update, wanted};
use serde_json::json;

fn upgrade() -> serde_json::Value {
    wanted(json!({"engine_version": "16", "instance_class": "db.m8g.large", "parameter_group": "own16"}))
}

const GROUP: &str = "<DBParameterGroups><DBParameterGroup><DBParameterGroupName>own15</DBParameterGroupName></DBParameterGroup></DBParameterGroups>";

/// RDS asks that the version that runs knows the class. The parameter group of another major version goes with that.
#[tokio::test]
async fn the_version_goes_before_the_class_and_with_its_parameters() {
    let shared = instance(&[]);
    shared.lock().unwrap().more = GROUP.to_owned();
    let (cloud, calls) = rds(&shared, |instance, asked| {
        if let Some(name) = asked.get("DBParameterGroupName") {
            instance.more = GROUP.replace("own15", name);
        }
        makes(instance, asked)
    });
    for _ in 0..2 {
        update(&cloud, &upgrade()).await.unwrap();
    }
    let leap = "AllowMajorVersionUpgrade=true&DBParameterGroupName=own16&EngineVersion=16";
    assert_eq!(changes(&calls), [leap, "DBInstanceClass=db.m8g.large"]);
}

/// The old class is unknown to the new version.
#[tokio::test]
async fn the_class_goes_first_where_the_version_does_not_run_on_the_old_one() {
    fn take(instance: &mut Instance, asked: &Fields) -> Result<(), (&'static str, &'static str)> {
        if asked.contains_key("EngineVersion") && instance.fields["DBInstanceClass"] == "db.t4g.micro" {
            return Err(("InvalidParameterCombination", "RDS does not support the combination"));
        }
        makes(instance, asked)
    }
    let (cloud, calls) = rds(&instance(&[]), take);
    let both = wanted(json!({"engine_version": "16", "instance_class": "db.m8g.large"}));
    for _ in 0..2 {
        update(&cloud, &both).await.unwrap();
    }
    let version = "AllowMajorVersionUpgrade=true&EngineVersion=16";
    assert_eq!(changes(&calls), [version, "DBInstanceClass=db.m8g.large", version]);
    assert_eq!(differences(&cloud, &both).await, [""; 0]);
    let alone = wanted(json!({"engine_version": "17"}));
    let (cloud, _) = rds(&instance(&[]), take);
    let error = update(&cloud, &alone).await.unwrap_err().to_string();
    assert!(error.contains("ValidUpgradeTarget"), "{error}");
}

/// RDS accepts an upgrade, gives it up, and is available as before: neither the call nor the status tells. The version that
/// runs does, and RDS's events say why.
#[tokio::test]
async fn an_upgrade_that_rds_gives_up_is_not_done() {
    const SAID: &str = "Database instance could not be upgraded: extension postgis is too old";
    let (upgrade, cause) =
        (wanted(json!({"engine_version": "18"})), "of an earlier day: could not be upgraded");
    let shared = instance(&[]);
    shared.lock().unwrap().events.push((1_000, cause.to_owned()));
    let (cloud, calls) = rds(&shared, |instance, _| {
        instance.events.push((2_000, SAID.to_owned()));
        Ok(())
    });
    update(&cloud, &upgrade).await.unwrap();
    assert_eq!(differences(&cloud, &upgrade).await, ["engine_version"], "accepted is not made");
    let error = update(&cloud, &upgrade).await.unwrap_err().to_string();
    assert!(error.contains(SAID) && error.contains("apply again"), "{error}");
    assert_eq!(changes(&calls).len(), 1);
    // Whoever applies again asks again.
    update(&cloud, &upgrade).await.unwrap();
    assert_eq!(changes(&calls).len(), 2);
}

/// Without events, or without the permission for them, what does not come is no end of it.
#[tokio::test]
async fn without_events_rds_is_asked_again() {
    let (cloud, calls) = rds(&instance(&[]), |_, _| Ok(()));
    let class = wanted(json!({"instance_class": "db.m8g.xlarge"}));
    for _ in 0..3 {
        update(&cloud, &class).await.unwrap();
    }
    assert_eq!(changes(&calls).len(), 3);
}
