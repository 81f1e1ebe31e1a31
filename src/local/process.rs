use crate::limits;
use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::{Pid, getpgid},
};
use serde::{Deserialize, Serialize};
use tokio::process::Child;

use super::error::{FileContext, Result};
use crate::folder::Folder;

/// A process that we started. A pid alone may be somebody else's by now, or whatever the author of a repository wrote into
/// a file; with the boot, the time of its start and its command it is nobody else's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Process {
    pub(super) pid: i32,
    started: String,
    #[serde(default)]
    boot: String,
    #[serde(default)]
    command: String,
}

const TRIES: usize = 1000;

impl Process {
    /// `None` when it is gone already.
    pub(super) fn of(pid: u32) -> Option<Self> {
        let pid = i32::try_from(pid).ok()?;
        for _ in 0..TRIES {
            let (started, command) = look(pid)?;
            // Whoever has started it goes on a moment before the system knows the new command.
            if !command.is_empty() {
                return Some(Self { pid, started, boot: boot(), command });
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        None
    }

    pub(super) fn current() -> Option<Self> {
        Self::of(std::process::id())
    }

    pub(super) fn is_alive(&self) -> bool {
        self.pid > 1
            && self.boot == boot()
            && look(self.pid)
                .is_some_and(|(started, command)| started == self.started && command == self.command)
    }

    /// Kills it and its group, which it leads since we made it so.
    pub(super) fn kill_with_group(&self) {
        if self.is_alive() && getpgid(Some(Pid::from_raw(self.pid))) == Ok(Pid::from_raw(self.pid)) {
            let _ = killpg(Pid::from_raw(self.pid), Signal::SIGKILL);
        }
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

/// Nothing else of the user's environment reaches what runs in the background, functions and databases above all:
/// credentials and params are not among it.
const INHERITED: [&str; 6] = ["PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH"];

pub(super) fn inherited() -> impl Iterator<Item = (&'static str, OsString)> {
    INHERITED.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)))
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

/// Kills the group of a child that we have not waited for yet: its pid is nobody else's before.
pub(super) fn kill_group(child: &Child) {
    if let Some(leader) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
        let _ = killpg(Pid::from_raw(leader), Signal::SIGKILL);
    }
}

/// Which start of the machine this is. Times of start count from it, and so may come again.
fn boot() -> String {
    static BOOT: OnceLock<String> = OnceLock::new();
    let look = || {
        if cfg!(target_os = "linux") {
            return fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        }
        let output = std::process::Command::new("sysctl").args(["-n", "kern.bootsessionuuid"]).output();
        output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
    };
    BOOT.get_or_init(|| look().trim().to_owned()).clone()
}

/// When `pid` started, in whatever words the system has for it, and its command. A zombie counts as gone.
#[cfg(target_os = "linux")]
fn look(pid: i32) -> Option<(String, String)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything: fields count from the last one.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    if matches!(fields.first(), Some(&"Z" | &"X")) {
        return None;
    }
    let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let command = String::from_utf8_lossy(&command).replace('\0', " ");
    fields.get(19).map(|ticks| ((*ticks).to_owned(), command.trim_end().to_owned()))
}

/// `Sat Nov 28 07:21:50 2026` is 24 characters long.
#[cfg(not(target_os = "linux"))]
fn look(pid: i32) -> Option<(String, String)> {
    let output = std::process::Command::new("ps")
        .args(["-ww", "-o", "state=,lstart=,command=", "-p", &pid.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (state, rest) = text.trim().split_once(char::is_whitespace)?;
    let (started, command) = rest.trim().split_at_checked(24)?;
    (!state.starts_with('Z')).then(|| (started.to_owned(), command.trim().to_owned()))
}

/// Tells the processes of one local cloud, whatever has become of their parents.
pub(super) const MARKER: &str = "_STACKCTL_LOCAL_CLOUD";

/// Processes that were started with this marker.
#[cfg(target_os = "linux")]
pub(super) fn marked(folder: &Path) -> Vec<Process> {
    let marker = [MARKER.as_bytes(), b"=", folder.as_os_str().as_encoded_bytes()].concat();
    let pids = fs::read_dir("/proc").into_iter().flatten();
    pids.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable == marker)
        })
        .filter_map(Process::of)
        .collect()
}

#[cfg(not(target_os = "linux"))]
pub(super) fn marked(_: &Path) -> Vec<Process> {
    Vec::new()
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
        let text = format!("{}\n", serde_json::json!(process));
        let folder = Folder::open(&self.folder).at("open", &self.folder)?;
        folder.write(&format!("{part}.json"), text.as_bytes(), 0o600).at("write", self.path(part))
    }

    pub(super) fn remove(&self, part: &str) {
        let _ = fs::remove_file(self.path(part));
    }

    pub(super) fn read(&self, part: &str) -> Option<Process> {
        serde_json::from_slice(&limits::read_file(&self.path(part), limits::RECORD).ok()?).ok()
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
        assert!(!Process { started: "before".into(), ..ours.clone() }.is_alive());
        assert!(!Process { boot: "another".into(), ..ours.clone() }.is_alive());
        assert!(!Process { command: "another".into(), ..ours.clone() }.is_alive());
        for pid in [i32::MIN, -1, 0, 1] {
            assert!(!Process { pid, ..ours.clone() }.is_alive());
        }
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
