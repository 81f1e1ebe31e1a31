use crate::objects::Trouble;
use crate::plan::STACK;
use crate::world::{Test, actions};
use serde_json::json;
use stackctl::address::Address;
use stackctl::resource::Id;
use stackctl::state::{
    Condition, Document, Entry, Held, Intent, Journal, Objects, Record, StateError, Store, Verb,
};
use std::time::Duration;
use tokio::time::Instant;

pub const LEASE: Duration = Duration::from_secs(60);

pub fn address(text: &str) -> Address {
    text.parse().unwrap()
}

pub fn intent(name: &str) -> Entry {
    Entry::Intent(Intent {
        intent: name.to_owned(),
        address: address(&format!("net.{name}")),
        verb: Verb::Create,
        id: None,
        inputs: json!({ "label": name }),
        depends_on: vec![],
        deposes: false,
        protected: false,
    })
}

fn done(name: &str, padding: usize) -> Entry {
    let record = Record {
        id: Id(format!("net-{name}")),
        inputs: json!({ "label": name, "tags": { "padding": "x".repeat(padding) } }),
        outputs: json!({}),
        depends_on: vec![],
        protected: false,
        intent: name.to_owned(),
        incomplete: false,
        deposed: vec![],
    };
    let address = address(&format!("net.{name}"));
    Entry::Done { intent: name.to_owned(), address, record: Some(record) }
}

/// A first state, its lock and a journal on top of it.
async fn begun(store: &Store) -> (Document, Held, Journal) {
    let (document, held) = store.open("apply", Duration::ZERO).await.unwrap();
    let mut document = document.unwrap_or_else(|| Document::new("test", "000000000000", "eu-west-1"));
    held.write(&mut document).await.unwrap();
    let journal = held.journal(&document, "apply").await.unwrap();
    (document, held, journal)
}

#[tokio::test(start_paused = true)]
async fn an_apply_and_its_destroy_leave_nothing_there() {
    let test = Test::remote();
    let memory = test.memory.clone().unwrap();
    assert!(test.apply(STACK).await.failed.is_empty());
    let (plan, ..) = test.plan(STACK).await;
    assert!(plan.is_empty(), "{:?}", actions(&plan));
    assert_eq!(memory.keys(), ["team/test.json", "team/test.json.journal"], "the lease is given back");
    assert!(test.destroy(STACK).await.failed.is_empty());
    assert_eq!(test.count(), 0);
    let (_, held) = test.store().open("destroy", Duration::ZERO).await.unwrap();
    held.remove().await.unwrap();
    held.release().await;
    assert!(memory.keys().is_empty(), "{:?}", memory.keys());
}

#[tokio::test(start_paused = true)]
async fn the_second_is_told_who_has_the_lease_or_waits_for_it() {
    let test = Test::remote();
    let (_, first) = test.store().open("apply", Duration::ZERO).await.unwrap();
    match test.store().open("destroy", Duration::ZERO).await {
        Err(StateError::Locked { holder: Some(holder), .. }) => {
            assert_eq!((holder.command.as_str(), holder.pid), ("apply", std::process::id()));
        }
        other => panic!("{other:?}"),
    }
    let started = Instant::now();
    let store = test.store();
    let (second, ()) = tokio::join!(store.open("destroy", 3 * LEASE), async {
        tokio::time::sleep(2 * LEASE).await;
        first.release().await;
    });
    second.unwrap();
    assert!(started.elapsed() >= 2 * LEASE, "a lease that is renewed does not run out");
}

#[tokio::test(start_paused = true)]
async fn the_lease_of_a_dead_process_runs_out() {
    let test = Test::remote();
    let (_, dead) = test.store().open("apply", Duration::ZERO).await.unwrap();
    drop(dead);
    assert!(test.store().open("plan", LEASE / 2).await.is_err(), "not before its time");
    test.store().open("plan", LEASE).await.unwrap();
}

