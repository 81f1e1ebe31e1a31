//! Files of any size in every place that a command reads: an error with the limit, in little memory.

use crate::invocation::Test;
use crate::states::{JOURNAL, STACK, STATE, document, text};
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// More than any machine has, of which nothing is on the disk.
const VAST: u64 = 1 << 40;
/// Of address space, in KiB: what a command needs by itself, and a little more.
const ROOM: u64 = 6 << 20;

fn vast(test: &Test, name: &str) {
    let path = test.path(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    File::create(path).unwrap().set_len(VAST).unwrap();
}

/// Runs it with little memory; how it ended and what it said.
fn said(test: &Test, args: &[&str], input: &str) -> (i32, String) {
    let script = format!("ulimit -v {ROOM}; exec \"$0\" \"$@\" < {input}");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script, env!("CARGO_BIN_EXE_stackctl")]).args(args).arg0("sh");
    let answer = test.spawn(&mut shell);
    (answer.code, answer.stderr)
}

#[test]
fn vast_files_are_refused_with_the_limit() {
    let local = |args: &[&'static str]| [args, &["--target", "local"]].concat();
    for (name, args, limit) in [
        ("stack.toml", vec!["validate"], "larger than 1 MiB"),
        (STATE, local(&["state", "list"]), "larger than 256 MiB"),
        (JOURNAL, local(&["state", "list"]), "larger than 1024 MiB"),
        ("saved.plan", local(&["apply", "saved.plan"]), "larger than 512 MiB"),
        ("pushed.json", local(&["state", "push", "pushed.json"]), "larger than 256 MiB"),
        ("secret", local(&["validate", "--set-file", "p=secret"]), "larger than 1 MiB"),
    ] {
        let test = Test::new().stack(STACK).file(STATE, &text(&document(4, &["jobs"])));
        vast(&test, name);
        let (code, told) = said(&test, &args, "/dev/null");
        assert_eq!(code, 1, "{name}: {told}");
        let bare = std::path::Path::new(name).file_name().unwrap().to_str().unwrap();
        assert!(told.contains(limit) && told.contains(bare), "{name}: {told}");
    }
}

#[test]
fn endless_input_is_refused_with_the_limit() {
    let test = Test::new().stack(STACK).file(STATE, &text(&document(4, &["jobs"])));
    let (code, told) = said(&test, &["state", "push", "-", "--target", "local"], "/dev/zero");
    assert!(code == 1 && told.contains("failed to read stdin: it is larger than 256 MiB"), "{told}");
    let (code, told) = said(&test, &["validate", "--set-file", "p=-"], "/dev/zero");
    assert!(code == 1 && told.contains("it is larger than 1 MiB"), "{told}");
    let (code, told) = said(&test, &["validate", "--file", "/dev/zero"], "/dev/null");
    assert!(code == 1 && told.contains("/dev/zero cannot be read: it is larger than 1 MiB"), "{told}");
}

#[test]
fn what_is_kept_for_the_next_command_may_be_anything() {
    let home = |test: &Test, name: &str| vast(test, &format!("home/{name}"));
    let test = Test::new().stack(STACK).file(STATE, &text(&document(4, &["jobs"])));
    for name in [".cache/stackctl/digests.json", ".local/state/stackctl/places.json"] {
        home(&test, name);
    }
    let script = format!(
        "ulimit -v {ROOM}; export HOME=$PWD/home; unset XDG_CACHE_HOME XDG_STATE_HOME; exec \"$0\" \"$@\""
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &script, env!("CARGO_BIN_EXE_stackctl"), "state", "list", "--target", "local"]);
    let answer = test.spawn(&mut shell);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
}

/// A state that is too large to be read is a damaged one: its backup is.
#[test]
fn a_vast_state_is_recovered_from_its_backup() {
    let test =
        Test::new().stack(STACK).file(STATE, "").file(crate::states::BACKUP, &text(&document(4, &["jobs"])));
    vast(&test, STATE);
    let (code, told) = said(&test, &["state", "recover", "--auto-approve", "--target", "local"], "/dev/null");
    assert!(code == 0 && told.contains("larger than 256 MiB"), "{code} {told}");
    assert!(test.args(["state", "list", "--target", "local"]).success().stdout.contains("queue.jobs"));
}

/// Deep JSON in what is read back: an error, not the end of the process.
#[test]
fn deep_states_plans_and_journals_are_refused() {
    let deep = |of: &str| format!("{of}{}", "{\"a\":[".repeat(100_000));
    let local = |args: &[&'static str]| [args, &["--target", "local"]].concat();
    for (name, args) in [
        (STATE, local(&["state", "list"])),
        (JOURNAL, local(&["state", "list"])),
        ("saved.plan", local(&["apply", "saved.plan"])),
        ("pushed.json", local(&["state", "push", "pushed.json"])),
    ] {
        let test = Test::new().stack(STACK).file(STATE, &text(&document(4, &["jobs"]))).file(name, &deep(""));
        let (code, told) = said(&test, &args, "/dev/null");
        assert_eq!(code, 1, "{name}: {told}");
    }
}
