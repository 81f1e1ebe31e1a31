//! The binary as a Lambda function: the runtime's API and S3 are played by the test, so that transfers can break off.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::http::{Answer, Request, serve};
use crate::runtime::Function;
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

pub fn start(world: &World, s3: &str, events: Vec<Value>) -> Function {
    start_with(world, s3, events, Duration::from_secs(60))
}

pub fn start_with(world: &World, s3: &str, events: Vec<Value>, time: Duration) -> Function {
    start_for(world, s3, events, time, &[])
}

/// With so much time for each event, and further variables.
pub fn start_for(
    world: &World,
    s3: &str,
    events: Vec<Value>,
    time: Duration,
    variables: &[(&str, &str)],
) -> Function {
    let mut program = Command::new(env!("CARGO_BIN_EXE_loader"));
    program.env("DATABASE_URL", world.url()).envs(variables.iter().copied());
    Function::start(&mut program, s3, events, time)
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
    let function = start(&world, &s3, events);

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
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>();
    for line in &lines {
        assert!(line["request_id"].as_str().unwrap().starts_with("request-"), "{line}");
        assert!(line["trace_id"].as_str().unwrap().starts_with("Root=1-request-"), "{line}");
    }
    // What CloudWatch makes metrics of: the names that the metadata lists are members with numbers.
    let ends = lines.iter().filter(|line| line.get("_aws").is_some()).collect::<Vec<_>>();
    let stages = ends.iter().map(|line| line["stage"].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(stages, ["loaded", "already_loaded", "failed", "loaded", "failed"]);
    for line in ends {
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!((&directive["Namespace"], &directive["Dimensions"]), (&json!("LoanLoader"), &json!([[]])));
        for metric in directive["Metrics"].as_array().unwrap() {
            assert!(line[metric["Name"].as_str().unwrap()].is_number(), "{metric} of {line}");
        }
    }
    // From the event to the rows.
    let traced =
        "select distinct file.trace_id from master_loan join ingest.files file using (load_id) order by 1";
    assert_eq!(world.list(traced).await, "Root=1-request-1,Root=1-request-2");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_message_of_a_queue_does_not_stop_the_others() {
    let world = World::new().await;
    let (s3, _) = s3(vec![("in/good.csv", generated(20, 1)), ("in/bad.csv", b"no loans here\n".to_vec())]);
    let message = |body: String| json!({"messageId": "1", "eventSource": "aws:sqs", "body": body});
    let batch = json!({"Records": [message("hello".to_owned()), message(event(&["in/bad.csv"]).to_string()),
        message(event(&["in/good.csv"]).to_string())]});
    let function = start(&world, &s3, vec![batch]);
    let (kind, answer) = function.answer();
    assert_eq!(kind, "error", "the queue must keep the batch: what is loaded is not loaded again");
    let message = answer["errorMessage"].as_str().unwrap();
    assert!(message.starts_with("2 of 3 files failed: the event is neither"), "{message}");
    assert_eq!((world.rows().await, world.statuses().await.as_str()), (20, "failed,loaded"));
    function.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_whose_time_is_nearly_over_says_how_far_it_came() {
    let world = World::new().await;
    let content = generated(4000, 1);
    let size = content.len();
    // The second half of the object takes longer than the function has.
    let address = serve(move |request: Request| {
        let etag = ("etag", "\"abc\"".to_owned());
        let from = request.header("range").is_some().then_some(content.len() / 2);
        if from.is_some() {
            loop {
                std::thread::park();
            }
        }
        let cut = (request.method != "HEAD").then_some(content.len() / 2);
        Answer { status: 200, headers: vec![etag], body: content.clone(), cut }
    });
    let function = start_with(&world, &address, vec![event(&["in/loan.csv"])], Duration::from_secs(9));
    let (kind, answer) = function.answer();
    assert_eq!(kind, "error");
    let message = answer["errorMessage"].as_str().unwrap();
    assert!(
        message.contains(&format!("not loaded within the function's time, {} of {size} bytes", size / 2)),
        "{message}"
    );
    assert_eq!((world.rows().await, world.statuses().await.as_str()), (0, "failed"));
    function.stop();
}