/// However late it wakes up: it can announce nothing and write nothing, and what it had announced is in the new state.
#[tokio::test(start_paused = true)]
async fn whoever_lost_the_lease_can_neither_announce_nor_write() {
    for appended in [false, true] {
        let test = Test::remote();
        let store = test.store();
        let (mut document, zombie, journal) = begun(&store).await;
        if appended {
            journal.append(&intent("first")).await.unwrap();
        }
        let Store::Remote(remote) = &store else { panic!("not remote") };
        let (taken, held) = remote.seize("unlock").await.unwrap();
        let mut taken = taken.unwrap();
        assert_eq!(taken.open.len(), usize::from(appended));
        let next = held.journal(&taken, "apply").await.unwrap();
        next.append(&intent("second")).await.unwrap();
        let refused = journal.append(&intent("third")).await.unwrap_err();
        assert!(matches!(&refused, StateError::Lost { .. }), "{refused}");
        let refused = zombie.write(&mut document).await.unwrap_err();
        assert!(matches!(&refused, StateError::Lost { .. }), "{refused}");
        assert!(refused.to_string().contains("taken over by `stackctl unlock`"), "{refused}");
        tokio::time::sleep(LEASE).await;
        assert!(*zombie.lost().unwrap().borrow(), "it is told as well");
        next.append(&done("second", 0)).await.unwrap();
        held.write(&mut taken).await.unwrap();
    }
}

/// Its owner sleeps in the midst of a call, and believes for a while after its last renewal that it need not ask.
#[tokio::test(start_paused = true)]
async fn whoever_takes_a_lease_away_waits_until_its_owner_asks() {
    let test = Test::remote();
    assert!(test.apply(STACK).await.failed.is_empty());
    let store = test.store();
    let (_, asleep) = store.open("apply", Duration::ZERO).await.unwrap();
    let Store::Remote(remote) = &store else { panic!("not remote") };
    let begun = tokio::time::Instant::now();
    let (_, held) = remote.seize("unlock").await.unwrap();
    assert!(begun.elapsed() >= LEASE / 2, "only {:?}", begun.elapsed());
    assert!(*asleep.lost().unwrap().borrow(), "it has asked meanwhile");
    held.release().await;
}

/// It opened the state long ago and begins only after somebody else has come and gone.
#[tokio::test(start_paused = true)]
async fn a_sleeper_cannot_start_on_what_has_changed_meanwhile() {
    let test = Test::remote();
    assert!(test.apply(STACK).await.failed.is_empty());
    let store = test.store();
    let (document, sleeper) = store.open("apply", Duration::ZERO).await.unwrap();
    let Store::Remote(remote) = &store else { panic!("not remote") };
    let (other, held) = remote.seize("apply").await.unwrap();
    let mut other = other.unwrap();
    held.write(&mut other).await.unwrap();
    held.release().await;
    let journal = sleeper.journal(&document.unwrap(), "apply").await.unwrap();
    let refused = journal.append(&intent("late")).await.unwrap_err();
    assert!(matches!(&refused, StateError::Lost { .. }), "{refused}");
}

/// Every write of an apply and its end, with its answer lost in every way: the apply goes on or says what happened, and
/// the next one ends with exactly what is wanted.
#[tokio::test(start_paused = true)]
async fn a_lost_answer_of_the_object_store_loses_nothing() {
    let mut hit = 0;
    for trouble in [Trouble::Repeated, Trouble::LostResponse, Trouble::LostRequest] {
        for write in 0..60 {
            let test = Test::remote();
            assert!(test.apply("").await.failed.is_empty());
            let memory = test.memory.clone().unwrap();
            memory.trouble(write, trouble);
            let outcome = test.try_apply(STACK).await;
            hit += usize::from(memory.untroubled());
            if trouble == Trouble::Repeated {
                assert!(
                    outcome.as_ref().is_ok_and(|summary| summary.failed.is_empty()),
                    "{write}: {outcome:?}"
                );
            }
            memory.calm();
            assert!(test.apply(STACK).await.failed.is_empty(), "{trouble:?} {write}");
            assert!(test.plan(STACK).await.0.is_empty(), "{trouble:?} {write}");
            assert_eq!(test.count(), 3, "{trouble:?} {write}: an orphan or a duplicate");
        }
    }
    assert!(hit > 30, "only {hit} writes were disturbed");
}

