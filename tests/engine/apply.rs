use crate::plan::STACK;
use crate::world::{Fault, Test};
use stackctl::apply::Stop;
use stackctl::event::Event;
use std::time::Duration;
use tokio::sync::watch;

#[tokio::test(start_paused = true)]
async fn a_failure_stops_what_depends_on_it_and_nothing_else() {
    let test = Test::new();
    let stack = format!("{STACK}[app.alone]\nlabel = \"alone\"\n");
    test.fault("create db.loans", Fault::Refuse);
    let summary = test.apply(&stack).await;
    let done: Vec<String> = summary.done.iter().map(|(address, _)| address.to_string()).collect();
    assert!(done.contains(&"net.main".to_owned()) && done.contains(&"app.alone".to_owned()), "{done:?}");
    assert_eq!(summary.failed[0].address.to_string(), "db.loans");
    assert_eq!(summary.not_started[0].to_string(), "app.loader");
    assert!(test.apply(&stack).await.failed.is_empty(), "the next apply goes on");
    assert_eq!(test.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn what_passes_by_itself_is_repeated_and_what_does_not_is_not() {
    let test = Test::new();
    for _ in 0..3 {
        test.fault("create net.main", Fault::Passing);
    }
    assert!(test.apply(STACK).await.failed.is_empty());
    assert_eq!(test.calls().iter().filter(|call| *call == "create net.main").count(), 4);
    let other = Test::new();
    other.fault("create net.main", Fault::Refuse);
    assert_eq!(other.apply(STACK).await.failed.len(), 1);
    assert_eq!(other.calls(), ["create net.main", "find net.main"], "asked once, then looked for");
}

#[tokio::test(start_paused = true)]
async fn a_lost_response_is_no_duplicate() {
    for fault in [Fault::LostResponse, Fault::Taken] {
        let test = Test::new();
        test.fault("create net.main", fault);
        assert!(test.apply(STACK).await.failed.is_empty(), "{fault:?}");
        assert_eq!(test.count(), 3, "{fault:?}");
        assert!(test.plan(STACK).await.0.is_empty(), "{fault:?}");
    }
}

/// The create call's answer is lost, and so is the network: nobody can say now whether the object exists.
#[tokio::test(start_paused = true)]
async fn what_cannot_be_settled_now_is_settled_by_the_next_command() {
    let test = Test::new();
    test.fault("create net.main", Fault::LostResponse);
    test.fault("find net.main", Fault::LostResponse);
    assert_eq!(test.apply(STACK).await.failed.len(), 1);
    assert_eq!(test.count(), 1, "it was created");
    assert!(test.apply(STACK).await.failed.is_empty());
    assert_eq!(test.count(), 3, "an orphan or a duplicate");
    assert!(test.plan(STACK).await.0.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_write_is_waited_for_until_it_reads_back() {
    let test = Test::new();
    test.world.lock().unwrap().staleness = 20;
    let stack = STACK.replace("label = \"loader\"", "label = \"loader\"\nsize = 3");
    assert!(test.apply(&stack).await.failed.is_empty());
    assert_eq!(test.calls().iter().filter(|call| *call == "update app.loader").count(), 1);
    assert!(test.plan(&stack).await.0.is_empty());
}

#[tokio::test(start_paused = true)]
async fn waits_of_many_share_their_reads() {
    let test = Test::new();
    let stack: String = (0..40).map(|index| format!("[db.d{index}]\nlabel = \"d{index}\"\n")).collect();
    assert!(test.apply(&stack).await.failed.is_empty());
    // One by one it would be 40 databases times 60 polls.
    let reads = test.world.lock().unwrap().reads;
    assert!(reads < 400, "{reads} reads");
}

#[tokio::test(start_paused = true)]
async fn a_stop_finishes_what_is_in_flight_and_starts_nothing() {
    let test = Test::new();
    let (stopper, stop) = watch::channel(Stop::No);
    let apply = test.apply_as(STACK, false, stop);
    let stopping = async {
        tokio::time::sleep(std::time::Duration::from_secs(100)).await;
        stopper.send(Stop::Drain).unwrap();
    };
    let (summary, ()) = tokio::join!(apply, stopping);
    assert!(summary.stopped && summary.failed.is_empty());
    assert_eq!(summary.not_started[0].to_string(), "app.loader");
    assert!(test.apply(STACK).await.failed.is_empty());
    assert_eq!(test.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn every_operation_tells_its_beginning_and_its_end() {
    let test = Test::new();
    test.apply(STACK).await;
    let events = test.events.lock().unwrap();
    let started = events.iter().filter(|event| matches!(event, Event::Started { .. })).count();
    let finished = events.iter().filter(|event| matches!(event, Event::Finished { .. })).count();
    assert_eq!((started, finished), (3, 3));
    assert!(events.iter().any(|event| matches!(event, Event::Waiting { .. })), "the database is waited for");
}

#[tokio::test(start_paused = true)]
async fn what_is_in_flight_after_the_grace_is_settled_by_the_next_command() {
    for fault in [Fault::Hang, Fault::HangBefore] {
        let test = Test::new();
        let stack = format!("{STACK}[app.alone]\nlabel = \"alone\"\n");
        test.fault("create db.loans", fault);
        let (stopper, stop) = watch::channel(Stop::No);
        let apply = test.apply_as(&stack, false, stop);
        let stopping = async {
            for stop in [Stop::Drain, Stop::Abandon] {
                tokio::time::sleep(Duration::from_secs(5)).await;
                stopper.send(stop).unwrap();
            }
        };
        let (summary, ()) = tokio::join!(apply, stopping);
        assert!(summary.stopped && summary.failed.is_empty());
        assert_eq!(summary.unsettled, ["db.loans".parse().unwrap()]);
        assert_eq!(summary.not_started, ["app.loader".parse().unwrap()]);
        let (_, _, _, findings) = test.plan(&stack).await;
        assert_eq!(findings.len(), 1, "{findings:?}");
        let failed = test.apply(&stack).await.failed;
        assert!(failed.is_empty(), "{fault:?}: {failed:?}");
        assert!(test.plan(&stack).await.0.is_empty());
        assert_eq!(test.count(), 4, "{fault:?}: an orphan or a duplicate");
    }
}
