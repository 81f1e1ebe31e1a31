//! The Lambda function: its life, its two-step update, and whose it is. That it runs is in `trigger.rs`.

use crate::answers::{Answer, Calls, aws};
use crate::emulator::{ministack, moto};
use crate::harness::{Subject, create, lifecycle, owner, passes, retrying, unique, with_defaults};
use serde_json::{Value as Json, json};
use stackctl::cloud::Cloud;
use stackctl::diff::{complete, diff};
use stackctl::package;
use stackctl::resource::{self, Create, Id};
use std::io::{Cursor, Write};
use std::path::Path;
use std::sync::Mutex;
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

/// A Lambda that does what was seen of it once: a second CreateFunction is refused, and the tags are gone. The answer to the
/// first is lost.
fn forgetful(there: Option<Json>) -> (Cloud, Calls) {
    let function = Mutex::new(there.map(|tags| (json!({}), tags)));
    aws(move |asked| {
        let mut function = function.lock().unwrap();
        let missing = Answer::refused(404, "ResourceNotFoundException", "Function not found");
        match asked.operation() {
            "GetFunction" => match &*function {
                None => missing,
                Some((sent, tags)) => {
                    let mut configuration = sent.clone();
                    configuration["State"] = json!("Active");
                    configuration["FunctionArn"] = json!("arn:aws:lambda:eu-west-1:000000000000:function:x");
                    configuration["EphemeralStorage"] = json!({"Size": 512});
                    configuration["TracingConfig"] = json!({"Mode": "PassThrough"});
                    Answer::json(json!({"Configuration": configuration, "Tags": tags}))
                }
            },
            "CreateFunction" => {
                let first = function.is_none();
                let mut sent = asked.json();
                let tags = std::mem::take(&mut sent["Tags"]);
                sent.as_object_mut().unwrap().remove("Code");
                sent.as_object_mut().unwrap().remove("Tags");
                *function = Some((sent, if first { tags } else { json!({}) }));
                match first {
                    true => Answer::refused(500, "ServiceException", "An internal error"),
                    false => Answer::refused(409, "ResourceConflictException", "Function already exist: x"),
                }
            }
            _ => missing,
        }
    })
}

fn replayed(folder: &Path) -> Json {
    let role = json!({"name": "x", "role": "arn:aws:iam::000000000000:role/x"});
    with_defaults(resource::kind("lambda_function").unwrap().inputs(), with(&role, &script(folder, "first")))
}

/// The function that was made before the answer got lost is ours, and keeps its tags.
#[tokio::test(start_paused = true)]
async fn a_create_is_not_repeated_unasked() {
    let folder = TempDir::new().unwrap();
    let (cloud, calls) = forgetful(None);
    let kind = resource::kind("lambda_function").unwrap();
    let owner = owner("lambda_function");
    let ctx = Create { cloud: &cloud, owner: &owner };
    let inputs = replayed(folder.path());
    kind.create(&ctx, inputs.clone()).await.unwrap_err();
    assert_eq!(kind.find(&cloud, &owner, inputs.clone()).await.unwrap().unwrap().0, "x");
    assert_eq!(kind.create(&ctx, inputs).await.unwrap().0, "x");
    assert_eq!(calls.count("CreateFunction"), 1);
}

/// Nor does a stranger's function lose its tags to us.
#[tokio::test]
async fn a_function_of_somebody_else_keeps_its_tags() {
    let folder = TempDir::new().unwrap();
    let (cloud, calls) = forgetful(Some(json!({"team": "theirs"})));
    let kind = resource::kind("lambda_function").unwrap();
    let owner = owner("lambda_function");
    let error =
        kind.create(&Create { cloud: &cloud, owner: &owner }, replayed(folder.path())).await.unwrap_err();
    assert!(error.to_string().contains("this stack did not create it"), "{error}");
    assert_eq!(calls.count("CreateFunction"), 0);
}

/// Lambda has many words for a change that is under way; none of them is the last.
#[tokio::test]
async fn a_conflict_passes_whatever_it_says() {
    let folder = TempDir::new().unwrap();
    let kind = resource::kind("lambda_function").unwrap();
    for said in [
        "The function could not be updated due to a concurrent update operation",
        "The operation cannot be performed at this time. An update is in progress for resource: x",
    ] {
        let (cloud, _) = aws(move |_| Answer::refused(409, "ResourceConflictException", said));
        let (before, mut after) = (replayed(folder.path()), replayed(folder.path()));
        after["memory"] = json!(512);
        let error = kind.update(&cloud, &Id::from("x"), before, after).await.unwrap_err();
        assert!(passes(kind, &error), "{error}");
    }
}