#[tokio::test(start_paused = true)]
async fn entries_that_wait_together_are_written_together() {
    let test = Test::remote();
    let (_, _held, journal) = begun(&test.store()).await;
    let before = test.memory.as_ref().unwrap().requests();
    let names: Vec<String> = (0..100).map(|index| format!("n{index}")).collect();
    let entries: Vec<Entry> = names.iter().map(|name| intent(name)).collect();
    let appended = futures::future::join_all(entries.iter().map(|entry| journal.append(entry))).await;
    assert!(appended.iter().all(Result::is_ok));
    let requests = test.memory.as_ref().unwrap().requests() - before;
    assert!(requests <= 3, "{requests} requests for 100 entries: the first and the state, then the rest");
    assert_eq!(test.store().peek().await.unwrap().unwrap().open.len(), 100);
}

/// A long apply folds its journal into the state on the way: what is written grows with the entries, not with their
/// square.
#[tokio::test(start_paused = true)]
async fn a_full_journal_is_folded_and_nothing_of_it_is_lost() {
    let test = Test::remote();
    let (mut document, held, journal) = begun(&test.store()).await;
    for index in 0..100 {
        let name = format!("n{index}");
        for entry in [intent(&name), done(&name, 10_000)] {
            journal.append(&entry).await.unwrap();
            document.take(&entry);
        }
    }
    journal.append(&intent("last")).await.unwrap();
    document.take(&intent("last"));
    let seen = test.store().peek().await.unwrap().unwrap();
    assert!(seen.serial > 2, "it was folded");
    assert_eq!((&seen.resources, &seen.open), (&document.resources, &document.open));
    held.write(&mut document).await.unwrap();
    let seen = test.store().peek().await.unwrap().unwrap();
    assert_eq!((seen.resources.len(), seen.open.len()), (100, 1));
}

/// It has read everything, and begins while another one is in the midst of its work: before that one has written the
/// state, which is as the sleeper knows it.
#[tokio::test(start_paused = true)]
async fn a_sleeper_cannot_write_the_state_of_a_run_that_is_under_way() {
    let test = Test::remote();
    assert!(test.apply(STACK).await.failed.is_empty());
    let store = test.store();
    let (document, sleeper) = store.open("state mv", Duration::ZERO).await.unwrap();
    let Store::Remote(remote) = &store else { panic!("not remote") };
    let (other, held) = remote.seize("apply").await.unwrap();
    let journal = held.journal(&other.unwrap(), "apply").await.unwrap();
    journal.append(&intent("new")).await.unwrap();
    let refused = sleeper.write(&mut document.unwrap()).await.unwrap_err();
    assert!(matches!(&refused, StateError::Lost { .. }), "{refused}");
    assert_eq!(store.peek().await.unwrap().unwrap().open.len(), 1, "the other one's work is not forgotten");
}

/// The one before wakes up and gives its lease back, which it has no more.
#[tokio::test(start_paused = true)]
async fn a_lease_is_given_back_by_its_owner_alone() {
    let test = Test::remote();
    let store = test.store();
    let (_, before) = store.open("apply", Duration::ZERO).await.unwrap();
    let Store::Remote(remote) = &store else { panic!("not remote") };
    let (_, held) = remote.seize("unlock").await.unwrap();
    before.release().await;
    let (holder, _) = remote.holder().await.unwrap().expect("the lease of the other one is gone");
    assert_eq!(holder.command, "unlock");
    held.release().await;
    assert!(remote.holder().await.unwrap().is_none());
}

