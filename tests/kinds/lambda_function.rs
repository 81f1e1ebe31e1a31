//! The Lambda function: its life, its two-step update, and whose it is. That it runs is in `trigger.rs`.

use crate::emulator::{ministack, moto};
use crate::harness::{Subject, create, lifecycle, owner, retrying, unique};
use serde_json::{Value as Json, json};
use stackctl::cloud::Cloud;
use stackctl::diff::{complete, diff};
use stackctl::package;
use stackctl::resource::{self, Create};
use std::io::{Cursor, Write};
use std::path::Path;
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

/// A role that Lambda may assume, made without its kind.
pub async fn role(cloud: &Cloud) -> String {
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "lambda.amazonaws.com"}}]});
    let call = cloud.iam().create_role().role_name(unique("kinds"));
    let made = call.assume_role_policy_document(trust.to_string()).send().await.unwrap();
    made.role.unwrap().arn
}

/// A zip with a shell script, different for each `text`: `artifact` and `code_sha256`.
fn script(folder: &Path, text: &str) -> Json {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bootstrap", SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
    write!(zip, "#!/bin/sh\necho {text}\n").unwrap();
    let bytes = zip.finish().unwrap().into_inner();
    let path = folder.join(format!("{text}.zip"));
    std::fs::write(&path, &bytes).unwrap();
    package::inspect(&path, "provided.al2023", None).unwrap();
    json!({"artifact": path, "code_sha256": package::sha256(&bytes)})
}

/// `base` with the attributes of `more`.
pub fn with(base: &Json, more: &Json) -> Json {
    let mut all = base.as_object().unwrap().clone();
    all.extend(more.as_object().unwrap().clone());
    Json::Object(all)
}

/// The least that makes a function.
pub async fn smallest(cloud: &Cloud, folder: &Path) -> Json {
    with(&json!({"name": unique("kinds"), "role": role(cloud).await}), &script(folder, "first"))
}

#[tokio::test]
async fn lives_on_moto() {
    let (cloud, folder) = (moto(), TempDir::new().unwrap());
    let base = smallest(&cloud, folder.path()).await;
    let inputs = json!({"description": "loads", "environment": {"A1": "1", "B1": "2"}, "timeout": 60,
        "tags": {"Name": "test", "old": "1"}, "max_retries": 0, "reserved_concurrency": 3});
    let changes = [
        json!({"memory": 512, "timeout": 90, "environment": {"A1": "x", "C1": "3"}, "description": "more"}),
        json!({"role": role(&cloud).await, "environment": {}, "reserved_concurrency": null}),
        // moto keeps the first of all configurations of asynchronous invocations, so that does not change here.
        json!({"tags": {"Name": "other", "new": "x"}}),
        script(folder.path(), "second"),
        json!({"tags": {}, "reserved_concurrency": 5}),
    ];
    lifecycle("lambda_function", &cloud, with(&base, &inputs), &changes).await;
}

/// What moto forgets is here too: tracing, storage, dead letters, log groups.
pub async fn life(cloud: &Cloud) {
    let folder = TempDir::new().unwrap();
    let base = smallest(cloud, folder.path()).await;
    let queue = create("queue", cloud, json!({"name": unique("kinds")})).await;
    let queue_arn = queue.ready().await.outputs["arn"].clone();
    let inputs = json!({"description": "loads", "environment": {"A1": "1"}, "timeout": 60, "tracing": true,
        "dead_letter": queue_arn, "ephemeral_storage": 1024, "log_group": "/loans/loader", "architecture": "arm64",
        "subnet_ids": ["subnet-2", "subnet-1"], "security_group_ids": ["sg-1"],
        "tags": {"Name": "test", "old": "1"}, "max_retries": 0, "reserved_concurrency": 3});
    let changes = [
        json!({"memory": 512, "environment": {"A1": "x", "C1": "3"}, "description": "more", "tracing": false}),
        json!({"ephemeral_storage": 512, "dead_letter": null, "log_group": "/loans/other", "handler": "main"}),
        json!({"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1", "sg-2"]}),
        json!({"subnet_ids": [], "security_group_ids": [], "environment": {}, "description": null}),
        json!({"max_retries": 1, "max_event_age": 120, "tags": {"Name": "other", "new": "x"}}),
        json!({"max_retries": 2, "max_event_age": 21_600, "reserved_concurrency": 0, "dead_letter": queue_arn}),
        script(folder.path(), "second"),
        json!({"architecture": "x86_64"}),
        json!({"role": role(cloud).await, "runtime": "provided.al2", "tags": {}}),
    ];
    lifecycle("lambda_function", cloud, with(&base, &inputs), &changes).await;
    queue.delete().await;
}

