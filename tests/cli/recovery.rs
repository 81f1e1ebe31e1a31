//! A damaged or lost local state, as a user meets it and gets out of it.

use crate::invocation::Test;
use crate::states::{BACKUP, JOURNAL, STACK, STATE, document, journal, text};

fn list(test: Test) -> (Test, String) {
    let test = test.args(["state", "list", "--target", "local"]);
    let listed = test.success().stdout;
    (test, listed)
}

fn recover(test: Test) -> (Test, String) {
    let test = test.args(["state", "recover", "--target", "local", "--auto-approve"]);
    let told = test.success().stderr;
    (test, told)
}

/// It is refused by a command that reads and by one that writes, with the remedy, and nothing changes.
fn is_refused(test: Test, why: &str) -> Test {
    let before = test.files("state");
    let test = test.args(["state", "rm", "queue.jobs", "--target", "local"]);
    let written = test.failure(1).stderr;
    let test = test.args(["show", "--target", "local"]);
    let read = test.failure(1).stderr;
    for told in [written, read] {
        assert!(told.contains(why) && told.contains("stackctl state recover"), "{told}");
        assert!(told.contains(BACKUP), "{told}");
    }
    let after: Vec<_> =
        test.files("state").into_iter().filter(|(name, _)| !name.ends_with(".lock")).collect();
    assert_eq!(after, before);
    test
}

#[test]
fn a_truncated_state_is_rebuilt_from_backup_and_journal() {
    let (old, new) = (document(4, &["jobs"]), document(5, &["jobs", "more"]));
    let half = &text(&new)[..300];
    let test = Test::new()
        .stack(STACK)
        .file(STATE, half)
        .file(BACKUP, &text(&old))
        .file(JOURNAL, &journal(&old, "more", true));
    let test = is_refused(test, "not valid JSON");
    let (test, told) = recover(test);
    assert!(told.contains("left out") && told.contains("3 entries of"), "{told}");
    let (test, listed) = list(test);
    assert!(listed.contains("queue.jobs") && listed.contains("queue.more"), "{listed}");
    let kept: Vec<_> =
        test.files("state").into_iter().filter(|(name, _)| name.contains(".damaged-")).collect();
    assert!(
        kept.iter().any(|(name, bytes)| name.starts_with("demo.local.json.d") && bytes == half.as_bytes())
    );
    assert!(kept.iter().any(|(name, _)| name.starts_with("demo.local.journal.d")), "{kept:?}");
    assert_eq!(test.read(BACKUP), text(&old), "the backup is left as it is");
    let (_, told) = recover(test);
    assert!(told.contains("nothing to recover"), "{told}");
}

#[test]
fn a_changed_character_is_found() {
    let changed = text(&document(5, &["jobs"])).replace("demo-jobs", "demo-j0bs");
    let test = Test::new().stack(STACK).file(STATE, &changed).file(BACKUP, &text(&document(4, &["jobs"])));
    is_refused(test, "checksum");
}

#[test]
fn a_backup_that_may_lack_something_says_so() {
    let test = Test::new().stack(STACK).file(STATE, "{").file(BACKUP, &text(&document(4, &["jobs"])));
    let (test, told) = recover(test);
    assert!(told.contains("ownership tags were not looked at") && told.contains("local up"), "{told}");
    assert!(list(test).1.contains("queue.jobs"));
}

#[test]
fn a_state_that_is_gone_is_no_fresh_start() {
    let old = document(4, &["jobs"]);
    let with_backup = Test::new().stack(STACK).file(BACKUP, &text(&old));
    let test = is_refused(with_backup, "not there although its backup is");
    assert!(list(recover(test).0).1.contains("queue.jobs"));
    let with_journal = Test::new().stack(STACK).file(JOURNAL, &journal(&old, "more", false));
    let test = is_refused(with_journal, "not there although its journal is");
    // Nothing but the cloud can tell, and there is none.
    let test = test.args(["state", "recover", "--target", "local", "--auto-approve"]);
    assert!(test.failure(1).stderr.contains("stackctl local up"));
}

#[test]
fn a_journal_of_another_state_is_not_folded_and_not_forgotten() {
    let mut other = document(4, &[]);
    other.lineage = "another".to_owned();
    let test = || Test::new().stack(STACK).file(STATE, &text(&document(4, &["jobs"])));
    let foreign = test().file(JOURNAL, &journal(&other, "more", true));
    is_refused(foreign, "belongs to another state");
    let newer = test().file(JOURNAL, &journal(&document(6, &[]), "more", true));
    let test = is_refused(newer, "an older state was put in its place");
    let (test, told) = recover(test);
    assert!(told.contains("left out") && told.contains("builds on serial 6"), "{told}");
    assert!(test.files("state").iter().any(|(name, _)| name.contains("journal.damaged-")));
}

