use crate::answers::{Answer, aws};
use crate::emulator::{ministack, moto};
use crate::harness::{lifecycle, owner, passes, unique};
use serde_json::{Value as Json, json};
use stackctl::cloud::Cloud;
use stackctl::resource::{self, Create, Id};

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

/// Told before any request: SQS would take it and forget it.
#[test]
fn a_count_needs_a_queue_for_what_was_counted() {
    let complaints = |more: Json| {
        let mut inputs = inputs("jobs");
        inputs.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let kind = resource::kind("queue").unwrap();
        kind.check(&inputs).into_iter().map(|(path, _)| path).collect::<Vec<_>>()
    };
    assert_eq!(complaints(json!({"max_receives": 3})), ["max_receives"]);
    assert_eq!(complaints(json!({"max_receives": 3, "dead_letter": null})), ["max_receives"]);
    for fits in [
        json!({}),
        json!({"max_receives": 3, "dead_letter": "arn:aws:sqs:eu-west-1:1:d"}),
        json!({"max_receives": 3, "dead_letter": {"$unknown": "queue.dead.arn"}}),
        json!({"max_receives": {"$unknown": "param.x"}}),
    ] {
        assert_eq!(complaints(fits), [""; 0]);
    }
}

/// A queue that somebody makes between the look and the call.
#[tokio::test]
async fn a_queue_made_in_between_is_not_taken_over() {
    let (cloud, _) = aws(|asked| match asked.operation() {
        "GetQueueUrl" => Answer::refused(400, "AWS.SimpleQueueService.NonExistentQueue", "none"),
        _ => Answer::refused(
            400,
            "QueueAlreadyExists",
            "A queue already exists with the same name and a different value",
        ),
    });
    let owner = owner("queue");
    let kind = resource::kind("queue").unwrap();
    let error = kind.create(&Create { cloud: &cloud, owner: &owner }, inputs("jobs")).await.unwrap_err();
    assert!(
        error.to_string().contains("a queue named jobs exists already and this stack did not create it"),
        "{error}"
    );
}

/// SQS says the same of every mistake in a policy: only a role or user that may be too new is worth waiting for.
#[tokio::test]
async fn a_policy_is_tried_again_for_the_sake_of_who_is_named_in_it() {
    let (cloud, _) =
        aws(|_| Answer::refused(400, "InvalidAttributeValue", "Invalid value for the parameter Policy."));
    let kind = resource::kind("queue").unwrap();
    for (principal, again) in [
        (json!({"AWS": "arn:aws:iam::000000000000:role/new"}), true),
        (json!({"AWS": ["*", "arn:aws:iam::000000000000:user/new"]}), true),
        (json!({"AWS": "arn:aws:iam::000000000000:root"}), false),
        (json!({"Service": "s3.amazonaws.com"}), false),
    ] {
        let mut after = inputs("jobs");
        let statement =
            json!({"Effect": "Allow", "Principal": principal, "Action": "sqs:Sent", "Resource": "*"});
        after["policy"] = json!({"Version": "2012-10-17", "Statement": statement});
        let id = Id::from("https://sqs.eu-west-1.amazonaws.com/000000000000/jobs");
        let error = kind.update(&cloud, &id, inputs("jobs"), after).await.unwrap_err();
        assert_eq!(passes(kind, &error), again, "{principal}: {error}");
    }
}
