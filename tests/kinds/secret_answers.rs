//! Secrets Manager as it may answer: late, and in its own spelling.

use crate::harness::with_defaults;
use aws_smithy_http_client::test_util::infallible_client_fn;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value as Json, json};
use stackctl::cloud::Cloud;
use stackctl::diff::{complete, diff};
use stackctl::resource::{self, Id, Kind, Observed};
use std::sync::{Arc, Mutex};

const ARN: &str = "arn:aws:secretsmanager:eu-west-1:1:secret:";

/// What DescribeSecret says; PutSecretValue makes the version `v2` and shows it only when somebody says so.
fn manager(described: &Arc<Mutex<Json>>) -> Cloud {
    let described = described.clone();
    let http = infallible_client_fn(move |request: http::Request<SdkBody>| {
        let target = request.headers()["x-amz-target"].to_str().unwrap().to_owned();
        let answer = match target.rsplit('.').next().unwrap() {
            "DescribeSecret" => described.lock().unwrap().clone(),
            "PutSecretValue" => json!({"VersionId": "v2"}),
            _ => json!({}),
        };
        http::Response::builder().status(200).body(SdkBody::from(answer.to_string())).unwrap()
    });
    let mut cloud = Cloud::emulator("http://aws.invalid", "eu-west-1", http);
    cloud.emulated = false;
    cloud
}

fn kind() -> &'static dyn Kind {
    resource::kind("secret").unwrap()
}

async fn read(cloud: &Cloud, id: &Id) -> Observed {
    kind().read(cloud, std::slice::from_ref(id)).await.unwrap().remove(id).unwrap()
}

/// DescribeSecret answers an id or the ARN of the alias, whatever was given.
#[tokio::test]
async fn a_key_reads_back_in_another_spelling() {
    for (given, answered) in [
        ("alias/loans", "arn:aws:kms:eu-west-1:1:alias/loans"),
        ("arn:aws:kms:eu-west-1:1:key/1234", "1234"),
        ("1234", "arn:aws:kms:eu-west-1:1:key/1234"),
    ] {
        let id = Id(format!("{ARN}key"));
        let described = Arc::new(Mutex::new(json!({"ARN": id.0, "Name": "key", "KmsKeyId": answered})));
        let cloud = manager(&described);
        let wanted = with_defaults(kind().inputs(), json!({"name": "key", "kms_key": given}));
        let seen = complete(kind().inputs(), &read(&cloud, &id).await.inputs, &wanted);
        assert_eq!(diff(kind().inputs(), &seen, &wanted), vec![], "{given}");
    }
}

/// A database that is told the version before sets the old password, and nobody sees it.
#[tokio::test]
async fn the_version_that_was_written_is_the_current_one_before_it_shows() {
    let id = Id(format!("{ARN}late"));
    let stages = |stages: Json| json!({"ARN": id.0, "Name": "late", "VersionIdsToStages": stages});
    let described = Arc::new(Mutex::new(stages(json!({"v1": ["AWSCURRENT"]}))));
    let cloud = manager(&described);
    let version = async || read(&cloud, &id).await.outputs["version_id"].clone();
    assert_eq!(version().await, "v1");
    let block = |rotate: &str| json!({"name": "late", "generate": {}, "rotate": rotate});
    let wanted = |rotate: &str| with_defaults(kind().inputs(), block(rotate));
    kind().update(&cloud, &id, wanted("1"), wanted("2")).await.unwrap();
    assert_eq!(version().await, "v2", "not the one that still shows");
    *described.lock().unwrap() = stages(json!({"v1": ["AWSPREVIOUS"], "v2": ["AWSCURRENT"]}));
    assert_eq!(version().await, "v2");
    *described.lock().unwrap() = stages(json!({"v2": ["AWSPREVIOUS"], "v3": ["AWSCURRENT"]}));
    assert_eq!(version().await, "v3", "somebody else's");
}