#[tokio::test]
async fn lives_on_ministack() {
    life(&ministack()).await;
}

/// Configuration and code at once take two rounds of update and wait.
async fn both_at_once(cloud: &Cloud) {
    let folder = TempDir::new().unwrap();
    let base = smallest(cloud, folder.path()).await;
    let mut subject = create("lambda_function", cloud, base).await;
    subject.wanted = with(&subject.wanted, &with(&json!({"memory": 1024}), &script(folder.path(), "second")));
    let mut rounds = 0;
    while !left(&subject).await.is_empty() {
        let before = subject.ready().await.inputs;
        let update = || subject.kind.update(cloud, &subject.id, before.clone(), subject.wanted.clone());
        retrying(subject.kind, update).await.unwrap();
        rounds += 1;
        assert!(rounds <= 2, "{:?}", left(&subject).await);
    }
    assert_eq!(rounds, 2);
    subject.delete().await;
}

async fn left(subject: &Subject) -> Vec<String> {
    let schema = subject.kind.inputs();
    let now = complete(schema, &subject.ready().await.inputs, &subject.wanted);
    diff(schema, &now, &subject.wanted).into_iter().map(|change| change.path.to_string()).collect()
}

/// A name that is taken is refused, unless it is by this very intent: then an answer was lost.
async fn name_is_taken(cloud: &Cloud) {
    let folder = TempDir::new().unwrap();
    let subject = create("lambda_function", cloud, smallest(cloud, folder.path()).await).await;
    let same = Create { cloud, owner: &subject.owner };
    assert_eq!(subject.kind.create(&same, subject.wanted.clone()).await.unwrap(), subject.id);
    let other = owner("lambda_function");
    let other = Create { cloud, owner: &other };
    let error = subject.kind.create(&other, subject.wanted.clone()).await.unwrap_err().to_string();
    assert!(error.contains("exists already and this stack did not create it"), "{error}");
    subject.delete().await;
}

#[tokio::test]
async fn both_at_once_on_moto() {
    both_at_once(&moto()).await;
}

#[tokio::test]
async fn both_at_once_on_ministack() {
    both_at_once(&ministack()).await;
}

#[tokio::test]
async fn name_is_taken_on_moto() {
    name_is_taken(&moto()).await;
}

#[tokio::test]
async fn name_is_taken_on_ministack() {
    name_is_taken(&ministack()).await;
}

/// What was planned is what is deployed.
#[tokio::test]
async fn a_zip_that_changed_since_the_plan_is_refused() {
    let (cloud, folder) = (moto(), TempDir::new().unwrap());
    let inputs = smallest(&cloud, folder.path()).await;
    let kind = resource::kind("lambda_function").unwrap();
    let (owner, path) = (owner("lambda_function"), inputs["artifact"].as_str().unwrap());
    std::fs::write(path, "PK other").unwrap();
    let error = kind.create(&Create { cloud: &cloud, owner: &owner }, inputs.clone()).await.unwrap_err();
    assert!(error.to_string().contains("changed since the plan was made"), "{error}");
    std::fs::remove_file(path).unwrap();
    let error = kind.create(&Create { cloud: &cloud, owner: &owner }, inputs.clone()).await.unwrap_err();
    assert!(error.to_string().contains(&format!("cannot read {path}")), "{error}");
}
