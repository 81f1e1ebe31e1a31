use crate::emulator::{ministack, moto};
use crate::harness::{lifecycle, owner, unique};
use serde_json::{Value as Json, json};
use stackctl::cloud::Cloud;
use stackctl::resource::{self, Create};

fn inputs(name: &str) -> Json {
    json!({"name": name, "fifo": false, "visibility_timeout": 30, "retention": 345_600, "max_receives": 5, "tags": {}})
}

const CHANGES: [&str; 2] =
    [r#"{"visibility_timeout": 90, "tags": {"team": "x"}}"#, r#"{"retention": 600, "tags": {}}"#];

pub async fn life(cloud: &Cloud) {
    let changes = CHANGES.map(|change| serde_json::from_str(change).unwrap());
    lifecycle("queue", cloud, inputs(&unique("kinds")), &changes).await;
}

/// A queue of the same name and the same attributes, which SQS would hand over as if it had just been made.
async fn is_not_taken_over(cloud: &Cloud) {
    let name = unique("kinds");
    let sqs = cloud.sqs();
    let made = sqs.create_queue().queue_name(&name).tags("team", "theirs").send().await.unwrap();
    let url = made.queue_url.unwrap();
    let kind = resource::kind("queue").unwrap();
    let owner = owner("queue");
    let error = kind.create(&Create { cloud, owner: &owner }, inputs(&name)).await.unwrap_err();
    assert!(error.to_string().contains("this stack did not create it"), "{error}");
    let tags = sqs.list_queue_tags().queue_url(&url).send().await.unwrap().tags.unwrap();
    assert_eq!(tags.into_iter().collect::<Vec<_>>(), [("team".to_owned(), "theirs".to_owned())]);
    assert_eq!(kind.find(cloud, &owner, inputs(&name)).await.unwrap(), None);
    // The answer to an earlier attempt of the same create may have been lost.
    let name = unique("kinds");
    let ctx = Create { cloud, owner: &owner };
    let first = kind.create(&ctx, inputs(&name)).await.unwrap();
    assert_eq!(kind.create(&ctx, inputs(&name)).await.unwrap(), first);
}

#[tokio::test]
async fn the_life_of_a_queue_on_moto() {
    life(&moto()).await;
}

#[tokio::test]
async fn the_life_of_a_queue_on_ministack() {
    life(&ministack()).await;
}

#[tokio::test]
async fn a_queue_of_somebody_else_is_not_taken_over_on_moto() {
    is_not_taken_over(&moto()).await;
}

#[tokio::test]
async fn a_queue_of_somebody_else_is_not_taken_over_on_ministack() {
    is_not_taken_over(&ministack()).await;
}
