//! What is refused is told at once; what AWS says last is what is told.

use crate::world::{Fault, Test};
use std::time::Duration;
use tokio::time::Instant;

const STACK: &str = "[net.a]\nlabel = \"a\"\n[box.b]\nlabel = \"b\"\nname = \"b\"\n";

#[tokio::test(start_paused = true)]
async fn a_refused_create_is_told_at_once() {
    for fault in [Fault::Refuse, Fault::Exists, Fault::Limit, Fault::Own] {
        for call in ["create net.a", "create box.b"] {
            let test = Test::new();
            test.fault(call, fault);
            let begun = Instant::now();
            let summary = test.apply(STACK).await;
            assert_eq!(summary.failed.len(), 1, "{fault:?} {call}");
            // The other one is looked at until it shows twice alike; a search would take half a minute.
            assert!(begun.elapsed() < Duration::from_secs(5), "{fault:?} {call}: {:?}", begun.elapsed());
            assert!(test.apply(STACK).await.failed.is_empty());
            assert_eq!(test.count(), 2, "{fault:?} {call}");
        }
    }
}

/// The same words after an attempt of which nobody knows: then it is looked for, and found although it shows late.
#[tokio::test(start_paused = true)]
async fn a_refusal_after_a_doubt_is_none() {
    let test = Test::new();
    test.fault("create net.a", Fault::Taken);
    assert!(test.apply(STACK).await.failed.is_empty());
    assert_eq!(test.count(), 2);
    let test = Test::new();
    test.fault("create box.b", Fault::NeverArrived);
    test.fault("create box.b", Fault::TakenAndUnseen);
    assert!(test.apply(STACK).await.failed.is_empty());
    assert_eq!(test.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_ends_says_what_aws_said_last() {
    let test = Test::new();
    for _ in 0..200 {
        test.fault("create net.a", Fault::Passing);
    }
    let summary = test.apply(STACK).await;
    let told = summary.failed[0].error.to_string();
    assert!(told.contains("as scripted") && told.contains("DependencyViolation"), "{told}");
    assert!(told.contains("; AWS said so for 6"), "{told}");
}
