//! On MiniStack only: moto answers GetBucketVersioning with a document that no AWS SDK for Rust can read.

use crate::emulator::ministack;
use crate::harness::{Subject, create, lifecycle, unique};
use crate::watched::during;
use aws_sdk_s3::primitives::ByteStream;
use serde_json::{Value as Json, json};
use stackctl::cloud::Cloud;
use stackctl::permissions::Verb;

const KEY: &str = "arn:aws:kms:eu-west-1:000000000000:key/11111111-2222-3333-4444-555555555555";

fn policy(name: &str, action: &str) -> Json {
    json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action,
        "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Resource": format!("arn:aws:s3:::{name}/*")}})
}

pub async fn life(cloud: &Cloud) {
    let name = unique("loans");
    let rules = json!([
        {"id": "old", "prefix": "raw/", "expiration_days": 90, "transitions": [
            {"days": 60, "storage_class": "GLACIER"}, {"days": 30, "storage_class": "STANDARD_IA"}]},
        {"id": "all", "noncurrent_expiration_days": 30, "abort_incomplete_multipart_days": 1},
    ]);
    let changes = [
        json!({"versioning": false}),
        json!({"versioning": true}),
        json!({"encryption": "aws:kms"}),
        json!({"kms_key": KEY}),
        json!({"encryption": "AES256", "kms_key": null}),
        json!({"block_public_access": false}),
        json!({"block_public_access": true}),
        json!({"policy": policy(&name, "s3:GetObject")}),
        json!({"policy": policy(&name, "s3:PutObject")}),
        json!({"tls_only": false}),
        json!({"policy": null}),
        json!({"tls_only": true}),
        json!({"lifecycle_rules": rules}),
        json!({"abort_incomplete_multipart_days": 0}),
        json!({"lifecycle_rules": []}),
        json!({"abort_incomplete_multipart_days": 3}),
        json!({"ownership": "BucketOwnerPreferred"}),
        json!({"ownership": "BucketOwnerEnforced"}),
        json!({"tags": {"owner": "y", "new": "2"}}),
        json!({"tags": {}}),
    ];
    lifecycle("bucket", cloud, json!({"name": name, "tags": {"owner": "x", "old": "1"}}), &changes).await;
}

#[tokio::test]
async fn lives_on_ministack() {
    life(&ministack()).await;
}

/// Versions, a delete marker and an unfinished upload.
async fn fill(bucket: &Subject) {
    let s3 = bucket.cloud.s3();
    for key in ["a b/ä+1", "gone", "gone"] {
        let call = s3.put_object().bucket(&bucket.id.0).key(key);
        call.body(ByteStream::from_static(b"1")).send().await.unwrap();
    }
    s3.delete_object().bucket(&bucket.id.0).key("gone").send().await.unwrap();
    s3.create_multipart_upload().bucket(&bucket.id.0).key("part").send().await.unwrap();
}

/// A bucket that is emptied when it goes.
pub async fn end(cloud: &Cloud) {
    let bucket = create("bucket", cloud, json!({"name": unique("full")})).await;
    fill(&bucket).await;
    force(bucket).await;
}

async fn force(bucket: Subject) {
    let mut live = bucket.read().await.unwrap();
    live.inputs["force_destroy"] = json!(true);
    let delete = bucket.kind.delete(&bucket.cloud, &bucket.id, live);
    during(bucket.kind, Verb::Delete, delete).await.unwrap();
    assert_eq!(bucket.read().await, None);
}

#[tokio::test]
async fn is_emptied_only_when_told_so() {
    let cloud = ministack();
    let bucket = create("bucket", &cloud, json!({"name": unique("full")})).await;
    fill(&bucket).await;
    let live = bucket.read().await.unwrap();
    let error = bucket.kind.delete(&cloud, &bucket.id, live).await.unwrap_err().to_string();
    assert!(error.contains("force_destroy = true"), "{error}");
    force(bucket).await;
}

/// More than one page of a thousand.
#[tokio::test]
async fn many_versions_are_emptied() {
    let bucket = create("bucket", &ministack(), json!({"name": unique("many")})).await;
    let s3 = bucket.cloud.s3();
    let put = |at: usize| s3.put_object().bucket(&bucket.id.0).key(format!("k{}", at % 700)).send();
    for chunk in (0..1400).collect::<Vec<_>>().chunks(100) {
        futures::future::try_join_all(chunk.iter().map(|at| put(*at))).await.unwrap();
    }
    force(bucket).await;
}

/// S3 stores one document; both attributes come back as they were given.
#[tokio::test]
async fn the_tls_statement_stands_beside_the_policy() {
    let cloud = ministack();
    let name = unique("tls");
    let bucket =
        create("bucket", &cloud, json!({"name": name, "policy": policy(&name, "s3:GetObject")})).await;
    let stored = cloud.s3().get_bucket_policy().bucket(&name).send().await.unwrap().policy.unwrap();
    let stored: Json = serde_json::from_str(&stored).unwrap();
    assert_eq!(stored["Statement"].as_array().unwrap().len(), 2);
    assert_eq!(stored["Statement"][1]["Condition"]["Bool"]["aws:SecureTransport"], "false");
    let seen = bucket.read().await.unwrap().inputs;
    assert_eq!(seen["tls_only"], true);
    assert_eq!(seen["policy"]["Statement"].as_array().map(Vec::len), Some(1));
    bucket.delete().await;
}

#[tokio::test]
async fn ownership_tags_survive_a_change_of_tags() {
    let cloud = ministack();
    let mut bucket = create("bucket", &cloud, json!({"name": unique("tags"), "tags": {"a": "1"}})).await;
    bucket.change(&json!({"tags": {"b": "2"}})).await;
    assert_eq!(bucket.find(&bucket.owner).await, Some(bucket.id.clone()));
    bucket.change(&json!({"tags": {}})).await;
    assert_eq!(bucket.find(&bucket.owner).await, Some(bucket.id.clone()));
    bucket.delete().await;
}

#[tokio::test]
async fn a_name_in_use_is_explained() {
    let bucket = create("bucket", &ministack(), json!({"name": unique("mine")})).await;
    let other = crate::harness::owner("bucket");
    let ctx = stackctl::resource::Create { cloud: &bucket.cloud, owner: &other };
    let error = bucket.kind.create(&ctx, bucket.wanted.clone()).await.unwrap_err().to_string();
    assert!(error.contains("another `name`"), "{error}");
    let ctx = stackctl::resource::Create { cloud: &bucket.cloud, owner: &bucket.owner };
    assert_eq!(bucket.kind.create(&ctx, bucket.wanted.clone()).await.unwrap(), bucket.id);
    bucket.delete().await;
}
