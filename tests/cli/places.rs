//! Whose state it is, where it really lies, and who may write there.

use crate::invocation::Test;
use crate::states::{BACKUP, JOURNAL, LOCK, STACK, STATE, document, journal, text};
use stackctl::state::Document;
use std::os::unix::fs::{PermissionsExt, symlink};

const LIST: [&str; 4] = ["state", "list", "--target", "local"];
const RM: [&str; 5] = ["state", "rm", "queue.jobs", "--target", "local"];

/// Every command that reads or writes the state without a cloud.
const COMMANDS: [&[&str]; 9] = [
    &["state", "list"],
    &["state", "show", "queue.jobs"],
    &["state", "rm", "queue.jobs"],
    &["state", "mv", "queue.jobs", "queue.more"],
    &["state", "pull"],
    &["state", "rollback", "backup"],
    &["show"],
    &["output"],
    &["state", "push", "pushed.json"],
];

fn each(test: Test, why: &str, without: &str) -> Test {
    let before = test.files("state");
    let mut test = test;
    for command in COMMANDS {
        let args: Vec<&str> = command.iter().copied().chain(["--target", "local"]).collect();
        test = test.arguments(&args);
        let told = test.failure(1).stderr;
        assert!(told.contains(why) && !told.contains(without), "{args:?}: {told}");
    }
    let after: Vec<_> =
        test.files("state").into_iter().filter(|(name, _)| !name.ends_with(".lock")).collect();
    let before: Vec<_> = before.into_iter().filter(|(name, _)| !name.ends_with(".lock")).collect();
    assert_eq!(after, before);
    test
}

fn pushed() -> String {
    text(&document(9, &["jobs"]))
}

#[test]
fn the_state_of_another_stack_is_refused_by_every_command_and_named() {
    let other = Document { stack: "other".to_owned(), ..document(4, &["jobs"]) };
    let test = Test::new().stack(STACK).file(STATE, &text(&other)).file("pushed.json", &pushed());
    let why =
        format!("holds the state of the stack other (lineage {}), and this stack is demo", other.lineage);
    let test = each(test, &why, "recover");

    // It was called so before: one command takes it over.
    let test = test.file("state/other.local.json", &text(&other));
    std::fs::remove_file(test.path(STATE)).unwrap();
    let args = ["state", "migrate", "--from-stack", "other", "--target", "local", "--auto-approve"];
    let test = test.arguments(&args);
    test.success();
    let test = test.args(LIST);
    assert!(test.success().stdout.contains("queue.jobs"));
    let former = STACK.replace("demo", "other");
    let test = test.stack(&former);
    assert!(
        test.failure(1).stderr.contains("was moved to state (as the stack demo)"),
        "{}",
        test.failure(1).stderr
    );
}

#[test]
fn a_state_of_a_newer_stackctl_is_left_to_that_one() {
    let newer = text(&document(4, &["jobs"])).replacen("\"format\": 2", "\"format\": 3", 1);
    let stack = || Test::new().stack(STACK).file("pushed.json", &pushed());
    let test = stack().file(STATE, &newer).file(BACKUP, &text(&document(3, &["jobs"])));
    let test = each(test, "use a newer stackctl", "recover");
    for args in
        [&["state", "recover", "--auto-approve"][..], &["state", "recover", "--from-tags", "--auto-approve"]]
    {
        let args: Vec<&str> = args.iter().copied().chain(["--target", "local"]).collect();
        let test = Test::at(test.path(".")).arguments(&args);
        assert!(test.failure(1).stderr.contains("use a newer stackctl"));
    }
    assert_eq!(test.read(STATE), newer);
    let test = test.args(["state", "recover", "--force", "--auto-approve", "--target", "local"]);
    test.success();
    assert!(test.args(LIST).success().stdout.contains("queue.jobs"));

    let base = document(4, &["jobs"]);
    let ahead = journal(&base, "more", true).replacen("\"format\":2", "\"format\":3", 1);
    each(stack().file(STATE, &text(&base)).file(JOURNAL, &ahead), "use a newer stackctl", "recover");
}

