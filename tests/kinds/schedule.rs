//! The schedule: its life on both emulators, and on MiniStack that it does what it says.

use crate::emulator::{ministack, on_both};
use crate::harness::{create, lifecycle, owner, read, retrying};
use crate::lambda_invocation::Callee;
use serde_json::{Value as Json, json};
use stackctl::cloud::Cloud;
use stackctl::error::Error;
use stackctl::resource::{Create, Id, Owner};
use std::time::{Duration, Instant};

const ROLE: &str = "arn:aws:iam::123456789012:role/scheduler";
const FUNCTION: &str = "arn:aws:lambda:eu-west-1:123456789012:function:trainer";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:123456789012:failed";

fn smallest() -> Json {
    json!({"expression": "rate(1 day)", "target": FUNCTION, "role": ROLE})
}

pub async fn life(cloud: &Cloud) {
    let inputs = json!({"expression": "cron(0 6 * * ? *)", "timezone": "Europe/Berlin", "flexible_window": 15,
        "target": FUNCTION, "role": ROLE, "input": {"run": "train"}, "max_retries": 3, "max_event_age": 3600,
        "dead_letter": QUEUE, "description": "trains", "start": "2099-01-01T00:00:00Z", "end": "2099-12-31T00:00:00Z"});
    let changes = [
        json!({"expression": "rate(12 hours)", "timezone": "UTC", "flexible_window": null}),
        json!({"input": {"run": "score", "deep": {"list": [1, {"a": true}, "<aws.scheduler.scheduled-time>"]}}}),
        json!({"enabled": false, "max_retries": 0, "max_event_age": 60}),
        json!({"target": "arn:aws:scheduler:::aws-sdk:sagemaker:createTrainingJob",
            "input": {"TrainingJobName": "<aws.scheduler.execution-id>", "ResourceConfig": {"InstanceCount": 1}}}),
        json!({"start": null, "end": null, "dead_letter": null, "description": null, "enabled": true}),
        json!({"input": null, "kms_key": "arn:aws:kms:eu-west-1:123456789012:key/x", "max_retries": 185}),
        json!({"kms_key": null, "expression": "at(2099-01-31T06:00:00)", "flexible_window": 1440}),
    ];
    lifecycle("schedule", cloud, inputs, &changes).await;
}

/// A create whose answer was lost finds its own; another create at the same address makes another, so that which is ours
/// cannot be guessed without the state.
async fn whose_it_is(cloud: &Cloud) {
    let schedule = create("schedule", cloud, smallest()).await;
    let again = Create { cloud, owner: &schedule.owner };
    assert_eq!(schedule.kind.create(&again, schedule.wanted.clone()).await.unwrap(), schedule.id);
    let other = owner("schedule");
    let other = Create { cloud, owner: &other };
    let second =
        retrying(schedule.kind, || schedule.kind.create(&other, schedule.wanted.clone())).await.unwrap();
    let any = Owner::any(&schedule.owner.stack, &schedule.owner.address);
    match schedule.kind.find(cloud, &any, schedule.wanted.clone()).await {
        Err(Error::Ambiguous { ids, .. }) => {
            assert!(ids.contains(&schedule.id.0) && ids.contains(&second.0), "{ids:?}");
        }
        other => panic!("{other:?}"),
    }
    let found = read("schedule", cloud, &[schedule.id.clone(), second.clone(), Id::from("none/none")]).await;
    assert_eq!(found.len(), 2);
    schedule.kind.delete(cloud, &second, found[&second].clone()).await.unwrap();
    schedule.delete().await;
}

on_both!(life, whose_it_is);

/// MiniStack looks every ten seconds for what is due, and takes a moment that has passed for due.
#[tokio::test]
async fn a_function_is_called_with_the_input() {
    let cloud = ministack();
    let callee = Callee::new(&cloud).await;
    let (input, due) = (json!({"run": "train", "at": [1, {"n": 1.5}]}), "at(2020-01-01T00:00:00)");
    let inputs = json!({"expression": due, "target": callee.arn, "role": ROLE, "input": input});
    let schedule = create("schedule", &cloud, inputs).await;
    let deadline = Instant::now() + Duration::from_secs(30);
    while callee.calls().is_empty() {
        assert!(Instant::now() < deadline, "it was not called");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(callee.calls(), [input]);
    schedule.delete().await;
    callee.subject.delete().await;
}
