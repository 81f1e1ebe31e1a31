use crate::emulator::{ministack, moto};
use crate::harness::{create, lifecycle, read, unique};
use serde_json::{Value as Json, json};
use stackctl::cloud::Cloud;
use stackctl::resource::Id;

pub async fn life(cloud: &Cloud, changes: &[Json]) {
    let name = format!("/aws/lambda/{}", unique("loans"));
    let inputs = json!({"name": name, "tags": {"owner": "x", "old": "1"}});
    lifecycle("log_group", cloud, inputs, changes).await;
}

pub fn changes() -> Vec<Json> {
    vec![
        json!({"retention_days": 0}),
        json!({"retention_days": 365}),
        json!({"tags": {"owner": "y", "new": "2"}}),
        json!({"tags": {}}),
    ]
}

#[tokio::test]
async fn lives_on_moto() {
    life(&moto(), &changes()).await;
}

#[tokio::test]
async fn lives_on_ministack() {
    life(&ministack(), &changes()).await;
}

/// A name that is the start of another, names in different folders, and one that is not there: one listing.
#[tokio::test]
async fn many_are_read_by_their_exact_names() {
    for cloud in [moto(), ministack()] {
        let name = unique("exact");
        let long =
            create("log_group", &cloud, json!({"name": format!("{name}-long"), "retention_days": 1})).await;
        let missing = Id(name.clone());
        let found = read("log_group", &cloud, &[missing.clone(), long.id.clone()]).await;
        assert_eq!(found.keys().collect::<Vec<_>>(), [&long.id]);
        let short = create("log_group", &cloud, json!({"name": name})).await;
        let other = create("log_group", &cloud, json!({"name": format!("/aws/{name}")})).await;
        let ids = [short.id.clone(), long.id.clone(), other.id.clone()];
        let found = read("log_group", &cloud, &ids).await;
        assert_eq!(found.len(), 3);
        assert_eq!(found[&long.id].inputs["retention_days"], 1);
        let arn = found[&short.id].outputs["arn"].as_str().unwrap();
        assert!(arn.ends_with(&format!(":log-group:{name}")), "{arn}");
        for subject in [short, long, other] {
            subject.delete().await;
        }
    }
}
