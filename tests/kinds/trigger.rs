//! The trigger: its life beside other notifications of the bucket, and the whole way from an upload to a function that
//! runs, on MiniStack.

use crate::answers::{Answer, aws};
use crate::emulator::{ministack, on_both};
use crate::harness::{Subject, create, lifecycle, owner, passes, unique, with_defaults};
use crate::lambda_function::{role, smallest, with};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, Event, EventBridgeConfiguration,
    LambdaFunctionConfiguration, NotificationConfiguration, QueueConfiguration,
};
use serde_json::{Value as Json, json};
use stackctl::cloud::Cloud;
use stackctl::package::{Request, build};
use stackctl::resource::{self, Create};
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A bucket, made without its kind.
pub async fn bucket(cloud: &Cloud) -> String {
    let name = unique("kinds");
    let place = CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::EuWest1);
    let call = cloud.s3().create_bucket().bucket(&name).create_bucket_configuration(place.build());
    call.send().await.unwrap();
    name
}

async fn function(cloud: &Cloud) -> (Subject, Json) {
    let folder = TempDir::new().unwrap();
    let function = create("lambda_function", cloud, smallest(cloud, folder.path()).await).await;
    let arn = function.ready().await.outputs["arn"].clone();
    (function, arn)
}

pub async fn life(cloud: &Cloud) {
    let (bucket, (function, arn)) = (bucket(cloud).await, function(cloud).await);
    let inputs = json!({"bucket": bucket, "function": arn});
    let changes = [
        json!({"prefix": "incoming/", "suffix": ".csv"}),
        json!({"events": ["s3:ObjectCreated:Put", "s3:ObjectRemoved:*"], "prefix": "in coming/+ä"}),
        json!({"prefix": null}),
    ];
    lifecycle("trigger", cloud, inputs, &changes).await;
    function.delete().await;
}

/// Entries of others stay, whatever happens to ours.
async fn foreign_entries_stay(cloud: &Cloud) {
    let (bucket, (function, arn)) = (bucket(cloud).await, function(cloud).await);
    let queue = create("queue", cloud, json!({"name": unique("kinds")})).await;
    let queue_arn = queue.ready().await.outputs["arn"].as_str().unwrap().to_owned();
    let lambda =
        LambdaFunctionConfiguration::builder().id("theirs").events(Event::from("s3:ObjectRemoved:*"));
    let sqs = QueueConfiguration::builder().id("letters").events(Event::from("s3:ObjectRestore:*"));
    let theirs = NotificationConfiguration::builder()
        .lambda_function_configurations(lambda.lambda_function_arn(arn.as_str().unwrap()).build().unwrap())
        .queue_configurations(sqs.queue_arn(queue_arn).build().unwrap())
        .event_bridge_configuration(EventBridgeConfiguration::builder().build());
    let put = cloud.s3().put_bucket_notification_configuration().bucket(&bucket);
    put.notification_configuration(theirs.build()).send().await.unwrap();
    let all = || async {
        let call = cloud.s3().get_bucket_notification_configuration().bucket(&bucket);
        let found = call.send().await.unwrap();
        let lambdas = found.lambda_function_configurations().to_vec();
        (lambdas, found.queue_configurations().to_vec(), found.event_bridge_configuration().cloned())
    };
    let before = all().await;
    assert_eq!((before.0.len(), before.1.len()), (1, 1));

    let mut subject = create("trigger", cloud, json!({"bucket": bucket, "function": arn})).await;
    subject.change(&json!({"prefix": "incoming/"})).await;
    let now = all().await;
    assert_eq!((now.0.len(), &now.1, &now.2), (2, &before.1, &before.2));
    assert!(now.0.contains(&before.0[0]), "{now:?}");
    subject.delete().await;
    assert_eq!(all().await, before);
    function.delete().await;
}

