use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A stackctl that is running, and what it says is kept.
pub fn spawn(mut command: Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

pub fn pid(child: &Child) -> i32 {
    i32::try_from(child.id()).unwrap()
}

/// To a process that may have ended meanwhile.
pub fn signal(pid: i32, signal: Signal) {
    let _ = kill(Pid::from_raw(pid), signal);
}

/// Waits up to `limit` for its end.
pub fn ends_within(child: &mut Child, limit: Duration) -> bool {
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() >= limit {
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    true
}

/// What it said, once it has ended, however it does.
pub fn output(child: Child) -> Output {
    child.wait_with_output().unwrap()
}

/// SIGKILL.
pub fn end(mut child: Child) -> Output {
    let _ = child.kill();
    output(child)
}

/// Ends by `kill -9` as soon as `after` has passed; whether it lived as long.
pub fn kill_after(command: Command, after: Duration) -> (Output, bool) {
    let mut child = spawn(command);
    let killed = !ends_within(&mut child, after);
    (end(child), killed)
}

/// Waits for what something else brings about; false if that takes longer than any machine is slow.
#[must_use]
pub fn eventually(mut holds: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while !holds() {
        if begun.elapsed() > Duration::from_secs(120) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

/// The last lines of what it said.
pub fn text(output: &Output) -> String {
    let all =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> = all.lines().collect();
    lines[lines.len().saturating_sub(TOLD)..].join("\n")
}

/// Lines of a command that went wrong.
const TOLD: usize = 25;
