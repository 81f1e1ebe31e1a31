//! The alarm: its life on MiniStack. moto cannot answer CloudWatch's protocol (CBOR), so the rest is by replayed answers.

use crate::answers::{Answer, aws};
use crate::emulator::ministack;
use crate::harness::{create, lifecycle, owner, read, unique};
use serde_json::{Value as Json, json};
use stackctl::cloud::Cloud;
use stackctl::resource::{self, Create, Id, Observed, Status};

fn smallest(more: Json) -> Json {
    let mut inputs = json!({"name": unique("kinds"), "namespace": "LoanLoader", "metric": "failures",
        "threshold": 0, "comparison": "GreaterThanThreshold"});
    inputs.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    inputs
}

const TOPIC: &str = "arn:aws:sns:eu-west-1:000000000000:oncall";

pub async fn life(cloud: &Cloud) {
    let inputs = smallest(json!({"description": "a load failed", "statistic": "Sum",
        "dimensions": {"QueueName": "failed", "Stage": "x"}, "alarm_actions": [TOPIC], "unit": "Count",
        "treat_missing_data": "breaching", "tags": {"owner": "x", "old": "1"}}));
    let changes = [
        json!({"threshold": 1.5, "comparison": "LessThanOrEqualToThreshold", "metric": "rows_read"}),
        json!({"period": 86_400, "evaluation_periods": 7, "datapoints_to_alarm": 3}),
        json!({"datapoints_to_alarm": null, "description": null, "unit": null, "dimensions": {}}),
        json!({"statistic": "p99.5"}),
        json!({"statistic": "SampleCount", "actions_enabled": false}),
        json!({"ok_actions": [TOPIC], "insufficient_data_actions": [TOPIC], "alarm_actions": []}),
        json!({"treat_missing_data": "missing", "actions_enabled": true}),
        json!({"tags": {"owner": "y", "new": "2"}}),
        json!({"tags": {}}),
    ];
    lifecycle("alarm", cloud, inputs, &changes).await;
}

#[tokio::test]
async fn lives_on_ministack() {
    life(&ministack()).await;
}

/// Nothing but what must be said; and an alarm that is not there is none.
#[tokio::test]
async fn the_least_that_can_be_said() {
    let cloud = ministack();
    let alarm = create("alarm", &cloud, smallest(json!({}))).await;
    let found = read("alarm", &cloud, &[Id::from("missing"), alarm.id.clone()]).await;
    assert_eq!(found.keys().collect::<Vec<_>>(), [&alarm.id]);
    let outputs = &found[&alarm.id].outputs;
    assert!(outputs["arn"].as_str().unwrap().ends_with(&format!(":alarm:{}", alarm.id)), "{outputs}");
    alarm.delete().await;
}

/// PutMetricAlarm overwrites: the alarm of another stays as it is, and one whose answer was lost is taken for made.
#[tokio::test]
async fn the_alarm_of_another_is_not_overwritten() {
    let cloud = ministack();
    let alarm = create("alarm", &cloud, smallest(json!({"threshold": 5}))).await;
    let again = Create { cloud: &cloud, owner: &alarm.owner };
    assert_eq!(alarm.kind.create(&again, alarm.wanted.clone()).await.unwrap(), alarm.id);
    let (mut other, stranger) = (alarm.wanted.clone(), owner("alarm"));
    other["threshold"] = json!(6);
    let stranger = Create { cloud: &cloud, owner: &stranger };
    let error = alarm.kind.create(&stranger, other).await.unwrap_err().to_string();
    assert!(error.contains("exists already and this stack did not create it"), "{error}");
    assert_eq!(alarm.ready().await.inputs["threshold"], json!(5.0));
    alarm.delete().await;
}

/// CloudWatch takes a hundred names a call.
#[tokio::test]
async fn many_are_read_by_the_hundred() {
    let (cloud, asked) = aws(|_| Answer::json(json!({"MetricAlarms": []})));
    let ids: Vec<Id> = (0..201).map(|i| Id(format!("a-{i}"))).collect();
    assert!(read("alarm", &cloud, &ids).await.is_empty());
    assert_eq!(asked.actions(), ["DescribeAlarms"; 3]);
}

/// MiniStack deletes what is not there without a word; CloudWatch says that it is not there.
#[tokio::test]
async fn what_is_gone_is_deleted() {
    let (cloud, asked) = aws(|_| Answer::refused(404, "ResourceNotFound", "gone"));
    let kind = resource::kind("alarm").unwrap();
    let inputs = crate::harness::with_defaults(kind.inputs(), smallest(json!({})));
    let live =
        Observed { inputs, outputs: json!({"arn": "a", "name": "a"}), status: Status::Ready, owner: None };
    kind.delete(&cloud, &Id::from("a"), live).await.unwrap();
    assert_eq!(asked.actions(), ["DeleteAlarms"]);
}
