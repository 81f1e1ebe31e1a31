//! The binary as a Lambda function. The runtime's API is played by the test; PostgreSQL is real.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::runtime::Function;
use crate::server::World;

const OUTCOMES: &str = "select kind || ' ' || coalesce(outcome, 'open') from ml.runs order by id";

fn new_data() -> Value {
    json!({"Records": [{"eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": "data"}, "object": {"key": "lake/loan_features/_manifest.json"}}}]})
}

fn start(world: &World, events: Vec<Value>) -> Function {
    start_with(world, events, Duration::from_secs(600))
}

fn start_with(world: &World, events: Vec<Value>, time: Duration) -> Function {
    Function::start(&mut program(world), "127.0.0.1:9", events, time)
}

fn program(world: &World) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_trainer"));
    program
        .env("DATABASE_URL", world.url())
        .env("TRAINER_ARTIFACTS", world.artifacts())
        .env("TRAINER_RESAMPLES", "20");
    program
}

/// What each run of an answer came to.
fn statuses((kind, answer): (String, Value)) -> String {
    assert_eq!(kind, "response", "{answer}");
    let runs = answer["runs"].as_array().unwrap();
    runs.iter().map(|run| run["status"].as_str().unwrap()).collect::<Vec<_>>().join(",")
}

#[tokio::test(flavor = "multi_thread")]
async fn new_data_is_trained_on_once_and_open_loans_are_scored() {
    let world = World::generated(6000).await;
    let created =
        |key: &str| json!({"Records": [{"s3": {"bucket": {"name": "data"}, "object": {"key": key}}}]});
    let events = vec![
        new_data(),
        new_data(),
        json!({"run": "train"}),
        json!({"run": "score"}),
        created("lake/loans/_manifest.json"),
        json!({"run": "away"}),
    ];
    let function = start(&world, events);
    let (kind, answer) = function.answer();
    assert_eq!(kind, "response", "{answer}");
    assert_eq!((&answer["runs"][0]["status"], &answer["runs"][0]["model"]), (&json!("trained"), &json!(1)));
    let promoted = answer["runs"][0]["promoted"].as_bool().unwrap();
    let open = world.number("select count(*) from mart.loan_features where label is null").await;
    if promoted {
        assert_eq!(
            (&answer["runs"][1]["status"], &answer["runs"][1]["loans"]),
            (&json!("scored"), &json!(open))
        );
        assert_eq!(world.number("select count(*) from ml.predictions").await, open);
    }
    let scored = if promoted { "already_scored" } else { "no_champion" };
    assert_eq!(statuses(function.answer()), format!("already_trained,{scored}"));
    assert_eq!(statuses(function.answer()), format!("already_trained,{scored}"));
    assert_eq!(statuses(function.answer()), scored);
    assert_eq!(statuses(function.answer()), "");
    let (kind, answer) = function.answer();
    assert_eq!((kind.as_str(), answer["errorType"].as_str()), ("error", Some("UnknownMessage")));
    let (log, errors) = function.stop();
    assert_eq!(errors, "");

    // One champion scores after the other, also if it is one of a person's choice.
    world.run(&["promote", "1", "--force", "the test wants one"]);
    world.run(&["train", "--test-from", "2015-07", "--resamples", "20", "--no-promote"]);
    world.run(&["promote", "2", "--force", "the test wants another"]);
    let function = start(&world, vec![json!({"run": "score"}), json!({"run": "score"})]);
    assert_eq!(statuses(function.answer()), "scored");
    assert_eq!(statuses(function.answer()), "already_scored");
    function.stop();
    assert_eq!(world.number("select count(*) from ml.predictions where model_id = 2").await, open);
    let drift = "select count(*) from ml.runs where kind = 'score' and model_id = 2 and score_psi is not null
                 and features_moved is not null and drift ->> 'of' = 'open loans' and jsonb_array_length(drift -> 'features') > 20";
    assert_eq!(world.number(drift).await, 1);

    // What CloudWatch makes metrics of: the names that the metadata lists are members with numbers.
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>();
    let of = |stage: &str| lines.iter().find(|line| line["stage"] == stage).unwrap();
    let trained = of("trained");
    for line in [trained, of("failed"), of("already_trained")] {
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "LoanTrainer");
        for metric in directive["Metrics"].as_array().unwrap() {
            assert!(line[metric["Name"].as_str().unwrap()].is_number(), "{metric} of {line}");
        }
    }
    for name in ["auc", "auc_ahead", "log_loss", "score_psi", "features_moved", "failures", "seconds"] {
        assert!(trained[name].is_number(), "{name} of {trained}");
    }
    assert_eq!((&trained["failures"], &of("failed")["failures"]), (&json!(0.0), &json!(1.0)));
    let kept = "select count(*) from ml.runs r join ml.evaluations e on e.model_id = r.model_id
                where r.id = 1 and abs(r.auc - e.auc) < 1e-9 and r.log_loss = e.log_loss and r.drift ->> 'of' = 'test period'
                  and r.seconds > 0 and r.request_id = 'request-0' and r.caller = 'event'";
    assert_eq!(world.number(kept).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_burst_the_last_data_is_trained_on_and_not_each_of_it() {
    let world = World::generated(6000).await;
    // A registration that waits, so that the rest of the burst comes while the first is at it.
    let blocker = world.session().await;
    blocker.batch_execute("begin; lock table ml.models in share mode").await.unwrap();
    let first = start(&world, vec![new_data()]);
    world.until("select count(*) from pg_locks where relation = 'ml.models'::regclass and not granted").await;
    world.load_generated(3000, 21).await;
    let second = start(&world, vec![new_data(), new_data()]);
    assert_eq!(statuses(second.answer()), "busy");
    world.load_generated(3000, 22).await;
    assert_eq!(statuses(second.answer()), "busy");
    blocker.batch_execute("rollback").await.unwrap();
    let answered = statuses(first.answer());
    assert!(answered.starts_with("trained,trained,"), "{answered}");
    first.stop();
    second.stop();
    let runs = "select rows::text from ml.runs where kind = 'train' order by id";
    let all = world.number("select count(*) from mart.loan_features where issue_d is not null").await;
    assert_eq!(world.text(runs).await, format!("6000,{all}"));
    let third = start(&world, vec![new_data()]);
    assert!(statuses(third.answer()).starts_with("already_trained,"));
    third.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_lake_its_manifest_says_what_is_new() {
    let world = World::generated(6000).await;
    let lake = world.folder.path().join("lake");
    crate::lake::export(&world, &lake).await;
    let start = |events| {
        Function::start(
            program(&world).env("TRAINER_LAKE", &lake),
            "127.0.0.1:9",
            events,
            Duration::from_secs(600),
        )
    };
    let function = start(vec![new_data(), new_data()]);
    assert!(statuses(function.answer()).starts_with("trained,"));
    assert!(statuses(function.answer()).starts_with("already_trained,"));
    function.stop();
    world.load_generated(1000, 23).await;
    let function = start(vec![new_data()]);
    assert!(statuses(function.answer()).starts_with("already_trained,"), "the lake is as it was");
    function.stop();
    crate::lake::export(&world, &lake).await;
    let function = start(vec![new_data()]);
    assert!(statuses(function.answer()).starts_with("trained,"));
    function.stop();
    let runs = "select rows || ' ' || source from ml.runs where kind = 'train' order by id";
    let lake = lake.display();
    assert_eq!(world.text(runs).await, format!("6000 {lake},7000 {lake}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_that_runs_is_waited_for_and_one_that_was_killed_is_not() {
    let world = World::generated(6000).await;
    world
        .sql("insert into ingest.files (bucket, key, etag, status) values ('data', 'in/next.csv', 'x', 'loading')")
        .await;
    let loading = world.session().await;
    let lock = loader::names::lock("data", "in/next.csv");
    loading.execute("select pg_advisory_lock($1)", &[&lock]).await.unwrap();
    let function = start(&world, vec![new_data()]);
    let looked = "select count(*) from pg_stat_activity where application_name = 'trainer' and state = 'idle'
                  and datname = current_database() and query like '%distinct (classid, objid)%'";
    world.until(looked).await;
    assert_eq!(world.text(OUTCOMES).await, "");
    // The lock ends with the session; the row stays as it is.
    drop(loading);
    assert!(statuses(function.answer()).starts_with("trained,"));
    let (log, _) = function.stop();
    assert_eq!(log.matches("waiting for them").count(), 1, "{log}");
    assert!(!log.contains("still running"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_whose_time_is_over_registers_nothing_and_says_why() {
    let world = World::generated(12_000).await;
    let function = start_with(&world, vec![new_data()], Duration::from_secs(11));
    let (kind, answer) = function.answer();
    assert_eq!((kind.as_str(), answer["errorType"].as_str()), ("error", Some("TimeOver")), "{answer}");
    let message = answer["errorMessage"].as_str().unwrap();
    assert!(message.starts_with("not done within the function's time"), "{message}");
    let (log, _) = function.stop();
    assert!(log.contains("\"failures\":1.0"), "{log}");
    assert_eq!(world.text(OUTCOMES).await, "train failed");
    let kept = "select (select count(*) from ml.models) + (select count(*) from ml.evaluations) + (select count(*) from ml.promotions)";
    assert_eq!(world.number(kept).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trainer_that_was_killed_is_marked_as_such_and_its_work_is_done() {
    let world = World::generated(6000).await;
    let blocker = world.session().await;
    blocker.batch_execute("begin; lock table ml.models in share mode").await.unwrap();
    let first = start(&world, vec![new_data()]);
    world.until("select count(*) from pg_locks where relation = 'ml.models'::regclass and not granted").await;
    first.stop();
    blocker.batch_execute("rollback").await.unwrap();
    // The server notices that the session is gone when its statement ends.
    world.until("select (count(*) = 0)::int::bigint from pg_stat_activity where application_name = 'trainer' and datname = current_database()").await;
    assert_eq!(world.text(OUTCOMES).await, "train open");
    assert_eq!(world.number("select count(*) from ml.models").await, 0);
    let second = start(&world, vec![new_data()]);
    assert!(statuses(second.answer()).starts_with("trained,"));
    second.stop();
    assert!(world.text(OUTCOMES).await.starts_with("train abandoned,train trained"));
}

#[tokio::test(flavor = "multi_thread")]
async fn too_few_loans_are_no_failure() {
    let world = World::generated(40).await;
    let function = start(&world, vec![new_data(), new_data()]);
    let (kind, answer) = function.answer();
    assert_eq!(kind, "response", "{answer}");
    let message = answer["runs"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("not trained: ") && message.contains("load more files"), "{message}");
    assert_eq!(statuses(function.answer()), "already_trained,no_champion");
    function.stop();
    assert_eq!(world.text(OUTCOMES).await, "train skipped");
}
