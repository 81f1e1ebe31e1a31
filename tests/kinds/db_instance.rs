use crate::db_subnet_group::subnets;
use crate::emulator::{ministack, moto};
use crate::harness::{create, lifecycle, read, unique};
use serde_json::{Value as Json, json};
use stackctl::cloud::Cloud;
use stackctl::resource::Id;

fn identifier() -> String {
    unique("loans")
}

fn small(more: Json) -> Json {
    let mut inputs =
        json!({"identifier": identifier(), "instance_class": "db.t4g.micro", "skip_final_snapshot": true});
    inputs.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    inputs
}

pub async fn life(cloud: &Cloud) {
    let subnets = subnets(cloud).await;
    let group = create("db_subnet_group", cloud, json!({"name": identifier(), "subnet_ids": subnets})).await;
    let changes = [
        json!({"instance_class": "db.t4g.small", "engine_version": "16"}),
        json!({"allocated_storage": 30}),
        json!({"max_allocated_storage": 100}),
        json!({"max_allocated_storage": null}),
        json!({"backup_retention_days": 14, "backup_window": "02:00-03:00"}),
        json!({"maintenance_window": "sun:04:00-sun:05:00"}),
        json!({"deletion_protection": true}),
        json!({"deletion_protection": false}),
        json!({"multi_az": true}),
        json!({"multi_az": false, "publicly_accessible": true}),
        json!({"publicly_accessible": false}),
        json!({"iam_authentication": true}),
        json!({"iam_authentication": false}),
        json!({"log_exports": ["postgresql", "upgrade"]}),
        json!({"log_exports": []}),
        json!({"tags": {"owner": "y", "new": "2"}}),
        json!({"tags": {}}),
    ];
    let inputs =
        small(json!({"db_subnet_group": group.id.0, "engine_version": "16", "database_name": "loans",
        "tags": {"owner": "x"}}));
    lifecycle("db_instance", cloud, inputs, &changes).await;
    group.delete().await;
}

#[tokio::test]
async fn lives_on_moto() {
    life(&moto()).await;
}

#[tokio::test]
async fn lives_on_ministack() {
    life(&ministack()).await;
}

/// Nothing but a size: everything else is RDS's choice, and none of it differs afterwards.
#[tokio::test]
async fn the_least_that_can_be_said() {
    for cloud in [moto(), ministack()] {
        let one = create("db_instance", &cloud, small(json!({}))).await;
        let live = one.ready().await;
        let endpoint = format!("{}:{}", live.outputs["address"].as_str().unwrap(), live.outputs["port"]);
        assert_eq!(live.outputs["endpoint"], endpoint);
        assert_eq!(
            (&live.outputs["username"], &live.inputs["storage_encrypted"]),
            (&json!("postgres"), &json!(true))
        );
        let found = read("db_instance", &cloud, &[Id::from("missing"), one.id.clone()]).await;
        assert_eq!(found.keys().collect::<Vec<_>>(), [&one.id]);
        one.delete().await;
    }
}

/// MiniStack makes no secret.
#[tokio::test]
async fn rds_manages_the_password_unless_a_secret_is_given() {
    let one = create("db_instance", &moto(), small(json!({}))).await;
    let live = one.ready().await;
    assert_eq!(live.inputs["manage_master_password"], true);
    assert!(live.outputs["master_secret_arn"].as_str().unwrap().starts_with("arn:aws:secretsmanager:"));
    one.delete().await;
}

#[tokio::test]
async fn a_password_comes_from_its_secret() {
    for cloud in [moto(), ministack()] {
        let wanted = json!({"name": unique("db"), "generate": {"username": "loans"}, "recovery_days": 0});
        let mut secret = create("secret", &cloud, wanted).await;
        let version = secret.read().await.unwrap().outputs["version_id"].clone();
        let inputs = small(json!({"password_secret": secret.id.0, "password_secret_version": version}));
        let mut one = create("db_instance", &cloud, inputs).await;
        let live = one.ready().await;
        assert_eq!(live.outputs["username"], "loans");
        assert_eq!(live.outputs["master_secret_arn"], Json::Null);
        secret.change(&json!({"rotate": "1"})).await;
        let version = secret.read().await.unwrap().outputs["version_id"].clone();
        let before = one.wanted.clone();
        one.change(&json!({"password_secret_version": version})).await;
        one.kind.update(&cloud, &one.id, before, one.wanted.clone()).await.unwrap();
        one.delete().await;
        secret.delete().await;
    }
}

#[tokio::test]
async fn protection_and_the_final_snapshot() {
    let cloud = moto();
    let mut one = create("db_instance", &cloud, small(json!({"deletion_protection": true}))).await;
    let live = one.read().await.unwrap();
    let error = one.kind.delete(&cloud, &one.id, live).await.unwrap_err().to_string();
    assert!(error.contains("deletion_protection = false"), "{error}");
    one.change(&json!({"deletion_protection": false})).await;
    let id = one.id.0.clone();
    // As read the snapshot is not skipped.
    one.delete().await;
    let snapshots =
        cloud.rds().describe_db_snapshots().send().await.unwrap().db_snapshots.unwrap_or_default();
    let names: Vec<_> = snapshots.into_iter().filter_map(|one| one.db_snapshot_identifier).collect();
    assert!(names.iter().any(|name| name.starts_with(&format!("{id}-final-"))), "{names:?}");
}
