//! The Athena workgroup: its life on MiniStack. moto cannot change one, so only its beginning, its tags and its end are
//! tried there; what MiniStack does not mind is tried with replayed answers.

use crate::answers::{Answer, Calls, aws};
use crate::emulator::{ministack, moto};
use crate::harness::{create, lifecycle, owner, unique, with_defaults};
use serde_json::{Value as Json, json};
use stackctl::cloud::Cloud;
use stackctl::resource::{self, Create, Id, Observed, Status};

const KEY: &str = "arn:aws:kms:eu-west-1:123456789012:key/x";

pub async fn life(cloud: &Cloud) {
    let inputs = json!({"name": unique("kinds"), "description": "analysts", "output_location": "s3://lake/athena/",
        "encryption": "SSE_KMS", "kms_key": KEY, "bytes_scanned_cutoff": 10_000_000,
        "tags": {"owner": "x", "old": "1"}});
    let changes = [
        json!({"enabled": false, "enforce": false, "publish_metrics": false, "bytes_scanned_cutoff": 1_000_000_000_000_u64}),
        json!({"encryption": "SSE_S3", "kms_key": null, "requester_pays": true}),
        json!({"encryption": null, "output_location": null, "description": null, "enabled": true}),
        json!({"engine_version": "Athena engine version 3", "output_location": "s3://lake/other/"}),
        json!({"tags": {"owner": "y", "new": "2"}}),
        json!({"tags": {}}),
    ];
    lifecycle("athena_workgroup", cloud, inputs, &changes).await;
}

#[tokio::test]
async fn lives_on_ministack() {
    life(&ministack()).await;
}

fn moto_account() -> Cloud {
    let mut cloud = moto();
    // moto's own: Athena does not tell whose a workgroup is.
    cloud.account = "123456789012".to_owned();
    cloud
}

#[tokio::test]
async fn lives_on_moto() {
    let inputs = json!({"name": unique("kinds"), "description": "analysts", "output_location": "s3://lake/athena/",
        "encryption": "SSE_S3", "bytes_scanned_cutoff": 10_000_000, "tags": {"owner": "x", "old": "1"}});
    let changes = [json!({"tags": {"owner": "y", "new": "2"}}), json!({"tags": {}})];
    lifecycle("athena_workgroup", &moto_account(), inputs, &changes).await;
}

async fn name_is_taken(cloud: &Cloud) {
    let group = create("athena_workgroup", cloud, json!({"name": unique("kinds")})).await;
    let again = Create { cloud, owner: &group.owner };
    assert_eq!(group.kind.create(&again, group.wanted.clone()).await.unwrap(), group.id);
    let other = owner("athena_workgroup");
    let other = Create { cloud, owner: &other };
    let error = group.kind.create(&other, group.wanted.clone()).await.unwrap_err().to_string();
    assert!(error.contains("exists already and this stack did not create it"), "{error}");
    group.delete().await;
}

#[tokio::test]
async fn name_is_taken_on_ministack() {
    name_is_taken(&ministack()).await;
}

#[tokio::test]
async fn name_is_taken_on_moto() {
    name_is_taken(&moto_account()).await;
}

/// An Athena that answers everything alike, and what it was asked.
fn replayed(answer: Answer) -> (Cloud, Calls) {
    aws(move |_| answer.clone())
}

fn refusing(message: &str) -> (Cloud, Calls) {
    replayed(Answer::refused(400, "InvalidRequestException", message))
}

fn inputs(more: Json) -> Json {
    let mut inputs = json!({"name": "a"});
    inputs.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    with_defaults(resource::kind("athena_workgroup").unwrap().inputs(), inputs)
}

/// Athena keeps what an update leaves out: what is unset is removed by name.
#[tokio::test]
async fn what_is_unset_is_removed() {
    let (cloud, asked) = replayed(Answer::json(json!({})));
    let before = inputs(
        json!({"output_location": "s3://x", "encryption": "SSE_S3", "bytes_scanned_cutoff": 10_000_000,
        "expected_bucket_owner": "123456789012", "description": "x"}),
    );
    let kind = resource::kind("athena_workgroup").unwrap();
    kind.update(&cloud, &Id::from("a"), before, inputs(json!({}))).await.unwrap();
    let asked = asked.sent("UpdateWorkGroup");
    let updates = &asked[0]["ConfigurationUpdates"];
    assert_eq!(updates["RemoveBytesScannedCutoffPerQuery"], true);
    let results = &updates["ResultConfigurationUpdates"];
    for name in ["RemoveOutputLocation", "RemoveEncryptionConfiguration", "RemoveExpectedBucketOwner"] {
        assert_eq!(results[name], true, "{name}: {results}");
    }
    assert_eq!((asked.len(), &asked[0]["Description"]), (1, &json!("")));
}

/// The tags come in pages, and ours may be on the second.
#[tokio::test]
async fn tags_are_read_to_the_last_page() {
    let (cloud, asked) = aws(|asked| match (asked.operation(), asked.json()["NextToken"].as_str()) {
        ("GetWorkGroup", _) => Answer::json(json!({"WorkGroup": {"Name": "a"}})),
        (_, None) => Answer::json(json!({"Tags": [{"Key": "a", "Value": "1"}], "NextToken": "more"})),
        _ => Answer::json(json!({"Tags": [{"Key": "b", "Value": "2"}]})),
    });
    let found = resource::kind("athena_workgroup").unwrap().read(&cloud, &[Id::from("a")]).await.unwrap();
    assert_eq!(found[&Id::from("a")].inputs["tags"], json!({"a": "1", "b": "2"}));
    assert_eq!(asked.count("ListTagsForResource"), 2);
}

/// Athena has one code for everything; only these words mean that it is gone.
#[tokio::test]
async fn gone_is_what_athena_says_is_gone() {
    let kind = resource::kind("athena_workgroup").unwrap();
    let ids = [Id::from("a")];
    let live = || Observed {
        inputs: inputs(json!({})),
        outputs: json!({"arn": "a", "name": "a"}),
        status: Status::Ready,
        owner: None,
    };
    let (cloud, _) = refusing("WorkGroup a is not found.");
    assert!(kind.read(&cloud, &ids).await.unwrap().is_empty());
    kind.delete(&cloud, &ids[0], live()).await.unwrap();
    let (cloud, _) = refusing("WorkGroup name is malformed");
    assert!(kind.read(&cloud, &ids).await.is_err());
    let (cloud, asked) = refusing("WorkGroup a is not empty");
    let error = kind.delete(&cloud, &ids[0], live()).await.unwrap_err().to_string();
    assert!(error.contains("set force_destroy = true"), "{error}");
    assert_eq!(asked.sent("DeleteWorkGroup")[0]["RecursiveDeleteOption"], false);
    let (cloud, asked) = replayed(Answer::json(json!({})));
    let live = Observed { inputs: inputs(json!({"force_destroy": true})), ..live() };
    kind.delete(&cloud, &ids[0], live).await.unwrap();
    assert_eq!(asked.sent("DeleteWorkGroup")[0]["RecursiveDeleteOption"], true);
}
