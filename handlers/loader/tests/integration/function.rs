//! The binary as a Lambda function: the runtime's API and S3 are played by the test, so that transfers can break off.

use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::http::{Answer, Request, serve};
use crate::support::World;
use serde_json::{Value, json};

/// An S3 with one bucket, whose first answer to every `GET` from the beginning breaks off in the middle.
fn s3(objects: Vec<(&'static str, Vec<u8>)>) -> (String, Arc<AtomicUsize>) {
    let broken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&broken);
    let address = serve(move |request: Request| {
        let path = request.path.split('?').next().unwrap().to_owned();
        let Some((_, body)) = objects.iter().find(|(name, _)| path == format!("/data/{name}")) else {
            return Answer { status: 404, ..Answer::default() };
        };
        let etag = ("etag", "\"abc-2\"".to_owned());
        if request.method == "HEAD" {
            return Answer { status: 200, headers: vec![etag], body: body.clone(), cut: None };
        }
        assert_eq!(request.header("if-match"), Some("\"abc-2\""));
        match request.header("range") {
            None => {
                count.fetch_add(1, Ordering::Relaxed);
                Answer { status: 200, headers: vec![etag], body: body.clone(), cut: Some(body.len() / 2) }
            }
            Some(range) => {
                let from = range.trim_start_matches("bytes=").trim_end_matches('-').parse::<usize>().unwrap();
                let whole = ("content-range", format!("bytes {from}-{}/{}", body.len() - 1, body.len()));
                Answer { status: 206, headers: vec![etag, whole], body: body[from..].to_vec(), cut: None }
            }
        }
    });
    (address, broken)
}

/// The function, with what it answered to each event.
struct Function {
    process: Child,
    answers: mpsc::Receiver<(String, Value)>,
}

impl Function {
    fn start(world: &World, s3: &str, events: Vec<Value>) -> Self {
        let (sender, answers) = mpsc::channel();
        let state = Mutex::new((events.into_iter().enumerate(), sender));
        let api = serve(move |request: Request| {
            let mut state = state.lock().unwrap();
            if request.method == "POST" {
                let (_, kind) = request.path.rsplit_once('/').unwrap();
                state.1.send((kind.to_owned(), serde_json::from_str(&request.body).unwrap())).unwrap();
                return Answer { status: 202, ..Answer::default() };
            }
            match state.0.next() {
                Some((number, event)) => Answer {
                    status: 200,
                    headers: vec![
                        ("lambda-runtime-aws-request-id", format!("request-{number}")),
                        ("lambda-runtime-deadline-ms", in_a_minute()),
                        (
                            "lambda-runtime-invoked-function-arn",
                            "arn:aws:lambda:eu-central-1:1:function:loader".into(),
                        ),
                    ],
                    body: event.to_string().into_bytes(),
                    cut: None,
                },
                None => loop {
                    std::thread::park();
                },
            }
        });
        let process = Command::new(env!("CARGO_BIN_EXE_loader"))
            .env("AWS_LAMBDA_RUNTIME_API", api)
            .env("AWS_LAMBDA_FUNCTION_NAME", "loader")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_ENDPOINT_URL", format!("http://{s3}"))
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("DATABASE_URL", world.url())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self { process, answers }
    }

    fn answer(&self) -> (String, Value) {
        self.answers.recv_timeout(Duration::from_secs(60)).unwrap()
    }

    /// Ends it, and returns what it wrote to stdout and stderr.
    fn stop(mut self) -> (String, String) {
        self.process.kill().unwrap();
        let output = self.process.wait_with_output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    }
}

fn in_a_minute() -> String {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(60);
    time.as_millis().to_string()
}

fn event(keys: &[&str]) -> Value {
    let records = keys.iter().map(|key| {
        json!({"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "data"}, "object": {"key": key}}})
    });
    json!({ "Records": records.collect::<Vec<_>>() })
}

fn generated(rows: u64, seed: u64) -> Vec<u8> {
    let mut content = Vec::new();
    loader::generate::write(rows, seed, &mut content).unwrap();
    content
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_answered_and_broken_transfers_resumed() {
    let world = World::new().await;
    let objects = vec![
        ("in/first%20file.csv", generated(3000, 1)),
        ("in/bad.csv", b"no loans here\n".to_vec()),
        ("in/second.csv", generated(50, 2)),
    ];
    let (s3, broken) = s3(objects);
    let events = vec![
        json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "data"}),
        event(&["in/first+file.csv"]),
        event(&["in/first+file.csv", "in/bad.csv", "in/second.csv", "in/gone.csv"]),
        json!({"what": "ever"}),
    ];
    let function = Function::start(&world, &s3, events);

    assert_eq!(function.answer(), ("response".into(), json!({"files": []})));
    let (kind, answer) = function.answer();
    assert_eq!(kind, "response", "{answer}");
    assert_eq!(answer["files"][0]["status"], "loaded");
    assert_eq!(answer["files"][0]["rows_loaded"], 3000);
    assert_eq!(broken.load(Ordering::Relaxed), 1);

    let (kind, answer) = function.answer();
    assert_eq!(kind, "error");
    let message = answer["errorMessage"].as_str().unwrap();
    assert!(message.starts_with("2 of 4 files failed: s3://data/in/bad.csv: no header"), "{message}");
    assert!(message.contains("failed to find s3://data/in/gone.csv"), "{message}");
    assert_eq!(world.rows().await, 3050);
    assert_eq!(world.statuses().await, "loaded,failed,loaded");
    assert_eq!(
        world.list("select key || '@' || request_id from ingest.files where id = 1").await,
        "in/first file.csv@request-1"
    );

    let (kind, answer) = function.answer();
    assert_eq!((kind.as_str(), answer["errorType"].as_str()), ("error", Some("UnknownEvent")));
    let (log, errors) = function.stop();
    assert_eq!(errors, "");
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(line["request_id"].as_str().unwrap().starts_with("request-"), "{line}");
    }
}
