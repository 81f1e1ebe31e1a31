use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};
use serde::{Deserialize, Serialize};

use super::error::{FileContext, Result};

/// A process that we started. A pid alone may be somebody else's by now; with the time of its start it is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Process {
    pub(super) pid: i32,
    started: String,
}

impl Process {
    /// `None` when it is gone already.
    pub(super) fn of(pid: u32) -> Option<Self> {
        let pid = i32::try_from(pid).ok()?;
        Some(Self { pid, started: started(pid)? })
    }

    pub(super) fn current() -> Option<Self> {
        Self::of(std::process::id())
    }

    pub(super) fn is_alive(&self) -> bool {
        started(self.pid).as_ref() == Some(&self.started)
    }

    pub(super) fn signal(&self, signal: Signal) {
        if self.is_alive() {
            let _ = kill(Pid::from_raw(self.pid), signal);
        }
    }

    pub(super) async fn wait_gone(&self, patience: Duration) -> bool {
        wait_until(patience, || !self.is_alive()).await
    }
}

/// Polls, since what we wait for need not be our child.
pub(super) async fn wait_until(patience: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !holds() {
        if start.elapsed() > patience {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    true
}

/// Kills what is left of the process group that `leader` led.
pub(super) fn kill_group(leader: i32) {
    let _ = killpg(Pid::from_raw(leader), Signal::SIGKILL);
}

/// When `pid` started, in whatever words the system has for it. A zombie counts as gone.
#[cfg(target_os = "linux")]
fn started(pid: i32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything: fields count from the last one.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    if matches!(fields.first(), Some(&"Z" | &"X")) {
        return None;
    }
    fields.get(19).map(|ticks| (*ticks).to_owned())
}

#[cfg(not(target_os = "linux"))]
fn started(pid: i32) -> Option<String> {
    let output = std::process::Command::new("ps")
        .args(["-o", "state=,lstart=", "-p", &pid.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (state, started) = text.trim().split_once(char::is_whitespace)?;
    (!state.starts_with('Z')).then(|| started.trim().to_owned())
}

/// Processes that work in `folder` and whose program is `program`, or lies in `folder` itself: functions that outlived
/// their gateway, backends that outlived their postmaster. A shell that somebody opened there is neither.
#[cfg(target_os = "linux")]
pub(super) fn working_in(folder: &Path, program: Option<&str>) -> Vec<Process> {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    let pids = fs::read_dir("/proc").into_iter().flatten();
    pids.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| {
            let link = |name: &str| fs::read_link(format!("/proc/{pid}/{name}")).unwrap_or_default();
            let (exe, cwd) = (link("exe"), link("cwd"));
            cwd.starts_with(&folder)
                && match program {
                    Some(program) => exe.file_name().is_some_and(|name| name == program),
                    None => exe.starts_with(&folder),
                }
        })
        .filter_map(Process::of)
        .collect()
}

#[cfg(not(target_os = "linux"))]
pub(super) fn working_in(_: &Path, _: Option<&str>) -> Vec<Process> {
    Vec::new()
}

/// The pid files of the parts: `<part>.json`, there while the part may be running.
#[derive(Debug, Clone)]
pub(super) struct PidFiles {
    folder: PathBuf,
}

impl PidFiles {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    fn path(&self, part: &str) -> PathBuf {
        self.folder.join(format!("{part}.json"))
    }

    pub(super) fn write(&self, part: &str, process: &Process) -> Result<()> {
        let path = self.path(part);
        let mut file = tempfile::NamedTempFile::new_in(&self.folder).at("write in", &self.folder)?;
        let text = serde_json::json!({ "pid": process.pid, "started": process.started });
        writeln!(file, "{text}").at("write", &path)?;
        file.persist(&path).map(|_| ()).map_err(|error| error.error).at("write", path)
    }

    pub(super) fn remove(&self, part: &str) {
        let _ = fs::remove_file(self.path(part));
    }

    pub(super) fn read(&self, part: &str) -> Option<Process> {
        serde_json::from_slice(&fs::read(self.path(part)).ok()?).ok()
    }

    /// Every part with a file, running or not. One that cannot be read is of no use to anybody.
    pub(super) fn all(&self) -> Vec<(String, Process)> {
        let mut parts: Vec<_> = fs::read_dir(&self.folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| {
                let name = entry.ok()?.file_name();
                let part = name.to_str()?.strip_suffix(".json")?.to_owned();
                let process = self.read(&part)?;
                Some((part, process))
            })
            .collect();
        parts.sort_by(|a, b| a.0.cmp(&b.0));
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_process_with_the_same_pid_is_not_ours() {
        let ours = Process::current().unwrap();
        assert!(ours.is_alive());
        assert!(!Process { started: "before".into(), ..ours }.is_alive());
    }

    #[test]
    fn a_process_that_ended_is_gone_before_it_is_reaped() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let process = Process::of(child.id());
        let gone = || process.as_ref().is_none_or(|process| !process.is_alive());
        let start = Instant::now();
        while !gone() {
            assert!(start.elapsed() < Duration::from_secs(5));
        }
        child.wait().unwrap();
    }

    #[test]
    fn pid_files_round_trip() {
        let folder = tempfile::tempdir().unwrap();
        let files = PidFiles::new(folder.path().to_path_buf());
        let ours = Process::current().unwrap();
        files.write("ministack", &ours).unwrap();
        assert_eq!(files.read("ministack"), Some(ours.clone()));
        fs::write(folder.path().join("broken.json"), "{").unwrap();
        assert_eq!(files.all(), vec![("ministack".to_owned(), ours)]);
    }
}
