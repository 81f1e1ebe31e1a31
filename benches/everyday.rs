//! What a user waits for every day, on the release binary and the local cloud (MiniStack): start-up, and a `plan` of this
//! repository's own stack with nothing to change. Printed as ratios against baselines run in the same minute: starting
//! `/bin/true`, and as many bare S3 requests as the plan makes calls would be no fair one, so `plan` is set against
//! `validate`, which does the same without the cloud.
//!
//! `cargo build --release && cargo bench --bench everyday`, with the local cloud up and the stack applied
//! (`cargo run --release -- demo` leaves it so).

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints and stops at the first trouble")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

const RUNS: usize = 30;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let stackctl = program();
    let run = |args: &[&str]| {
        let mut command = Command::new(&stackctl);
        command.args(args).current_dir(root);
        command
    };
    let baseline = median(&mut || Command::new("/bin/true"));
    println!("{:<44} {:>8} {:>8} {:>8}  against", "", "min", "median", "max");
    line("/bin/true", &baseline, None);
    let version = median(&mut || run(&["--version"]));
    line("stackctl --version", &version, Some(("/bin/true", &baseline)));
    let validate = median(&mut || run(&["validate", "--target", "local"]));
    line("stackctl validate", &validate, Some(("--version", &version)));
    let changes = run(&["plan", "--target", "local", "--detailed-exitcode"]).output().unwrap();
    assert!(changes.status.success(), "apply the stack first: {}", String::from_utf8_lossy(&changes.stderr));
    let plan = median(&mut || run(&["plan", "--target", "local"]));
    line("stackctl plan --target local, no changes", &plan, Some(("validate", &validate)));
}

/// The binary that `cargo build --release` made, in the target folder in which this benchmark lies.
fn program() -> PathBuf {
    let me = std::env::current_exe().unwrap();
    let folder = me.ancestors().find(|folder| folder.file_name().is_some_and(|name| name == "release")).unwrap();
    folder.join("stackctl")
}

/// Milliseconds of every run, sorted.
fn median(make: &mut dyn FnMut() -> Command) -> Vec<f64> {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            let status = make().stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
            assert!(status.success());
            started.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times
}

fn line(what: &str, times: &[f64], against: Option<(&str, &[f64])>) {
    let middle = |times: &[f64]| times[times.len() / 2];
    let ratio = against.map(|(name, base)| format!("{:.1} x {name}", middle(times) / middle(base))).unwrap_or_default();
    println!("{what:<44} {:>6.1}ms {:>6.1}ms {:>6.1}ms  {ratio}", times[0], middle(times), times[times.len() - 1]);
}
