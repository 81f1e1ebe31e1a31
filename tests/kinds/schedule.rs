//! The schedule: its life on both emulators, and on MiniStack that it does what it says.

use crate::answers::{Answer, Calls, aws};
use crate::emulator::{ministack, on_both};
use crate::engine::Stack;
use crate::harness::{create, lifecycle, owner, passes, read, retrying, with_defaults};
use crate::lambda_invocation::Callee;
use serde_json::{Value as Json, json};
use stackctl::address::Address;
use stackctl::cloud::Cloud;
use stackctl::error::Error;
use stackctl::resource::{self, Create, Id, Owner};
use std::sync::Mutex;
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

/// A Scheduler that takes no start before `now`, seconds of the epoch, and remembers one schedule.
fn scheduler(now: f64) -> (Cloud, Calls) {
    let schedule = Mutex::new(None::<Json>);
    aws(move |asked| {
        let (mut schedule, mut sent) = (schedule.lock().unwrap(), asked.json());
        if asked.is("GET /schedules/{}") {
            return match &*schedule {
                Some(schedule) => Answer::json(schedule.clone()),
                None => Answer::refused(404, "ResourceNotFoundException", "Schedule does not exist."),
            };
        }
        assert!(asked.is("POST /schedules/{}") || asked.is("PUT /schedules/{}"), "{asked:?}");
        if sent["StartDate"].as_f64().is_some_and(|start| start < now - 300.0) {
            let text = "The StartDate you specify cannot be earlier than 5 minutes ago.";
            return Answer::refused(400, "ValidationException", text);
        }
        sent["Arn"] = json!("arn:aws:scheduler:eu-west-1:000000000000:schedule/default/x");
        *schedule = Some(sent);
        Answer::json(json!({"ScheduleArn": "arn:aws:scheduler:eu-west-1:000000000000:schedule/default/x"}))
    })
}

const START: &str = "2026-01-01T00:00:00Z";
/// Of [`START`].
const EPOCH: f64 = 1_767_225_600.0;

fn starting(expression: &str, more: Json) -> Json {
    let mut inputs = smallest();
    inputs["expression"] = json!(expression);
    inputs["start"] = json!(START);
    inputs.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    inputs
}

/// What has begun long ago can be made and stopped, and is as wanted afterwards, although AWS has forgotten when it began.
#[tokio::test(start_paused = true)]
async fn a_start_that_has_passed_stands_in_nobodys_way() {
    let (cloud, calls) = scheduler(EPOCH + 86_400.0);
    let address = Address::new("schedule", "daily");
    let inputs = starting("cron(0 6 * * ? *)", json!({}));
    let mut stack = Stack::new("loans", address, &inputs, &cloud).with_the_patience_for_aws();
    let summary = stack.apply().await;
    assert!(summary.failed.is_empty(), "{:?}", summary.failed);
    assert_eq!(stack.apply().await.done, []);
    stack.wants(&starting("cron(0 6 * * ? *)", json!({"enabled": false})));
    let summary = stack.apply().await;
    assert!(summary.failed.is_empty(), "{:?}", summary.failed);
    let sent = calls.sent("UpdateSchedule");
    assert_eq!(sent.iter().map(|sent| sent["StartDate"].is_null()).collect::<Vec<_>>(), [false, true]);
    assert_eq!(sent[1]["State"], "DISABLED");
    assert_eq!(stack.apply().await.done, []);
}

/// While it is to come it is sent, seen, and taken back.
#[tokio::test(start_paused = true)]
async fn a_start_that_is_to_come_counts() {
    let (cloud, calls) = scheduler(EPOCH - 86_400.0);
    let inputs = starting("rate(1 day)", json!({}));
    let mut stack =
        Stack::new("loans", Address::new("schedule", "daily"), &inputs, &cloud).with_the_patience_for_aws();
    assert!(stack.apply().await.failed.is_empty());
    assert_eq!(calls.sent("CreateSchedule")[0]["StartDate"].as_f64(), Some(EPOCH));
    let mut without = inputs.clone();
    without.as_object_mut().unwrap().remove("start");
    stack.wants(&without);
    assert!(stack.apply().await.failed.is_empty());
    assert!(calls.sent("UpdateSchedule")[0]["StartDate"].is_null());
    assert_eq!(stack.apply().await.done, []);
}

/// Its hour is counted from the start: without it, it would come at another.
#[tokio::test]
async fn a_rate_is_not_moved_to_another_hour() {
    let (cloud, calls) = scheduler(EPOCH + 86_400.0);
    let owner = owner("schedule");
    let kind = resource::kind("schedule").unwrap();
    let inputs = with_defaults(kind.inputs(), starting("rate(1 day)", json!({})));
    let error = kind.create(&Create { cloud: &cloud, owner: &owner }, inputs).await.unwrap_err().to_string();
    assert!(error.contains("set `start` to a moment that is still to come"), "{error}");
    assert_eq!(calls.count("CreateSchedule"), 1);
}

/// A conflict is our own earlier attempt only if there is a schedule: the group may be on its way out.
#[tokio::test]
async fn a_conflict_without_a_schedule_is_none_of_ours() {
    for there in [true, false] {
        let (cloud, _) = aws(move |asked| match asked.operation() {
            "GetSchedule" if there => Answer::json(json!({"Name": "x", "ScheduleExpression": "rate(1 day)"})),
            "GetSchedule" => Answer::refused(404, "ResourceNotFoundException", "Schedule does not exist."),
            _ => Answer::refused(409, "ConflictException", "Schedule group default is being deleted."),
        });
        let owner = owner("schedule");
        let kind = resource::kind("schedule").unwrap();
        let made = kind
            .create(&Create { cloud: &cloud, owner: &owner }, with_defaults(kind.inputs(), smallest()))
            .await;
        match made {
            Ok(_) => assert!(there),
            Err(error) => assert!(!there && passes(kind, &error), "{error}"),
        }
    }
}
