//! What is there and not well: told, updated where something differs, and never replaced for it.

use crate::world::{Fault, Test, actions};
use serde_json::json;
use stackctl::event::Event;
use stackctl::plan::Action;
use stackctl::resource::Status;
use std::time::Duration;
use tokio::time::Instant;

fn stopped() -> Status {
    Status::ailing("stopped", "start it")
}

fn says(test: &Test, label: &str, status: Status) {
    test.world.lock().unwrap().states.insert(label.to_owned(), status);
}

fn stack(size: u32, more: &str) -> String {
    format!("[db.a]\nlabel = \"a\"\nsize = {size}\n{more}\n[app.b]\nlabel = \"b\"\npeer = '${{db.a.arn}}'\n")
}

#[tokio::test(start_paused = true)]
async fn what_ails_is_told_and_stays() {
    let test = Test::new();
    assert!(test.apply(&stack(1, "")).await.failed.is_empty());
    says(&test, "a", stopped());
    let (plan, ..) = test.plan(&stack(1, "")).await;
    assert!(plan.is_empty());
    let step = plan.step(&"db.a".parse().unwrap()).unwrap();
    assert_eq!(step.ailment.as_ref().unwrap().to_string(), "stopped. Way out: start it");
    // A saved plan holds, whether it is well by then or not.
    test.world.lock().unwrap().states.clear();
    assert!(plan.does_the_same_as(&test.plan(&stack(1, "")).await.0));
    says(&test, "a", stopped());
    // What is about something else goes through, and so does a change of it.
    let other = stack(1, "") + "[app.c]\nlabel = \"c\"\npeer = '${db.a.arn}'\n";
    assert_eq!(actions(&test.plan(&other).await.0), ["Create app.c"]);
    assert!(test.apply(&other).await.failed.is_empty());
    assert_eq!(actions(&test.plan(&stack(5, "")).await.0)[0], "Update db.a");
    test.calls();
    assert!(test.apply(&stack(5, "")).await.failed.is_empty());
    assert!(test.calls().contains(&"update db.a".to_owned()));
    assert!(test.plan(&stack(5, "")).await.0.is_empty());
}

/// AWS does not take the change as long as it is stopped: that is told soon, with what it ails from.
#[tokio::test(start_paused = true)]
async fn a_change_that_has_to_wait_for_health_is_told_soon() {
    let test = Test::new();
    assert!(test.apply(&stack(1, "")).await.failed.is_empty());
    says(&test, "a", stopped());
    for _ in 0..400 {
        test.fault("update db.a", Fault::Passing);
    }
    let summary = test.apply(&stack(5, "")).await;
    let told = summary.failed[0].error.to_string();
    assert!(told.contains("as scripted") && told.contains("stopped. Way out: start it"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn what_is_lost_is_replaced_and_its_deletion_is_waited_for() {
    let test = Test::new();
    assert!(test.apply(&stack(1, "")).await.failed.is_empty());
    says(&test, "a", Status::Lost("it could not be made".to_owned()));
    let (plan, ..) = test.plan(&stack(1, "")).await;
    assert_eq!(plan.step(&"db.a".parse().unwrap()).unwrap().action, Action::Replace);
    // The first reads after the deletion show what they showed before.
    for status in [Status::Lost("it could not be made".to_owned()), stopped()] {
        says(&test, "a", status);
        test.world.lock().unwrap().lingering = 100;
        let summary = test.destroy(&stack(1, "")).await;
        assert!(summary.failed.is_empty(), "{:?}", summary.failed);
        test.world.lock().unwrap().states.clear();
        test.world.lock().unwrap().lingering = 0;
        assert!(test.apply(&stack(1, "")).await.failed.is_empty());
    }
    // What does not go is told, but not before AWS had its time.
    says(&test, "a", stopped());
    test.world.lock().unwrap().lingering = 100_000;
    let begun = Instant::now();
    let summary = test.destroy("").await;
    assert!(summary.failed.iter().any(|one| one.error.to_string().contains("could not delete it: stopped")));
    assert!(begun.elapsed() < Duration::from_secs(1000));
}

/// Reads may show what AWS gave up as if it had been made: it is made again all the same.
#[tokio::test(start_paused = true)]
async fn what_aws_gave_up_is_not_done() {
    let test = Test::new();
    assert!(test.apply(&stack(1, "secret = \"one\"")).await.failed.is_empty());
    test.fault("update db.a", Fault::GivesUp);
    let summary = test.apply(&stack(5, "secret = \"one\"")).await;
    assert_eq!(summary.failed[0].error.to_string(), "AWS says: no room. Way out: make room");
    let (plan, ..) = test.plan(&stack(5, "secret = \"one\"")).await;
    assert_eq!(actions(&plan)[0], "Update db.a");
    test.calls();
    assert!(test.apply(&stack(5, "secret = \"one\"")).await.failed.is_empty());
    assert_eq!(test.calls().iter().filter(|call| *call == "update db.a").count(), 1);
    assert!(test.plan(&stack(5, "secret = \"one\"")).await.0.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_ails_from_its_creation_is_not_done_and_not_replaced() {
    let test = Test::new();
    says(&test, "a", stopped());
    let summary = test.apply(&stack(1, "")).await;
    assert_eq!(summary.failed[0].error.to_string(), "AWS says: stopped. Way out: start it");
    assert_eq!(actions(&test.plan(&stack(1, "")).await.0)[0], "Update db.a");
    assert!(test.apply(&stack(1, "")).await.failed.is_empty());
    assert!(!test.events.lock().unwrap().iter().any(|event| matches!(event, Event::LeftOver { .. })));
}

/// The block as it is now says how its object goes, and not what it said when it was applied last.
#[tokio::test(start_paused = true)]
async fn the_block_says_how_its_object_goes() {
    let force = |test: &Test| {
        let deleted = std::mem::take(&mut test.world.lock().unwrap().deleted);
        deleted
            .iter()
            .filter(|live| live["label"] == "a" || live["label"] == "n")
            .map(|live| live["force"].clone())
            .collect::<Vec<_>>()
    };
    let test = Test::new();
    // Lost, so that no update records it.
    assert!(test.apply(&stack(1, "")).await.failed.is_empty());
    says(&test, "a", Status::Lost("gone".to_owned()));
    test.apply(&stack(1, "force = true")).await;
    assert_eq!(force(&test), [json!(true)]);
    test.world.lock().unwrap().states.clear();
    test.apply(&stack(1, "")).await;
    assert!(test.destroy(&stack(1, "force = true")).await.failed.is_empty());
    assert_eq!(force(&test), [json!(true)]);
    // Without its block, what is recorded goes.
    assert!(test.apply(&stack(1, "force = true")).await.failed.is_empty());
    assert!(test.apply("[net.x]\nlabel = \"x\"\n").await.failed.is_empty());
    assert_eq!(force(&test), [json!(true)]);
    assert!(test.apply(&stack(1, "")).await.failed.is_empty());
    assert!(test.destroy("").await.failed.is_empty());
    assert_eq!(force(&test), [json!(false)]);
}