async fn many_at_once(cloud: &Cloud) {
    let (bucket, (function, arn)) = (bucket(cloud).await, function(cloud).await);
    let make = |i: usize| {
        create("trigger", cloud, json!({"bucket": bucket, "function": arn, "prefix": format!("p{i}/")}))
    };
    let subjects = futures::future::join_all((0..6).map(make)).await;
    let found = cloud.s3().get_bucket_notification_configuration().bucket(&bucket).send().await.unwrap();
    assert_eq!(found.lambda_function_configurations().len(), 6);
    let policy =
        cloud.lambda().get_policy().function_name(&function.id.0).send().await.unwrap().policy.unwrap();
    let policy: Json = serde_json::from_str(&policy).unwrap();
    assert_eq!(policy["Statement"].as_array().unwrap().len(), 6);
    futures::future::join_all(subjects.into_iter().map(Subject::delete)).await;
    function.delete().await;
}

/// Either half alone is seen as a difference, healed, and found when it is to be deleted.
async fn halves_heal(cloud: &Cloud) {
    let (bucket, (function, arn)) = (bucket(cloud).await, function(cloud).await);
    let mut subject = create("trigger", cloud, json!({"bucket": bucket, "function": arn})).await;
    let entry = subject.ready().await.outputs["entry"].as_str().unwrap().to_owned();
    let revoke =
        || cloud.lambda().remove_permission().function_name(&function.id.0).statement_id(&entry).send();
    revoke().await.unwrap();
    assert_eq!(subject.ready().await.inputs["events"], json!([]));
    subject.converge().await;
    assert_eq!(subject.find(&subject.owner).await, Some(subject.id.clone()));
    revoke().await.unwrap();
    subject.delete().await;
    function.delete().await;
}

/// The bucket and the function may go first.
async fn outlives_its_ends(cloud: &Cloud) {
    let (bucket, (function, arn)) = (bucket(cloud).await, function(cloud).await);
    let subject = create("trigger", cloud, json!({"bucket": bucket, "function": arn})).await;
    cloud.s3().delete_bucket().bucket(&bucket).send().await.unwrap();
    subject.delete().await;
    let bucket = self::bucket(cloud).await;
    let subject = create("trigger", cloud, json!({"bucket": bucket, "function": arn})).await;
    function.delete().await;
    subject.delete().await;
}

on_both!(life, foreign_entries_stay, many_at_once, halves_heal, outlives_its_ends);

/// Notes its environment and each event in the file `EVIDENCE`, then succeeds, or fails if the event says `bad`.
const HANDLER: &str = include_str!("noter/main.rs");

