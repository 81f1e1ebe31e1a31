//! Whoever sleeps for longer than its lease lasts sends nothing more: by SIGSTOP, by a clock that stands still; and nobody is
//! taken for dead who is only out of sight. State in S3 on MiniStack.

use crate::project::{all, eventually};
use crate::proxy::Fate;
use crate::stage::{LEASE, Stage};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::process::{Child, Command};
use std::time::Duration;

const APPLY: &[&str] = &["apply", "--auto-approve"];
const NEXT: &[&str] = &["apply", "--auto-approve", "--lock-timeout", "60"];
const MANY: usize = 40;

fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
}

/// The first one sleeps, the second one takes over and finishes, the first one wakes up.
fn overslept(stage: &Stage, sleeper: Child, before_it_wakes: impl FnOnce()) {
    signal(&sleeper, Signal::SIGSTOP);
    stage.proxy.decide(|_| Fate::Passes);
    std::thread::sleep(Duration::from_secs(LEASE));
    stage.says(NEXT);
    stage.is_whole(MANY);
    before_it_wakes();
    signal(&sleeper, Signal::SIGCONT);
    let output = sleeper.wait_with_output().unwrap();
    let said = all(&output);
    assert!(matches!(output.status.code(), Some(1 | 4)), "{}\n{said}", output.status);
    assert!(said.contains("was taken over"), "{said}");
    stage.is_whole(MANY);
    stage.says(&["destroy", "--auto-approve", "--allow-data-loss", "all"]);
    assert!(stage.vpcs().is_empty(), "{:?}", stage.vpcs());
}

#[test]
fn a_run_that_is_stopped_while_the_sdk_waits_to_repeat_sends_nothing_more() {
    let stage = Stage::of_vpcs(MANY);
    stage.proxy.decide(|request| match request.contains("Action=CreateVpc&") {
        true => Fate::Throttled,
        false => Fate::Passes,
    });
    let sleeper = stage.command(APPLY).spawn().unwrap();
    eventually("throttled calls", || (stage.proxy.count("Action=CreateVpc&") >= 20).then_some(()));
    overslept(&stage, sleeper, || {});
}

/// Takes what the file at `HELD_CLOCK` says, in seconds, off CLOCK_MONOTONIC and leaves every other clock alone.
const HELD_CLOCK: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *out) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *)) dlsym(RTLD_NEXT, "clock_gettime");
    int answer = real(id, out);
    if (answer == 0 && id == CLOCK_MONOTONIC) {
        long held = 0;
        FILE *file = fopen(getenv("HELD_CLOCK"), "r");
        if (file) { if (fscanf(file, "%ld", &held) != 1) held = 0; fclose(file); }
        out->tv_sec -= held;
    }
    return answer;
}
"#;

#[test]
fn a_machine_that_was_suspended_sends_nothing_more() {
    let stage = Stage::of_vpcs(MANY);
    let (source, library) = (stage.path().join("held.c"), stage.path().join("held.so"));
    std::fs::write(&source, HELD_CLOCK).unwrap();
    let compiled = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).status();
    if !compiled.is_ok_and(|status| status.success()) {
        eprintln!("not tested here, since it needs a C compiler: cc");
        return;
    }
    let held = stage.path().join("held");
    std::fs::write(&held, "0").unwrap();
    // Slow enough that most of it is announced, and waits for its turn, when the machine goes to sleep.
    stage.proxy.decide(|request| match request.contains("Action=CreateVpc&") {
        true => Fate::Late(Duration::from_millis(1500)),
        false => Fate::Passes,
    });
    let mut command = stage.command(APPLY);
    let sleeper = command.env("LD_PRELOAD", &library).env("HELD_CLOCK", &held).spawn().unwrap();
    eventually("the first calls", || (stage.proxy.count("Action=CreateVpc&") >= 16).then_some(()));
    let asleep = std::time::Instant::now();
    overslept(&stage, sleeper, || {
        // As if it had slept at once and for all the time.
        std::fs::write(&held, asleep.elapsed().as_secs().to_string()).unwrap();
    });
}

#[test]
fn a_holder_in_another_pid_namespace_is_not_taken_for_dead() {
    let apart = ["--pid", "--fork", "--mount-proc"];
    let allowed = Command::new("unshare").args(apart).arg("true").status();
    if !allowed.is_ok_and(|status| status.success()) {
        eprintln!("not tested here, since it is not allowed: unshare {}", apart.join(" "));
        return;
    }
    let stage = Stage::of_vpcs(MANY);
    stage.proxy.decide(|request| match request.contains("Action=CreateVpc&") {
        true => Fate::Late(Duration::from_millis(1500)),
        false => Fate::Passes,
    });
    let first = stage.command(APPLY).spawn().unwrap();
    eventually("the first calls", || (stage.proxy.count("Action=CreateVpc&") >= 4).then_some(()));
    let mut second = Command::new("unshare");
    stage.settings(second.args(apart).arg(env!("CARGO_BIN_EXE_stackctl")).args(APPLY));
    let refused = second.output().unwrap();
    assert_eq!(refused.status.code(), Some(5), "{}", all(&refused));
    let output = first.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", all(&output));
    stage.is_whole(MANY);
}