/// The answer to the first write of a journal is lost, so nothing is done; the stack is as empty as before, and no journal
/// may stay without its state.
#[tokio::test(start_paused = true)]
async fn a_journal_whose_writing_is_in_doubt_is_removed_with_the_state() {
    let test = Test::remote();
    let (memory, store) = (test.memory.clone().unwrap(), test.store());
    let (mut document, held, journal) = begun(&store).await;
    memory.trouble(0, Trouble::LostResponse);
    journal.append(&intent("first")).await.unwrap_err();
    held.write(&mut document).await.unwrap();
    held.remove().await.unwrap();
    held.release().await;
    assert!(memory.keys().is_empty(), "{:?}", memory.keys());
}

/// Somebody else has begun a run there: the state is not taken away from under its journal.
#[tokio::test(start_paused = true)]
async fn a_state_is_not_removed_under_the_journal_of_another() {
    let test = Test::remote();
    let store = test.store();
    let (document, sleeper) = store.open("destroy", Duration::ZERO).await.unwrap();
    let mut document = document.unwrap_or_else(|| Document::new("test", "000000000000", "eu-west-1"));
    sleeper.write(&mut document).await.unwrap();
    let Store::Remote(remote) = &store else { panic!("not remote") };
    let (other, held) = remote.seize("apply").await.unwrap();
    let journal = held.journal(&other.unwrap(), "apply").await.unwrap();
    journal.append(&intent("new")).await.unwrap();
    let refused = sleeper.remove().await.unwrap_err();
    assert!(matches!(&refused, StateError::Lost { .. }), "{refused}");
    assert_eq!(store.peek().await.unwrap().unwrap().open.len(), 1);
}

/// As of a journal in a folder: whichever bit flips, it is noticed, or the state is read as before.
#[tokio::test(start_paused = true)]
async fn every_flipped_bit_of_a_journal_in_an_object_store_is_noticed() {
    let test = Test::remote();
    let (memory, store) = (test.memory.clone().unwrap(), test.store());
    let (_, held, journal) = begun(&store).await;
    for entry in [intent("a"), done("a", 0), intent("b"), done("b", 0), intent("open")] {
        journal.append(&entry).await.unwrap();
    }
    drop((journal, held));
    let key = "team/test.json.journal";
    let whole = memory.get(key).await.unwrap().unwrap();
    let meaning = store.peek().await.unwrap().unwrap();
    assert!(meaning.resources.len() == 2 && meaning.open.len() == 1);
    let (mut etag, mut noticed) = (whole.etag, 0);
    for bit in 0..whole.bytes.len() * 8 {
        let mut flipped = whole.bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        etag = memory.put(key, flipped, Condition::Match(etag)).await.unwrap();
        match store.peek().await {
            Err(StateError::Damaged { .. } | StateError::Newer { .. }) => noticed += 1,
            Ok(Some(read)) => assert_eq!(read, meaning, "bit {bit}"),
            other => panic!("bit {bit}: {other:?}"),
        }
    }
    assert!(noticed > whole.bytes.len() * 7, "{noticed}");
}

/// Two stacks with one key: the second is told whose state it is, whatever it wants, a recovery too.
#[tokio::test(start_paused = true)]
async fn two_stacks_with_one_key_are_told_apart() {
    let test = Test::remote();
    let (ours, theirs) = (test.store(), test.store().of_stack("beta"));
    let (document, held, journal) = begun(&ours).await;
    journal.append(&intent("a")).await.unwrap();
    held.release().await;
    let foreign = |error: StateError| match error {
        StateError::Foreign { stack, there, lineage, .. } => {
            assert_eq!((stack.as_str(), there.as_str(), lineage), ("beta", "test", document.lineage.clone()));
        }
        other => panic!("{other}"),
    };
    foreign(theirs.peek().await.unwrap_err());
    foreign(theirs.open("apply", Duration::ZERO).await.unwrap_err());
    // The lease of the one before has to run out.
    foreign(theirs.salvage("state recover", 2 * LEASE).await.unwrap_err());
    assert_eq!(ours.peek().await.unwrap().unwrap().open.len(), 1, "it is as it was");
    ours.open("apply", 2 * LEASE).await.unwrap();
}
