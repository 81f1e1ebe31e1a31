//! A role that was deleted stands in policies as its id, also after another one of its name was made. SQS and S3 are played:
//! emulators know no ids of principals.

use crate::harness::with_defaults;
use aws_smithy_http_client::test_util::infallible_client_fn;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value as Json, json};
use stackctl::cloud::Cloud;
use stackctl::diff::diff;
use stackctl::resource::{self, Id};
use std::sync::{Arc, Mutex};

const ROLE: &str = "arn:aws:iam::123456789012:role/web";

fn policy(principal: &str) -> Json {
    let allow = json!({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sqs:SendMessage", "Resource": "*"});
    json!({"Version": "2012-10-17", "Statement": [allow]})
}

/// Operation and body of each request.
type Asked = Arc<Mutex<Vec<(String, String)>>>;

/// A cloud that answers every call the same, and what it was asked.
fn cloud(answer: impl Fn(&str) -> Json + Send + Sync + 'static) -> (Cloud, Asked) {
    let asked = Asked::default();
    let heard = asked.clone();
    let http = infallible_client_fn(move |request: http::Request<SdkBody>| {
        let target = request.headers().get("x-amz-target").map(|target| target.to_str().unwrap().to_owned());
        let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        let operation = target.unwrap_or(format!("{} {path}", request.method()));
        let body = String::from_utf8_lossy(request.body().bytes().unwrap()).into_owned();
        let text = answer(&operation).to_string();
        heard.lock().unwrap().push((operation, body));
        http::Response::builder().status(200).body(SdkBody::from(text)).unwrap()
    });
    let mut cloud = Cloud::emulator("http://aws.invalid", "eu-west-1", http);
    cloud.emulated = false;
    (cloud, asked)
}

#[tokio::test]
async fn a_queue_that_names_a_deleted_role_differs_and_is_written_again() {
    let (cloud, asked) = cloud(|operation| match operation {
        "AmazonSQS.GetQueueAttributes" => json!({"Attributes": {
            "QueueArn": "arn:aws:sqs:eu-west-1:123456789012:jobs", "Policy": policy("AROAEXAMPLE").to_string()}}),
        _ => json!({}),
    });
    let (kind, id) = (resource::kind("queue").unwrap(), Id::from("http://aws.invalid/123456789012/jobs"));
    let seen = kind.read(&cloud, std::slice::from_ref(&id)).await.unwrap().remove(&id).unwrap().inputs;
    let mut wanted = seen.clone();
    wanted["policy"] = policy(ROLE);
    assert!(diff(kind.inputs(), &seen, &wanted).iter().all(|change| change.is_within("policy")));
    assert!(!diff(kind.inputs(), &seen, &wanted).is_empty());
    // Whether it reads as it was, or as if nothing had happened.
    for before in [seen, {
        let mut unknown = wanted.clone();
        unknown["policy"] = Json::Null;
        unknown
    }] {
        asked.lock().unwrap().clear();
        kind.update(&cloud, &id, before, wanted.clone()).await.unwrap();
        let asked = asked.lock().unwrap().clone();
        assert_eq!(asked.len(), 1, "{asked:?}");
        assert!(asked[0].0 == "AmazonSQS.SetQueueAttributes" && asked[0].1.contains("role/web"), "{asked:?}");
    }
}

#[tokio::test]
async fn a_bucket_that_names_a_deleted_role_is_written_again() {
    let (cloud, asked) = cloud(|_| json!(""));
    let (kind, id) = (resource::kind("bucket").unwrap(), Id::from("raw"));
    let bucket = |policy: Json| with_defaults(kind.inputs(), json!({"name": "raw", "policy": policy}));
    let wanted = bucket(policy(ROLE));
    assert!(!diff(kind.inputs(), &bucket(policy("AROAEXAMPLE")), &wanted).is_empty());
    for before in [bucket(policy("AROAEXAMPLE")), bucket(Json::Null)] {
        asked.lock().unwrap().clear();
        kind.update(&cloud, &id, before, wanted.clone()).await.unwrap();
        let asked = asked.lock().unwrap().clone();
        assert_eq!(asked.len(), 1, "{asked:?}");
        assert!(
            asked[0].0.starts_with("PUT /")
                && asked[0].0.contains("policy")
                && asked[0].1.contains("role/web"),
            "{asked:?}"
        );
    }
}
