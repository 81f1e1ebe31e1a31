//! How long a program runs, and how much memory it takes.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A number from the environment.
pub fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

/// Time of a program that must succeed, and the most memory in kB that it had.
pub fn run(mut command: Command) -> (Duration, u64) {
    let began = Instant::now();
    let mut process = command.stdout(Stdio::null()).spawn().unwrap();
    let mut peak = 0;
    loop {
        if let Some(status) = process.try_wait().unwrap() {
            assert!(status.success());
            return (began.elapsed(), peak);
        }
        let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let now = line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse().ok());
        peak = peak.max(now.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(if began.elapsed().as_millis() < 200 { 1 } else { 20 }));
    }
}
