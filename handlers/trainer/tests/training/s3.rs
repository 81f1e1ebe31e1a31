//! Artifacts in S3, which the test plays.

use std::collections::HashMap;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use crate::http::{Answer, Request, serve};
use crate::server::World;

/// A bucket in memory.
#[derive(Clone, Default)]
pub struct Bucket(Arc<Mutex<HashMap<String, Object>>>);

#[derive(Clone, Default)]
pub struct Object {
    pub content_type: String,
    pub body: Vec<u8>,
}

impl Bucket {
    /// Serves the bucket `data`; the first answer to every `GET` breaks off. Returns its address.
    pub fn serve(&self) -> String {
        let objects = Arc::clone(&self.0);
        let broken = Mutex::new(Vec::new());
        serve(move |request: Request| {
            let mut objects = objects.lock().unwrap();
            let path = request.path.split('?').next().unwrap().to_owned();
            if request.method == "PUT" {
                let content_type = request.header("content-type").unwrap_or_default().to_owned();
                objects.insert(path, Object { content_type, body: request.body.into_bytes() });
                return Answer { status: 200, ..Answer::default() };
            }
            let Some(object) = objects.get(&path) else {
                let body = b"<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>".to_vec();
                return Answer { status: 404, body, ..Answer::default() };
            };
            let mut broken = broken.lock().unwrap();
            let first = !broken.contains(&path);
            broken.push(path);
            Answer { status: 200, body: object.body.clone(), cut: first.then_some(100), ..Answer::default() }
        })
    }

    pub fn keys(&self) -> Vec<String> {
        let mut keys = self.0.lock().unwrap().keys().cloned().collect::<Vec<_>>();
        keys.sort();
        keys
    }

    pub fn put(&self, key: &str, body: Vec<u8>) {
        self.0.lock().unwrap().insert(key.to_owned(), Object { content_type: String::new(), body });
    }

    pub fn get(&self, key: &str) -> Object {
        self.0.lock().unwrap()[key].clone()
    }

    pub fn remove(&self, key: &str) {
        self.0.lock().unwrap().remove(key);
    }
}

/// A program that knows where AWS is played.
pub fn at<'a>(command: &'a mut Command, s3: &str) -> &'a mut Command {
    command
        .env("AWS_ENDPOINT_URL", format!("http://{s3}"))
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
}

fn run(world: &World, s3: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
    command.args(arguments).args(["--database-url", &world.url()]);
    at(&mut command, s3).env("TRAINER_ARTIFACTS", "s3://data/artifacts").output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn artifacts_are_kept_in_s3_and_checked_when_they_are_read() {
    let world = World::generated(6000).await;
    let bucket = Bucket::default();
    let s3 = bucket.serve();
    let output = run(&world, &s3, &["train", "--resamples", "20", "--test-from", "2015-07", "--no-promote"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();

    let [model, report] = &bucket.keys()[..] else { panic!("{:?}", bucket.keys()) };
    assert!(printed.contains(&format!("artifact: s3:/{model}\n")), "{printed}");
    assert!(printed.contains(&format!("report: s3:/{report}\n")), "{printed}");
    assert_eq!(bucket.get(model).content_type, "application/json");
    assert_eq!(bucket.get(report).content_type, "text/html; charset=utf-8");
    assert!(bucket.get(report).body.starts_with(b"<!DOCTYPE html>"));
    let kept = "select location || ' ' || artifact || ' ' || report from ml.models m join ml.evaluations e on e.model_id = m.id";
    let kept: String = world.client.query_one(kept, &[]).await.unwrap().get(0);
    let name = model.trim_start_matches("/data/artifacts/models/").trim_end_matches(".json");
    assert_eq!(kept, format!("s3:/{model} {name} s3:/{report}"));
    let listed = String::from_utf8(run(&world, &s3, &["list"]).stdout).unwrap();
    assert!(listed.contains(&format!("s3:/{model}")), "{listed}");

    // The transfer breaks off once, and is made again.
    let output = run(&world, &s3, &["score", "--model", "1"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let scored = world.number("select count(*) from ml.predictions").await;
    assert!(scored > 1000, "{scored}");

    let refused = |output: Output| {
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let whole = bucket.get(model).body;
    bucket.put(model, whole[..whole.len() - 1].to_vec());
    let error = refused(run(&world, &s3, &["score", "--model", "1"]));
    assert!(error.contains("it was changed or cut off"), "{error}");
    bucket.remove(model);
    let error = refused(run(&world, &s3, &["score", "--model", "1"]));
    assert!(error.contains(&format!("is not there: looked for s3:/{model}")), "{error}");
    let output = run(&world, &s3, &["train", "--resamples", "20", "--test-from", "2015-07", "--no-promote"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(bucket.get(model).body == whole, "training again does not bring the artifact back");
}
