//! Reads that flicker: AWS answers from several places, which do not agree for a while. One answer is no agreement, one absence is
//! no end, and a plan right after an apply is empty.

use crate::world::{Fault, Test, actions};
use proptest::prelude::*;
use stackctl::address::Address;
use stackctl::apply::{Finding, Pace};
use std::fmt::Write as _;
use std::time::Duration;
use tokio::time::sleep;

const APP: &str = "[app.a]\nlabel = \"a\"\n";
const GROWN: &str = "[app.a]\nlabel = \"a\"\nsize = 3\n";

fn updates(test: &Test) -> usize {
    test.calls().iter().filter(|call| call.starts_with("update")).count()
}

#[tokio::test(start_paused = true)]
async fn what_was_seen_and_is_unseen_for_a_while_is_not_gone() {
    for hides in [1, 5, 20, 50] {
        // The create call leaves the size to an update: that is where it is seen and unseen.
        let test = Test::new();
        test.world.lock().unwrap().hides = hides;
        let summary = test.apply(GROWN).await;
        assert!(summary.failed.is_empty(), "{hides} s: {:?}", summary.failed);
        assert_eq!(test.count(), 1, "{hides} s");
        assert!(test.plan(GROWN).await.0.is_empty(), "{hides} s");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_deleted_by_someone_else_meanwhile_is_told_within_two_minutes() {
    let test = Test::new();
    test.world.lock().unwrap().hides = 100_000;
    let began = tokio::time::Instant::now();
    let summary = test.apply(GROWN).await;
    let told = summary.failed[0].error.to_string();
    assert!(told.contains("deleted by someone else meanwhile"), "{told}");
    assert!(began.elapsed() < Duration::from_secs(120));
}

#[tokio::test(start_paused = true)]
async fn a_plan_right_after_an_apply_is_empty_where_old_and_new_are_answered_in_turn() {
    let test = Test::new();
    test.world.lock().unwrap().flickers = 60;
    assert!(test.apply(APP).await.failed.is_empty());
    assert!(test.plan(APP).await.0.is_empty());
    test.calls();
    assert!(test.apply(GROWN).await.failed.is_empty());
    assert_eq!(updates(&test), 1, "what shows now and then is not written again");
    for _ in 0..5 {
        assert!(test.plan(GROWN).await.0.is_empty());
    }
    assert_eq!(test.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_never_shows_is_written_again() {
    let test = Test::new();
    test.apply(APP).await;
    test.calls();
    test.world.lock().unwrap().staleness = 90;
    assert!(test.apply(GROWN).await.failed.is_empty());
    assert_eq!(updates(&test), 2);
    assert!(test.plan(GROWN).await.0.is_empty());
}

/// A read that still has what was there before the last apply is no reason to write nothing.
#[tokio::test(start_paused = true)]
async fn a_change_back_is_written_although_an_old_answer_already_says_so() {
    let test = Test::new();
    test.apply(APP).await;
    test.apply(GROWN).await;
    let id = test.world.lock().unwrap().objects.keys().next().unwrap().clone();
    let (plan, document, observed, _) = test.plan(APP).await;
    {
        let mut world = test.world.lock().unwrap();
        let object = world.objects.get_mut(&id).unwrap();
        let mut old = object.inputs.clone();
        old["size"] = 1.into();
        // The first read of the apply is one of those.
        object.flicker = Some((Some(old), tokio::time::Instant::now() + Duration::from_secs(20)));
    }
    let (_, held) = test.store().open("apply", crate::world::PATIENCE).await.unwrap();
    let journal = held.journal(&document, "apply").await.unwrap();
    let stop = tokio::sync::watch::channel(stackctl::apply::Stop::No).1;
    let mut summary = test.carry_out(APP, &plan, document, &observed, &journal, stop).await;
    assert!(summary.failed.is_empty(), "{:?}", summary.failed);
    held.write(&mut summary.document).await.unwrap();
    drop(journal);
    held.release().await;
    sleep(Duration::from_secs(60)).await;
    assert!(test.plan(APP).await.0.is_empty());
}

#[tokio::test(start_paused = true)]
async fn absent_once_is_not_gone_for_a_plan() {
    let test = Test::new();
    test.apply(APP).await;
    for id in test.world.lock().unwrap().objects.values_mut() {
        id.absent = 1;
    }
    assert!(test.plan(APP).await.0.is_empty());
    // What is gone is gone.
    test.world.lock().unwrap().objects.clear();
    assert_eq!(actions(&test.plan(APP).await.0), ["Create app.a"]);
}

#[tokio::test(start_paused = true)]
async fn absent_once_is_not_deleted() {
    let test = Test::new();
    test.apply(APP).await;
    // Seen by the plan, absent when its turn comes.
    let (plan, document, observed, _) = test.plan("").await;
    assert_eq!(actions(&plan), ["Delete app.a"]);
    for object in test.world.lock().unwrap().objects.values_mut() {
        object.absent = 1;
    }
    let (_, held) = test.store().open("apply", crate::world::PATIENCE).await.unwrap();
    let journal = held.journal(&document, "apply").await.unwrap();
    let stop = tokio::sync::watch::channel(stackctl::apply::Stop::No).1;
    let summary = test.carry_out("", &plan, document, &observed, &journal, stop).await;
    assert!(summary.failed.is_empty(), "{:?}", summary.failed);
    assert_eq!(test.count(), 0, "an orphan");
}

/// Its looks are far apart, and two in a row met places that do not know it.
#[tokio::test(start_paused = true)]
async fn absent_twice_is_not_gone_however_far_apart() {
    let test = Test::new();
    test.apply("[far.a]\nlabel = \"a\"\n").await;
    let grown = "[far.a]\nlabel = \"a\"\nsize = 3\n";
    let (plan, document, observed, _) = test.plan(grown).await;
    assert_eq!(actions(&plan), ["Update far.a"]);
    for object in test.world.lock().unwrap().objects.values_mut() {
        object.absent = 2;
    }
    let (_, held) = test.store().open("apply", crate::world::PATIENCE).await.unwrap();
    let journal = held.journal(&document, "apply").await.unwrap();
    let stop = tokio::sync::watch::channel(stackctl::apply::Stop::No).1;
    let summary = test.carry_out(grown, &plan, document, &observed, &journal, stop).await;
    assert!(summary.failed.is_empty(), "{:?}", summary.failed);
}

/// Somebody deleted the object, its block has another address, and another one of its name is made while the old record goes:
/// what shows then is the new one.
#[tokio::test(start_paused = true)]
async fn what_the_plan_did_not_find_is_not_looked_for_where_its_name_is_made_anew() {
    let test = Test::new();
    test.apply("[box.old]\nlabel = \"a\"\nname = \"one\"\n").await;
    test.world.lock().unwrap().objects.clear();
    let renamed = "[box.new]\nlabel = \"b\"\nname = \"one\"\n";
    let summary = test.apply(renamed).await;
    assert!(summary.failed.is_empty(), "{:?}", summary.failed);
    assert_eq!(test.count(), 1, "the new one was taken for the old one");
    assert!(test.plan(renamed).await.0.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_was_cut_off_is_not_done_because_of_one_absence() {
    let test = Test::new();
    test.apply(APP).await;
    test.fault("delete app.a", Fault::HangBefore);
    test.apply_and_die("").await;
    for object in test.world.lock().unwrap().objects.values_mut() {
        object.absent = 1;
    }
    let (plan, _, _, findings) = test.plan("").await;
    assert!(matches!(findings[..], [Finding::Interrupted { .. }]), "{findings:?}");
    assert_eq!(actions(&plan), ["Delete app.a"]);
}

/// A deleted object shows now and then for a while: its deletion ends when it does not any more.
#[tokio::test(start_paused = true)]
async fn what_is_deleted_is_gone_when_it_shows_no_more() {
    let test = Test::new();
    test.apply(APP).await;
    test.world.lock().unwrap().flickers = 60;
    let began = tokio::time::Instant::now();
    assert!(test.apply("").await.failed.is_empty());
    assert!(began.elapsed() >= Duration::from_secs(58), "{:?}", began.elapsed());
}

/// Where one answer is enough, one read is.
#[tokio::test(start_paused = true)]
async fn an_emulator_is_asked_no_more_often() {
    let mut test = Test::new();
    test.pace = Pace::EMULATOR;
    let reads = |test: &Test| std::mem::take(&mut test.world.lock().unwrap().reads);
    let began = tokio::time::Instant::now();
    test.apply(APP).await;
    assert_eq!(reads(&test), 1, "a new object is read once");
    test.apply(GROWN).await;
    assert_eq!(reads(&test), 3, "for the plan, before and after the update");
    test.apply("").await;
    assert_eq!(reads(&test), 3, "for the plan, before and after the deletion");
    assert!(began.elapsed() < Duration::from_millis(10), "{:?}", began.elapsed());
}

/// As many equal answers in a row as AWS's services have been seen to need.
#[test]
fn the_kinds_that_flicker_have_their_counts() {
    let span = |name: &str| {
        let profile = stackctl::resource::kind(name).unwrap().profile();
        [profile.create, profile.update, profile.delete].map(|wait| {
            let wait = Pace::AWS.wait(wait);
            (wait.equal, (wait.apart * (wait.equal - 1)).as_secs())
        })
    };
    for (name, [create, update, delete]) in [
        ("bucket", [(10, 45), (10, 45), (2, 1)]),
        ("queue", [(6, 25), (6, 25), (15, 42)]),
        ("log_group", [(3, 4), (3, 4), (3, 2)]),
        ("iam_role", [(3, 2), (3, 4), (3, 2)]),
        ("trigger", [(3, 4), (3, 4), (2, 2)]),
    ] {
        assert_eq!(span(name), [create, update, delete], "{name}");
    }
    for kind in stackctl::resource::registry() {
        for (equal, seconds) in span(kind.name()) {
            assert!(equal >= 2, "{}: one answer is no agreement", kind.name());
            assert!(seconds <= 60, "{}: {seconds} s for nothing but looking", kind.name());
        }
    }
}

/// Some blocks, what flickers, and what is done to them.
#[derive(Debug, Clone)]
struct Weather {
    sizes: Vec<u32>,
    flickers: u64,
    hides: u64,
    unseen: u64,
    staleness: u64,
}

fn weather() -> impl Strategy<Value = Weather> {
    (prop::collection::vec(0_u32..4, 1..6), 0_u64..90, 0_u64..50, 0_u64..40, 0_u64..50).prop_map(
        |(sizes, flickers, hides, unseen, staleness)| Weather { sizes, flickers, hides, unseen, staleness },
    )
}

/// Each block stands on the one before; what has no size is not there.
fn text(sizes: &[u32]) -> String {
    let (mut text, mut before) = (String::new(), None);
    for (number, size) in sizes.iter().enumerate().filter(|(_, size)| **size > 0) {
        let kind = ["net", "app", "box"][number % 3];
        write!(text, "[{kind}.b{number}]\nlabel = \"b{number}\"\nsize = {size}\n").unwrap();
        if let Some(before) = before.replace(Address::new(kind, &format!("b{number}"))) {
            writeln!(text, "peer = \"${{{before}.arn}}\"").unwrap();
        }
    }
    text
}

async fn play(days: Vec<Weather>) {
    let test = Test::new();
    for day in &days {
        {
            let mut world = test.world.lock().unwrap();
            (world.flickers, world.hides) = (day.flickers, day.hides);
            (world.unseen, world.staleness) = (day.unseen, day.staleness);
        }
        let text = text(&day.sizes);
        let summary = test.apply(&text).await;
        assert!(summary.failed.is_empty(), "{day:?}: {:?}", summary.failed);
        assert_eq!(test.count(), day.sizes.iter().filter(|size| **size > 0).count(), "{day:?}");
        let (plan, ..) = test.plan(&text).await;
        assert!(plan.is_empty() && plan.gone.is_empty(), "{day:?}: {:?}", actions(&plan));
    }
    assert!(test.destroy("").await.failed.is_empty());
    assert_eq!(test.count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn in_any_weather_a_plan_after_an_apply_is_empty(days in prop::collection::vec(weather(), 1..5)) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(play(days));
    }
}