async fn evidence(path: &Path, wanted: &str) -> String {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        if text.contains(wanted) {
            return text;
        }
        assert!(Instant::now() < deadline, "no `{wanted}` in: {text}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Built by `package`, created by `lambda_function`, called by `trigger`, failed into the dead letter queue.
#[tokio::test]
async fn an_upload_runs_the_function_that_was_built() {
    let (cloud, folder) = (ministack(), TempDir::new().unwrap());
    let manifest = "[package]\nname = \"noter\"\nedition = \"2021\"\n";
    std::fs::create_dir_all(folder.path().join("noter/src")).unwrap();
    std::fs::write(folder.path().join("noter/Cargo.toml"), manifest).unwrap();
    let lock = "version = 4\n\n[[package]]\nname = \"noter\"\nversion = \"0.0.0\"\n";
    std::fs::write(folder.path().join("noter/Cargo.lock"), lock).unwrap();
    std::fs::write(folder.path().join("noter/src/main.rs"), HANDLER).unwrap();
    let target = folder.path().join("target");
    let mut request = Request::new(folder.path(), "noter");
    request.local = true;
    request.target_dir = Some(&target);
    let artifact = build(&request, &mut |_| ()).unwrap();

    let seen = folder.path().join("seen");
    let queue = create("queue", &cloud, json!({"name": unique("kinds")})).await;
    let letters = queue.ready().await.outputs;
    let inputs = json!({"name": unique("kinds"), "role": role(&cloud).await, "source": "noter",
        "artifact": artifact.zip, "code_sha256": artifact.code_sha256, "environment": {"EVIDENCE": seen},
        "dead_letter": letters["arn"], "max_retries": 0, "log_group": "/kinds/noter"});
    let function = create("lambda_function", &cloud, inputs).await;
    let observed = function.ready().await;
    assert_eq!(observed.inputs["architecture"], json!(artifact.architecture));
    let bucket = bucket(&cloud).await;
    let filter = json!({"prefix": "incoming/", "suffix": ".csv"});
    let inputs = with(&json!({"bucket": bucket, "function": observed.outputs["arn"]}), &filter);
    let trigger = create("trigger", &cloud, inputs).await;

    let put = |key: &'static str| {
        let body = ByteStream::from_static(b"id,amount\n1,2\n");
        cloud.s3().put_object().bucket(&bucket).key(key).body(body).send()
    };
    put("elsewhere/ignored.csv").await.unwrap();
    put("incoming/ignored.json").await.unwrap();
    put("incoming/good.csv").await.unwrap();
    let text = evidence(&seen, "good.csv").await;
    assert!(!text.contains("ignored"), "{text}");
    assert!(text.contains("env AWS_REGION=eu-west-1"), "{text}");
    put("incoming/bad.csv").await.unwrap();
    evidence(&seen, "bad.csv").await;

    let call =
        cloud.sqs().receive_message().queue_url(letters["url"].as_str().unwrap()).wait_time_seconds(15);
    let received = call.send().await.unwrap().messages.unwrap_or_default();
    assert_eq!(received.len(), 1, "no dead letter");
    assert!(received[0].body().unwrap().contains("incoming/bad.csv"), "{received:?}");
    if let Ok(path) = std::env::var("STACKCTL_SHOW_EVIDENCE") {
        std::fs::copy(&seen, path).unwrap();
    }

    trigger.delete().await;
    function.delete().await;
    queue.delete().await;
}

/// A bucket whose notifications have this entry, and which takes no second one until it was asked so often.
async fn beside(entry: &'static str, refusals: usize) -> (stackctl::error::Error, bool, usize) {
    let (cloud, calls) = aws(move |asked| match asked.operation() {
        "GetPolicy" => Answer::refused(404, "ResourceNotFoundException", "none"),
        "AddPermission" => Answer::json(json!({})).status(201),
        "GetBucketNotificationConfiguration" => Answer::text(
            200,
            &format!(
                "<NotificationConfiguration><CloudFunctionConfiguration><Id>{entry}</Id><CloudFunction>{OTHER}</CloudFunction>\
                 <Event>s3:ObjectCreated:*</Event></CloudFunctionConfiguration></NotificationConfiguration>"
            ),
        ),
        _ => Answer::refused(
            400,
            "InvalidArgument",
            "Configuration is ambiguously defined. Cannot have overlapping suffixes",
        ),
    });
    let kind = resource::kind("trigger").unwrap();
    let owner = owner("trigger");
    let inputs = with_defaults(kind.inputs(), json!({"bucket": "raw", "function": OTHER}));
    let mut error = None;
    for _ in 0..refusals {
        error = kind.create(&Create { cloud: &cloud, owner: &owner }, inputs.clone()).await.err();
    }
    let error = error.unwrap();
    let again = passes(kind, &error);
    (error, again, calls.count("PutBucketNotificationConfiguration"))
}

const OTHER: &str = "arn:aws:lambda:eu-west-1:000000000000:function:other";

/// Two triggers of a stack may change places side by side: who is refused for the other's sake is tried again for a while. What
/// somebody else has put there stays there.
#[tokio::test]
async fn a_trigger_that_moves_away_is_waited_for() {
    let (error, again, puts) = beside("stackctl-loans-ingest-0a1b2c3d-4e5f60", 2).await;
    assert!(
        again && puts == 2 && error.to_string().contains("stackctl-loans-ingest-0a1b2c3d-4e5f60"),
        "{error}"
    );
    let (error, again, _) = beside("theirs", 1).await;
    assert!(!again && error.to_string().contains("`theirs`"), "{error}");
}
