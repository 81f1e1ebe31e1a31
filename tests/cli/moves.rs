//! `stackctl state migrate` that dies anywhere: one of the two places is the state, the other sends on, and the same command ends
//! it. Between folders, without a cloud.

use crate::invocation::{Answer, Test};
use crate::states::{STACK, STATE, document, journal, text};
use std::os::unix::process::ExitStatusExt;
use std::process::Command;

const OLD: &str = "state/demo.local.json";
const NEW: &str = "new/demo.local.json";

fn moving(test: &Test, nth: Option<usize>) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stackctl"));
    command.args(["state", "migrate", "--to", "new", "--auto-approve", "--target", "local"]);
    if let Some(nth) = nth {
        command.args(["--die-at", &nth.to_string()]);
    }
    command.current_dir(test.path(".")).env("HOME", test.path(".")).output().unwrap()
}

fn list(test: &Test, place: &str) -> Answer {
    let stack = STACK.replacen("[queue.jobs]", &format!("state = \"{place}\"\n[queue.jobs]"), 1);
    let test = Test::at(test.path(".")).file(&format!("{place}.toml"), &stack);
    test.arguments(&["state", "list", "--target", "local", "--file", &format!("{place}.toml")]).run()
}

/// Which of the two is the state, and what the other one says.
fn live(test: &Test, when: &str) -> &'static str {
    let (old, new) = (list(test, "state"), list(test, "new"));
    let (live, other, place) = match (old.code, new.code) {
        (0, 1) => (old, new, "old"),
        (1, 0) => (new, old, "new"),
        // Before anything was written there, the other one is an empty place.
        (0, 0) if !test.path(NEW).exists() => {
            assert_eq!(new.stdout, "", "{when}");
            return "old";
        }
        codes => panic!("{when}: {codes:?}\n{}\n{}", old.stderr, new.stderr),
    };
    assert!(
        live.stdout.contains("queue.jobs") && live.stdout.contains("queue.more"),
        "{when}: {}",
        live.stdout
    );
    let sends = if place == "old" { "state migrate --from state" } else { "was moved to new" };
    assert!(other.stderr.contains(sends), "{when}: {}", other.stderr);
    place
}

#[test]
fn wherever_it_dies_one_place_is_the_state_and_the_same_command_ends_it() {
    let mut seen = vec![];
    for nth in 1.. {
        let base = document(4, &["jobs"]);
        let test = Test::new()
            .stack(STACK)
            .file(STATE, &text(&base))
            .file("state/demo.local.journal", &journal(&base, "more", true));
        let output = moving(&test, Some(nth));
        let when = format!("point {nth}");
        seen.push(live(&test, &when));
        if output.status.signal().is_none() {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            break;
        }
        let again = moving(&test, None);
        assert!(again.status.success(), "{when}: {}", String::from_utf8_lossy(&again.stderr));
        assert_eq!(live(&test, &when), "new", "{when}");
        assert!(!test.read(NEW).contains("arriving"), "{when}");
        assert!(test.read(OLD).contains("moved_to"), "{when}");
    }
    assert!(seen.len() >= 8 && seen.contains(&"old") && seen.last() == Some(&"new"), "{seen:?}");
    let switch = seen.iter().position(|place| *place == "new").unwrap();
    assert!(seen[switch..].iter().all(|place| *place == "new"), "{seen:?}");
}

/// The state went elsewhere after all: the copy that lies in the first new place is not the state.
#[test]
fn a_copy_of_a_move_that_was_cut_off_stays_a_copy_when_the_state_moves_on() {
    let mut copies = 0;
    for nth in 1.. {
        let test = Test::new().stack(STACK).file(STATE, &text(&document(4, &["jobs", "more"])));
        if moving(&test, Some(nth)).status.signal().is_none() {
            break;
        }
        if live(&test, &format!("point {nth}")) != "old" {
            continue;
        }
        let on = ["state", "migrate", "--to", "third", "--auto-approve", "--target", "local"];
        let on = Test::at(test.path(".")).arguments(&on).run();
        assert_eq!(on.code, 0, "{}", on.stderr);
        let copy = list(&test, "new");
        if test.path(NEW).exists() {
            copies += 1;
            assert!(copy.code == 1 && copy.stderr.contains("moved from state"), "{nth}: {}", copy.stderr);
        }
        assert!(list(&test, "third").stdout.contains("queue.jobs"), "{nth}");
    }
    assert!(copies > 0, "no copy was left behind");
}

/// The copy alone is not the state, until somebody says so.
#[test]
fn a_copy_whose_old_place_is_gone_is_taken_only_by_name() {
    let mut copy = document(5, &["jobs"]);
    copy.arriving = Some(stackctl::state::Arriving { from: "old".to_owned(), stack: "demo".to_owned() });
    let test = Test::new().stack(STACK).file(STATE, &text(&copy));
    let test = test.args(["state", "list", "--target", "local"]);
    let told = test.failure(1).stderr;
    assert!(told.contains("state migrate --from old"), "{told}");
    let test = test.arguments(&["state", "migrate", "--from", "old", "--auto-approve", "--target", "local"]);
    test.success();
    assert!(test.args(["state", "list", "--target", "local"]).success().stdout.contains("queue.jobs"));
}
