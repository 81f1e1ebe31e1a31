//! Two real processes at one state, in a folder and in a bucket, on MiniStack.

use crate::emulator;
use crate::project::{Project, all, eventually};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::process::{Child, Stdio};

fn stack(state: &str) -> String {
    let keys: Vec<String> = (0..40).map(|number| format!("\"k{number}\"")).collect();
    format!(
        "[stack]\nname = \"locks\"\nregion = \"eu-west-1\"\nstate = \"{state}\"\n\
         [queue.jobs]\nfor_each = [{}]\n",
        keys.join(", ")
    )
}

/// An apply that is stopped in its midst, as if its machine had gone to sleep.
fn sleeping_apply(project: &Project, begun: impl Fn() -> bool) -> Child {
    let mut command =
        project.command(&["apply", "--target", "local", "--auto-approve", "--parallelism", "1"]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    eventually("the apply is at work", || begun().then_some(()));
    signal(&child, Signal::SIGSTOP);
    child
}

fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
}

/// Another command is told who has the lock, since when, with its own exit code, and waits if it is told to.
fn is_refused(project: &Project, child: &Child) {
    let refused = project.run(&["plan", "--target", "local", "--lock-timeout", "1"]);
    assert_eq!(refused.status.code(), Some(5), "{}", all(&refused));
    let status = project.json(&["lock", "status", "--target", "local", "--json"]);
    let since = status["holder"]["since"].as_str().unwrap().to_owned();
    assert_eq!((&status["held"], &status["holder"]["pid"]), (&true.into(), &child.id().into()));
    let process = format!("process {}", child.id());
    let status = project.says("lock status", &["lock", "status", "--target", "local"]);
    for told in [all(&refused), status] {
        assert!(
            told.contains("stackctl apply") && told.contains(&process) && told.contains(&since),
            "{told}"
        );
    }
}

#[test]
fn a_lock_in_a_folder_ends_with_its_process() {
    let project = Project::of(&stack("state"));
    project.says("local up", &["local", "up"]);
    let journal = project.path().join("state/locks.local.journal");
    let lines = |least| std::fs::read_to_string(&journal).is_ok_and(|text| text.lines().count() > least);
    let child = sleeping_apply(&project, || lines(4));
    is_refused(&project, &child);
    let unlocked = project.run(&["unlock", "--target", "local", "--auto-approve"]);
    assert_eq!(unlocked.status.code(), Some(5));
    assert!(all(&unlocked).contains("ends with its process"), "{}", all(&unlocked));

    // Somebody who waits gets it as soon as it is free.
    signal(&child, Signal::SIGCONT);
    let waited = project.run(&["plan", "--target", "local", "--lock-timeout", "120", "--json"]);
    assert!(waited.status.success(), "{}", all(&waited));
    assert!(child.wait_with_output().unwrap().status.success());
    project.nothing_to_do("after the apply that was waited for");
    project.says("destroy", &["destroy", "--target", "local", "--auto-approve", "--allow-data-loss", "all"]);

    // A killed one leaves no lock, and unlock settles what it had begun.
    let mut child = sleeping_apply(&project, || lines(4));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(project.json(&["lock", "status", "--target", "local", "--json"])["held"], false);
    project.says("unlock", &["unlock", "--target", "local"]);
    assert!(!journal.exists(), "what was open is settled");
    project.says("apply", &["apply", "--target", "local", "--auto-approve"]);
    project.nothing_to_do("after the killed apply was settled");
    project.says("destroy", &["destroy", "--target", "local", "--auto-approve", "--allow-data-loss", "all"]);
    emulator::is_empty(&project);
}

#[test]
fn a_lease_is_taken_from_a_run_that_sleeps_and_that_run_can_do_no_harm() {
    let project = Project::of(&stack("s3://states/locks.json"));
    project.says("local up", &["local", "up"]);
    let journal = || emulator::object(&project, "states", "locks.local.json.journal").unwrap_or_default();
    let child = sleeping_apply(&project, || journal().iter().filter(|byte| **byte == b'\n').count() > 4);
    is_refused(&project, &child);
    let wrong = project.run(&["unlock", "--target", "local", "--lease", "another"]);
    assert!(!wrong.status.success() && all(&wrong).contains("not by `another`"), "{}", all(&wrong));
    let asked = project.run(&["unlock", "--target", "local"]);
    assert!(!asked.status.success() && all(&asked).contains("--auto-approve"), "{}", all(&asked));
    assert!(all(&asked).contains("was not renewed"), "{}", all(&asked));
    let status = project.json(&["lock", "status", "--target", "local", "--json"]);
    let lease = status["lease"]["id"].as_str().unwrap();
    project.says("unlock", &["unlock", "--target", "local", "--lease", lease]);
    assert_eq!(project.json(&["lock", "status", "--target", "local", "--json"])["held"], false);

    // The sleeper wakes up: it may neither write the state nor announce another call.
    signal(&child, Signal::SIGCONT);
    let woken = child.wait_with_output().unwrap();
    assert!(!woken.status.success());
    assert!(String::from_utf8_lossy(&woken.stderr).contains("taken over"), "{}", all(&woken));
    project.says("apply", &["apply", "--target", "local", "--auto-approve"]);
    project.nothing_to_do("after the lease was taken");
    project.says("destroy", &["destroy", "--target", "local", "--auto-approve", "--allow-data-loss", "all"]);
    emulator::has_only_bucket(&project, "states");
}

#[test]
fn a_lease_that_is_renewed_is_taken_only_with_a_strong_warning() {
    let project = Project::of(&stack("s3://states/locks.json"));
    project.says("local up", &["local", "up"]);
    project.says("apply", &["apply", "--target", "local", "--auto-approve"]);
    let holder = emulator::Renewed::hold(&project, "states", "locks.local.json");
    let unlocked = project.run(&["unlock", "--target", "local", "--auto-approve"]);
    assert!(unlocked.status.success(), "{}", all(&unlocked));
    assert!(all(&unlocked).contains("that run is alive"), "{}", all(&unlocked));
    drop(holder);
    project.nothing_to_do("after the unlock");

    // One that is not renewed any more runs out, and whoever waits gets it.
    drop(emulator::Renewed::hold(&project, "states", "locks.local.json"));
    let waited = project.run(&["plan", "--target", "local", "--lock-timeout", "60"]);
    assert!(waited.status.success(), "{}", all(&waited));
}