/// A cloned project must not lead us to a file of the user's, and a link is not replaced by a plain file.
#[test]
fn nothing_is_read_or_written_through_a_link_but_the_folder() {
    for name in [STATE, BACKUP, JOURNAL, LOCK] {
        let test = Test::new().stack(STACK).file("precious", "mine").file("pushed.json", &pushed());
        let test = if name == STATE { test } else { test.file(STATE, &text(&document(4, &["jobs"]))) };
        std::fs::create_dir_all(test.path("state")).unwrap();
        symlink(test.path("precious"), test.path(name)).unwrap();
        let test = test.args(RM);
        let told = test.failure(1).stderr;
        assert!(told.contains("is no plain file") && told.contains(name), "{told}");
        assert_eq!(test.read("precious"), "mine", "{name}");
        assert!(test.path(name).is_symlink(), "{name}");
    }
    // One that is whole is not followed either: its target would go stale without a word.
    let test = Test::new().stack(STACK).file("elsewhere/s.json", &text(&document(4, &["jobs"])));
    std::fs::create_dir(test.path("state")).unwrap();
    symlink(test.path("elsewhere/s.json"), test.path(STATE)).unwrap();
    let test = test.args(LIST);
    assert!(test.failure(1).stderr.contains("is no plain file"));

    // The folder may lie elsewhere, with all that belongs to it.
    let test =
        Test::new().stack(STACK).file("elsewhere/demo.local.json", &text(&document(4, &["jobs", "more"])));
    symlink("elsewhere", test.path("state")).unwrap();
    let test = test.args(RM);
    test.success();
    assert!(test.path("state").is_symlink() && test.path("elsewhere/demo.local.json").is_file());
    assert!(test.path("elsewhere/demo.local.lock").is_file());
    assert!(!test.args(LIST).success().stdout.contains("queue.jobs"));
}

/// A stack may be called as another program calls its own file.
#[test]
fn a_lock_of_another_program_is_not_taken_for_ours() {
    let stack = STACK.replace("name = \"demo\"", "name = \"flake\"\nstate = \".\"");
    let mut state = document(4, &["jobs"]);
    state.stack = "flake".to_owned();
    let lock = "{\"nodes\": {}}";
    let test = Test::new().stack(&stack).file("flake.json", &text(&state)).file("flake.lock", lock);
    let test = test.args(["state", "rm", "queue.jobs"]);
    let told = test.failure(1).stderr;
    assert!(told.contains("flake.lock lies in the place of the lock"), "{told}");
    assert_eq!(test.read("flake.lock"), lock);
}

#[test]
fn nobody_else_reads_or_writes_what_is_made() {
    let test = Test::new().stack(STACK).file("pushed.json", &pushed());
    let script =
        "umask 0; \"$0\" state push pushed.json --target local && \"$0\" state rm queue.jobs --target local";
    let mut shell = std::process::Command::new("sh");
    let answer = test.spawn(shell.args(["-c", script, env!("CARGO_BIN_EXE_stackctl")]));
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    for name in [STATE, BACKUP, LOCK] {
        let mode = test.path(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_sensitive_output_is_a_refusal_that_says_where_its_value_is() {
    let stack = "[stack]\nname = \"demo\"\nregion = \"eu-west-1\"\n[params]\npin = { type = \"string\", default = \"1\", sensitive = true }\n\
                 [secret.token]\nvalue = \"${param.pin}\"\n[queue.jobs]\n[outputs]\nurl = \"${queue.jobs.url}\"\n\
                 pin = { value = \"${param.pin}\", sensitive = true }\narn = { value = \"${secret.token.arn}\", sensitive = true }\n";
    let mut state = document(4, &["jobs"]);
    let digest = format!("$digest:{}", "ab".repeat(32));
    state.outputs = [("url", "http://q"), ("pin", &digest), ("arn", &digest)]
        .map(|(name, value)| (name.to_owned(), serde_json::json!(value)))
        .into();
    let token = stackctl::state::Record { id: "arn:the:token".into(), ..crate::states::record("jobs") };
    state.resources.insert("secret.token".parse().unwrap(), token);
    let test = Test::new().stack(stack).file(STATE, &text(&state));
    for (name, way) in [("pin", "a param"), ("arn", "get-secret-value --secret-id 'arn:the:token'")] {
        for args in
            [vec!["output", name, "--target", "local"], vec!["output", name, "--json", "--target", "local"]]
        {
            let test = Test::at(test.path(".")).arguments(&args);
            let answer = test.failure(1);
            assert_eq!(answer.stdout, "", "a script takes it for the value");
            assert!(
                answer.stderr.contains("is sensitive") && answer.stderr.contains(way),
                "{}",
                answer.stderr
            );
        }
    }
    let test = test.args(["output", "--target", "local"]);
    let answer = test.success();
    assert!(answer.stdout.contains("http://q") && answer.stdout.lines().count() == 1, "{}", answer.stdout);
    assert!(answer.stderr.contains("Left out, since sensitive: arn, pin"), "{}", answer.stderr);
    let test = test.args(["output", "--json", "--target", "local"]);
    let answer = test.success();
    let hidden = serde_json::json!({ "sensitive": true });
    let expected = serde_json::json!({ "url": "http://q", "pin": hidden, "arn": hidden });
    assert_eq!(serde_json::from_str::<serde_json::Value>(&answer.stdout).unwrap(), expected);
    assert!(!answer.stdout.contains("$digest") && answer.stderr.contains("Left out"), "{}", answer.stderr);
}
