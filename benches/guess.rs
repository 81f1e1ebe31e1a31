//! What a guess at a digest in a state costs whoever has the state, and what ten secrets cost a plan on the local cloud: the first
//! one on a machine, and every other one.
//!
//! `cargo build --release && cargo bench --bench guess`; or `cargo bench --profile dev --bench guess` after a debug build: argon2
//! is optimised there as well. A guess is measured in the time of its thread on a core, so that what else runs does not count; but it
//! shares the memory with that, so let nothing else run.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints and stops at the first trouble"
)]

use nix::time::{ClockId, clock_gettime};
use serde_json::{Value as Json, json};
use stackctl::address::Address;
use stackctl::state::{Digest, Document, Tree};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

const GUESSES: usize = 15;
const PLANS: usize = 7;
const SECRETS: usize = 10;
/// PINs of six digits.
const PINS: f64 = 1e6;

fn main() {
    let document = Document::new("bench", "000000000000", "eu-west-1");
    let digest = Digest::new(&document);
    let (address, schema) = (Address::new("secret", "pin"), json!({"x-sensitive": true}));
    let guess = |pin: usize| {
        let value = json!(format!("{pin:06}"));
        digest.redact(&Tree::Inputs(&address), &schema, &value, &Json::Null);
    };
    let times = sorted((0..GUESSES).map(|pin| {
        let begun = on_the_core();
        guess(pin);
        on_the_core() - begun
    }));
    // The best is what another program would need at least.
    let (least, middle) = (times[0], times[GUESSES / 2]);
    println!("a guess: {:.3} s of a core at least, {middle:.3} s in the middle of {GUESSES}", least);
    println!(
        "all PINs of six digits: {:.2} days of one core at least, {:.2} in the middle",
        PINS * least / 86_400.0,
        PINS * middle / 86_400.0
    );
    plans();
}

fn plans() {
    let project = tempfile::Builder::new().prefix("stackctl-bench-").tempdir().unwrap();
    let secrets: String = (0..SECRETS)
        .map(|at| format!("[secret.s{at}]\nvalue = \"hunter{at}\"\nrecovery_days = 0\n"))
        .collect();
    let stack = format!("[stack]\nname = \"bench\"\nregion = \"eu-west-1\"\n{secrets}");
    std::fs::write(project.path().join("stack.toml"), stack).unwrap();
    let run = |home: &Path, args: &[&str]| {
        let mut command = Command::new(program());
        command.args(args).current_dir(project.path());
        command.envs([("XDG_CACHE_HOME", home.join("cache")), ("XDG_STATE_HOME", home.join("state"))]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let same = tempfile::tempdir().unwrap();
    let usual = dirs::cache_dir().unwrap();
    // What the local cloud has made before is not what is measured.
    let up = Command::new(program()).args(["local", "up"]).current_dir(project.path()).output().unwrap();
    assert!(up.status.success(), "in {}: {}", usual.display(), String::from_utf8_lossy(&up.stderr));
    run(same.path(), &["apply", "--auto-approve", "--target", "local"]);
    let plan = ["plan", "--target", "local"];
    let cold = sorted((0..PLANS).map(|_| {
        let new = tempfile::tempdir().unwrap();
        timed(|| run(new.path(), &plan))
    }));
    let warm = sorted((0..PLANS).map(|_| timed(|| run(same.path(), &plan))));
    for (what, times) in [("the first one on a machine", cold), ("every other one", warm)] {
        println!(
            "plan, {SECRETS} secrets, {what}: {:.2} s ({:.2} to {:.2})",
            times[PLANS / 2],
            times[0],
            times[PLANS - 1]
        );
    }
    let _ = Command::new(program()).args(["local", "down", "--purge"]).current_dir(project.path()).output();
}

/// The binary of the same profile, in the target folder in which this benchmark lies.
fn program() -> PathBuf {
    let me = std::env::current_exe().unwrap();
    let profile = ["release", "debug"];
    let folder = me.ancestors().find(|folder| {
        folder.file_name().and_then(|name| name.to_str()).is_some_and(|name| profile.contains(&name))
    });
    folder.unwrap().join("stackctl")
}

/// Seconds that this thread has had a core.
fn on_the_core() -> f64 {
    let now = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap();
    now.tv_sec() as f64 + now.tv_nsec() as f64 / 1e9
}

fn timed(run: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    run();
    begun.elapsed().as_secs_f64()
}

fn sorted(times: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut times: Vec<f64> = times.collect();
    times.sort_by(f64::total_cmp);
    times
}