#[test]
fn a_damaged_journal_is_used_as_far_as_it_verifies() {
    let base = document(4, &["jobs"]);
    let whole = journal(&base, "more", true);
    let damaged = whole.replacen("\"entry\":\"done\"", "\"entry\":\"d?ne\"", 1);
    let test = Test::new().stack(STACK).file(STATE, &text(&base)).file(JOURNAL, &damaged);
    let test = is_refused(test, "line 4 is damaged");
    let (test, told) = recover(test);
    assert!(told.contains("last line (4) is damaged"), "{told}");
    assert!(told.contains("1 begun by a run that died"), "{told}");
    let state = test.read(STATE);
    assert!(state.contains("\"open\"") && state.contains("demo-more"), "the intent is open, with its id");
}

#[test]
fn nobody_is_overruled() {
    let test = Test::new().stack(STACK).file(STATE, "{").file(BACKUP, &text(&document(4, &["jobs"])));
    let test = test.args(["state", "recover", "--target", "local"]);
    let told = test.failure(1).stderr;
    assert!(told.contains("--auto-approve") && told.contains("queue.jobs"), "{told}");
    assert_eq!(test.read(STATE), "{");
}

/// Whatever is left of a state, and whatever runs have saved of it beside: after a recovery no command is refused because of that,
/// and nothing that verified is lost.
#[test]
fn a_recovery_is_done_with_what_runs_have_saved() {
    let mut count = 0;
    for state in [None, Some("{"), Some("whole")] {
        for backup in [false, true] {
            for open in [false, true] {
                for rescued in ["older", "newer", "both", "another"] {
                    of_rescued(state, backup, open, rescued);
                    count += 1;
                }
            }
        }
    }
    assert_eq!(count, 48);
}

fn of_rescued(state: Option<&str>, backup: bool, open: bool, rescued: &str) {
    let what = format!("state {state:?}, backup {backup}, journal {open}, {rescued}");
    let base = document(4, &["jobs"]);
    let mut test = Test::new().stack(STACK).file("state/.keep", "");
    match state {
        Some("whole") => test = test.file(STATE, &text(&base)),
        Some(other) => test = test.file(STATE, other),
        None => {}
    }
    if backup {
        test = test.file(BACKUP, &text(&document(3, &["jobs"])));
    }
    if open {
        test = test.file(JOURNAL, &journal(&base, "more", true));
    }
    let saved = |serial, lineage: &str| {
        let mut document = document(serial, &["jobs", "late"]);
        document.lineage = lineage.to_owned();
        text(&document)
    };
    let (older, newer) =
        ("demo.local.rescued-20260101T000000Z.json", "demo.local.rescued-20260102T000000Z.json");
    if rescued == "older" || rescued == "both" {
        test = test.file(older, &saved(2, &base.lineage));
    }
    if rescued == "newer" || rescued == "both" {
        test = test.file(newer, &saved(9, &base.lineage));
    }
    if rescued == "another" {
        test = test.file(newer, &saved(9, "another"));
    }
    let before: Vec<_> =
        [older, newer].iter().filter_map(|name| std::fs::read(test.path(name)).ok()).collect();
    let (test, told) = recover(test);
    // Only what is there says whether a command would wait.
    let files = stackctl::state::Files::new(&test.path("state"), "demo", Some("local"));
    let now = files.read().unwrap_or_else(|error| panic!("{what}: {error}\n{told}")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let held = runtime.block_on(files.hold("apply", std::time::Duration::ZERO)).unwrap();
    for document in [None, Some(&now)] {
        held.no_rescue(document).unwrap_or_else(|error| panic!("{what}: {error}\n{told}"));
    }
    drop(held);
    let names: Vec<String> = now.resources.keys().map(ToString::to_string).collect();
    if rescued == "newer" || rescued == "both" {
        assert!(names.contains(&"queue.late".to_owned()) && now.serial > 9, "{what}: {names:?}\n{told}");
    }
    if state == Some("whole") {
        assert!(names.contains(&"queue.jobs".to_owned()), "{what}: {names:?}");
    }
    // What was saved is kept under another name.
    let kept: Vec<_> = test.files(".").into_iter().filter(|(name, _)| name.contains(".settled-")).collect();
    assert_eq!(kept.len(), before.len(), "{what}: {kept:?}\n{told}");
    assert!(kept.iter().all(|(_, bytes)| before.contains(bytes)), "{what}");
    let (_, told) = recover(test);
    assert!(told.contains("nothing to recover"), "{what}: {told}");
}
