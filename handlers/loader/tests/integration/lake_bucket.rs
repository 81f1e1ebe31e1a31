//! The lake in S3, which the test plays, and the function that keeps it up to date.

use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use crate::bucket::Bucket;
use crate::function;
use crate::http::Answer;
use crate::lake::changed;
use crate::parquet::{TABLES, check_files, compare, manifest, partitions};
use crate::support::World;
use serde_json::{Value, json};

fn get(bucket: &Bucket) -> impl Fn(&str) -> Option<Vec<u8>> + '_ {
    |path| {
        bucket.state.lock().unwrap().objects.get(&format!("lake/{path}")).map(|object| object.bytes.clone())
    }
}

fn command(world: &World, bucket: &Bucket, arguments: &[&str]) -> Command {
    let mut command = world.command(arguments);
    command
        .env("LOADER_LAKE", "s3://data/lake")
        .env("AWS_ENDPOINT_URL", format!("http://{}", bucket.address))
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn spawn(world: &World, bucket: &Bucket) -> Child {
    command(world, bucket, &["export"]).spawn().unwrap()
}

fn report(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(text.lines().last().unwrap_or_else(|| panic!("{output:?}"))).unwrap()
}

fn export(world: &World, bucket: &Bucket) -> Value {
    let output = spawn(world, bucket).wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    report(&output)
}

fn resumed(report: &Value) -> usize {
    let tables = report["tables"].as_array().unwrap().iter();
    tables.map(|table| table["resumed"].as_array().unwrap().len()).sum()
}

/// Holds the first upload of a table until it is told to go on. Returns where it says that it waits, and where it is told.
fn hold(bucket: &Bucket, table: &'static str) -> (mpsc::Receiver<()>, Arc<AtomicBool>) {
    let (waits, arrived) = mpsc::sync_channel(1);
    let (go, first) = (Arc::new(AtomicBool::new(false)), AtomicBool::new(true));
    let told = Arc::clone(&go);
    bucket.fail(move |request| {
        let upload =
            request.method == "POST" && request.path.contains("uploads") && request.path.contains(table);
        if upload && first.swap(false, Ordering::SeqCst) {
            waits.send(()).unwrap();
            while !told.load(Ordering::SeqCst) {
                std::thread::park_timeout(Duration::from_millis(5));
            }
        }
        None
    });
    (arrived, go)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lake_in_s3_is_whole_and_an_old_manifest_can_still_be_read() {
    let world = World::new().await;
    let bucket = Bucket::new();
    let first = world.generated("first.csv", 400, 1);
    world.load(&first);
    // What a killed export left.
    bucket
        .state
        .lock()
        .unwrap()
        .uploads
        .insert("gone".into(), ("lake/loans/issue_year=2015/x.parquet".into(), [].into()));
    export(&world, &bucket);
    compare(&world, &get(&bucket)).await;
    assert!(bucket.state.lock().unwrap().uploads.is_empty());
    assert!(!bucket.keys().iter().any(|key| key.ends_with("_pending.json")), "{:?}", bucket.keys());
    // Files before manifests, features last, and the state at the very end.
    let writes = bucket.writes();
    let place = |end: &str| writes.iter().position(|write| write.ends_with(end)).unwrap();
    let last_file = |table: &str| {
        let file = |write: &String| write.starts_with(&format!("POST lake/{table}/"));
        writes.iter().rposition(file).unwrap()
    };
    for table in TABLES {
        assert!(last_file(table) < place(&format!("{table}/_manifest.json")), "{writes:?}");
    }
    assert!(place("loans/_manifest.json") < last_file("loan_features"));
    assert_eq!(writes.last().unwrap(), "PUT lake/_export.json");
    export(&world, &bucket);
    assert!(bucket.writes().is_empty(), "nothing changed: nothing is written");

    let old = manifest(&get(&bucket), "loan_features").unwrap();
    world.load(&world.file("second.csv", changed(&first, "2016")));
    let report = export(&world, &bucket);
    let features =
        report["tables"].as_array().unwrap().iter().find(|table| table["table"] == "loan_features");
    assert_eq!(features.unwrap()["written"], json!([2016]));
    compare(&world, &get(&bucket)).await;
    let gone = old.partitions.iter().find(|partition| partition.issue_year == 2016).unwrap();
    let file = &gone.files[0];
    let key = format!("lake/loan_features/{}", file.path);
    assert!(!bucket.keys().contains(&key));
    let state = bucket.state.lock().unwrap();
    let version = &state.versions[&(key, file.version_id.clone().unwrap())];
    assert_eq!(version.len() as u64, file.bytes, "who has the old manifest reads that version to the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_network_publishes_nothing_and_what_was_uploaded_is_not_uploaded_again() {
    let world = World::new().await;
    let bucket = Bucket::new();
    world.load(&world.generated("first.csv", 300, 1));
    let parts = AtomicU32::new(0);
    bucket.fail(move |request| {
        let part = request.path.contains("partNumber");
        let broken = part && parts.fetch_add(1, Ordering::SeqCst) >= 12;
        broken.then(|| Answer { status: 200, body: b"x".to_vec(), cut: Some(0), ..Answer::default() })
    });
    let output = spawn(&world, &bucket).wait_with_output().unwrap();
    assert!(!output.status.success());
    assert_eq!(report(&output)["export_failures"], 1);
    let visible = bucket.keys().into_iter().filter(|key| !key.ends_with("_pending.json")).collect::<Vec<_>>();
    assert!(visible.is_empty(), "{visible:?}");
    bucket.mend();
    let report = export(&world, &bucket);
    assert_eq!(resumed(&report), 12);
    compare(&world, &get(&bucket)).await;
    assert!(bucket.state.lock().unwrap().uploads.is_empty());

    // Somebody emptied the bucket.
    bucket.state.lock().unwrap().objects.clear();
    assert_eq!(export(&world, &bucket)["stage"], "exported");
    compare(&world, &get(&bucket)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_while_publishing_does_no_harm() {
    let world = World::new().await;
    let bucket = Bucket::new();
    world.load(&world.generated("first.csv", 300, 1));
    // Each completion and each manifest is done, and then the connection breaks: once.
    let (state, failed) =
        (Arc::clone(&bucket.state), std::sync::Mutex::new(std::collections::BTreeSet::new()));
    bucket.fail(move |request| {
        let publishes = (request.method == "POST" && request.path.contains("uploadId"))
            || (request.method == "PUT" && request.path.contains("_manifest.json"));
        if !publishes || !failed.lock().unwrap().insert(request.path.clone()) {
            return None;
        }
        let mut answer = state.lock().unwrap().answer(request);
        assert_eq!(answer.status, 200);
        answer.cut = Some(0);
        Some(answer)
    });
    assert_eq!(export(&world, &bucket)["stage"], "exported");
    compare(&world, &get(&bucket)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_second_leaves_it_to_the_first_and_nothing_is_lost() {
    let world = World::new().await;
    let bucket = Bucket::new();
    let first_file = world.generated("first.csv", 200, 1);
    world.load(&first_file);
    let (arrived, go) = hold(&bucket, "loan_features");
    let first = spawn(&world, &bucket);
    arrived.recv_timeout(Duration::from_secs(60)).unwrap();
    // Its snapshot is taken. Another file is loaded, and its export finds the lake taken.
    let second = world.file("second.csv", changed(&first_file, "2016"));
    let output = command(&world, &bucket, &["load", second.to_str().unwrap()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(report(&output)["stage"], "lake_left");
    go.store(true, Ordering::SeqCst);
    let output = first.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // The first has looked again.
    compare(&world, &get(&bucket)).await;
    assert_eq!(manifest(&get(&bucket), "loan_features").unwrap().files.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_that_changed_under_an_export_is_not_overwritten() {
    let world = World::new().await;
    let bucket = Bucket::new();
    let first = world.generated("first.csv", 200, 1);
    world.load(&first);
    export(&world, &bucket);
    world.load(&world.file("second.csv", changed(&first, "2016")));
    let (arrived, go) = hold(&bucket, "loan_features");
    let process = spawn(&world, &bucket);
    arrived.recv_timeout(Duration::from_secs(60)).unwrap();
    let theirs = bucket.bytes("lake/loans/_manifest.json");
    bucket.state.lock().unwrap().put("lake/loans/_manifest.json", theirs.clone());
    go.store(true, Ordering::SeqCst);
    let output = process.wait_with_output().unwrap();
    assert!(!output.status.success());
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("another export has written it meanwhile; export again"), "{error}");
    assert_eq!(bucket.bytes("lake/loans/_manifest.json"), theirs);
    check_files(&get(&bucket));
    assert_eq!(export(&world, &bucket)["stage"], "exported");
    compare(&world, &get(&bucket)).await;
}

fn event(key: &str) -> Value {
    let object = json!({"bucket": {"name": "data"}, "object": {"key": key}});
    json!({"Records": [{"eventName": "ObjectCreated:Put", "s3": object}]})
}

fn put(bucket: &Bucket, key: &str, rows: u64, seed: u64) {
    let mut content = Vec::new();
    loader::generate::write(rows, seed, &mut content).unwrap();
    bucket.state.lock().unwrap().put(key, content);
}

const LAKE: &[(&str, &str)] = &[("LOADER_LAKE", "s3://data/lake")];

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_export_fails_the_invocation_and_never_the_load() {
    let world = World::new().await;
    let bucket = Bucket::new();
    put(&bucket, "in/first.csv", 100, 1);
    bucket.fail(|request| {
        let denied = request.method != "GET" && request.path.contains("/lake/");
        denied.then(|| Answer {
            status: 403,
            body: b"<Error><Code>AccessDenied</Code></Error>".to_vec(),
            ..Answer::default()
        })
    });
    let events = vec![event("in/first.csv"), event("in/first.csv"), event("in/first.csv")];
    let function = function::start_for(&world, &bucket.address, events, Duration::from_secs(60), LAKE);
    let (kind, answer) = function.answer();
    assert_eq!((kind.as_str(), answer["errorType"].as_str()), ("error", Some("ExportFailed")));
    let message = answer["errorMessage"].as_str().unwrap();
    assert!(
        message.contains("what was loaded is in the tables") && message.contains("AccessDenied"),
        "{message}"
    );
    assert_eq!((world.rows().await, world.statuses().await.as_str()), (100, "loaded"));
    // The function asks for the next event at once: it may still be told no.
    let mut answers = vec![function.answer()];
    bucket.mend();
    answers.push(function.answer());
    let (kind, answer) = answers.pop().unwrap();
    if kind == "error" {
        function.stop();
        let again = function::start_for(
            &world,
            &bucket.address,
            vec![event("in/first.csv")],
            Duration::from_secs(60),
            LAKE,
        );
        assert_eq!(again.answer().1["lake"]["status"], "exported");
        again.stop();
    } else {
        assert_eq!(answer["files"][0]["status"], "already_loaded");
        assert_eq!(answer["lake"]["status"], "exported");
        let (log, _) = function.stop();
        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let exports = lines.filter(|line| line.get("export_failures").is_some()).collect::<Vec<_>>();
        let failures =
            exports.iter().map(|line| line["export_failures"].as_u64().unwrap()).collect::<Vec<_>>();
        assert_eq!(failures, [1, 1, 0]);
        for line in exports {
            assert!(line.get("failures").is_none(), "the alarm of loads is another one: {line}");
            for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap() {
                assert!(line[metric["Name"].as_str().unwrap()].is_number(), "{metric} of {line}");
            }
        }
    }
    assert_eq!(world.statuses().await, "loaded");
    compare(&world, &get(&bucket)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_out_of_time_keeps_what_it_finished() {
    let world = World::new().await;
    let bucket = Bucket::new();
    put(&bucket, "in/first.csv", 300, 1);
    let (arrived, go) = hold(&bucket, "loan_history");
    let events = vec![event("in/first.csv"), event("in/first.csv")];
    let function = function::start_for(&world, &bucket.address, events, Duration::from_secs(9), LAKE);
    arrived.recv_timeout(Duration::from_secs(60)).unwrap();
    let (kind, answer) = function.answer();
    assert_eq!((kind.as_str(), answer["errorType"].as_str()), ("error", Some("ExportFailed")));
    let message = answer["errorMessage"].as_str().unwrap();
    assert!(message.contains("partitions were finished and are kept"), "{message}");
    assert!(partitions_of(&bucket).is_empty(), "nothing is published by halves");
    go.store(true, Ordering::SeqCst);
    let (kind, answer) = function.answer();
    assert_eq!(kind, "response", "{answer}");
    let resumed = resumed(&answer["lake"]);
    assert!(resumed >= partitions(&get(&bucket), "loans").len(), "{answer}");
    compare(&world, &get(&bucket)).await;
    function.stop();
}

fn partitions_of(bucket: &Bucket) -> Vec<String> {
    bucket.keys().into_iter().filter(|key| key.ends_with(".parquet")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_lake_nothing_is_looked_at() {
    let world = World::new().await;
    let bucket = Bucket::new();
    put(&bucket, "in/first.csv", 50, 1);
    bucket.writes();
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    bucket.fail(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        None
    });
    let function = function::start(&world, &bucket.address, vec![event("in/first.csv")]);
    let (_, answer) = function.answer();
    assert_eq!(answer["files"][0]["status"], "loaded");
    assert!(answer.get("lake").is_none());
    assert_eq!(asked.load(Ordering::SeqCst), 2, "the file's HEAD and GET");
    function.stop();
}
