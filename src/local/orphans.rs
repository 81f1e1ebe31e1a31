use std::{fs, time::Duration};

use nix::sys::signal::Signal;

use super::{
    error::{Error, Result},
    layout::Layout,
    ministack,
    process::{PidFiles, Process, marked, wait_until, working_in},
    supervisor,
};

/// The parts that run without a supervisor, with their pid.
pub(super) fn find(layout: &Layout) -> Vec<(String, Process)> {
    let mut parts = PidFiles::new(layout.pids()).all();
    parts.retain(|(part, process)| part != supervisor::PART && process.is_alive());
    parts
}

/// Ends everything that a killed supervisor left behind. Only for whoever holds the supervisor's lock.
///
/// MiniStack ends by itself when its supervisor does, but may still be saving; servers are stopped cleanly. They are
/// not adopted: a child that is ours tells when it ends, another process does not.
pub(super) async fn sweep(layout: &Layout) -> Result<()> {
    let files = PidFiles::new(layout.pids());
    let ends = files.all().into_iter().filter(|(part, _)| part != supervisor::PART).map(|(part, process)| {
        let files = &files;
        async move {
            end(&part, &process).await;
            files.remove(&part);
        }
    });
    futures::future::join_all(ends).await;

    let strays = || {
        let mut strays = marked(layout.folder());
        strays.extend(working_in(&layout.tmp(), None));
        strays.extend(working_in(&layout.databases(), Some("postgres")));
        strays
    };
    // Backends end by themselves when they notice that their postmaster has.
    wait_until(Duration::from_millis(500), || strays().is_empty()).await;
    for stray in strays() {
        stray.signal(Signal::SIGKILL);
    }
    if !wait_until(Duration::from_secs(5), || strays().is_empty()).await {
        return Err(Error::Survivors { pids: strays().iter().map(|stray| stray.pid).collect() });
    }
    Ok(())
}

async fn end(part: &str, process: &Process) {
    let (signal, patience) =
        if part == ministack::PART { (Signal::SIGTERM, 10) } else { (Signal::SIGINT, 30) };
    if process.is_alive() {
        process.signal(signal);
        if !process.wait_gone(Duration::from_secs(patience)).await {
            process.kill_with_group();
            process.wait_gone(Duration::from_secs(5)).await;
        }
    }
}

/// Data of databases that were being made when the supervisor was killed.
pub(super) fn remove_halves(layout: &Layout, known: impl Fn(&str) -> bool) {
    for entry in fs::read_dir(layout.databases()).into_iter().flatten().flatten() {
        if !known(&entry.file_name().to_string_lossy()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        os::unix::process::CommandExt,
        process::{Child, Command},
    };

    /// Somebody's processes: a group with its leader, and one whose leader has ended.
    struct Innocents {
        leader: Child,
        left: i32,
        group: i32,
    }

    impl Innocents {
        fn new() -> Self {
            let leader = Command::new("sleep").arg("1000").process_group(0).spawn().unwrap();
            let script = "sleep 1000 >/dev/null 2>&1 & echo $!";
            let mut shell = Command::new("sh");
            shell.args(["-c", script]).process_group(0).stdout(std::process::Stdio::piped());
            let shell = shell.spawn().unwrap();
            let group = i32::try_from(shell.id()).unwrap();
            let output = shell.wait_with_output().unwrap();
            let left = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
            Self { leader, left, group }
        }

        fn live(&mut self) -> bool {
            let left = u32::try_from(self.left).unwrap();
            self.leader.try_wait().unwrap().is_none() && Process::of(left).is_some()
        }
    }

    impl Drop for Innocents {
        fn drop(&mut self) {
            self.leader.kill().unwrap();
            self.leader.wait().unwrap();
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(self.left), Signal::SIGKILL);
        }
    }

    /// As a cloned repository may bring them, or a machine that has been started again.
    #[tokio::test]
    async fn forged_pid_files_end_nobody() {
        let project = tempfile::tempdir().unwrap();
        let layout = Layout::new(project.path());
        layout.create().unwrap();
        let mut innocents = Innocents::new();
        let leader = i32::try_from(innocents.leader.id()).unwrap();
        let ours = std::process::id();
        let known = serde_json::json!(Process::of(innocents.leader.id()).unwrap());
        let with = |name: &str, value: &str| {
            let mut forged = known.clone();
            forged[name] = serde_json::json!(value);
            forged
        };
        let started = |pid: i32| serde_json::json!({ "pid": pid, "started": "1", "boot": "", "command": "" });
        let mut forged: Vec<_> =
            [0, 1, -1, i32::MIN, leader, -leader, innocents.group, -innocents.group, ours.cast_signed()]
                .into_iter()
                .map(started)
                .collect();
        forged.extend([with("boot", "another"), with("started", "1"), with("command", "postgres")]);
        for part in [ministack::PART, "postgres-a"] {
            for forged in &forged {
                let file = layout.pids().join(format!("{part}.json"));
                fs::write(&file, forged.to_string()).unwrap();
                sweep(&layout).await.unwrap();
                assert!(innocents.live(), "{forged}");
                assert!(!file.exists());
            }
        }
    }

    #[tokio::test]
    async fn what_is_ours_is_ended_whoever_its_parent_is() {
        let project = tempfile::tempdir().unwrap();
        let layout = Layout::new(project.path());
        layout.create().unwrap();
        let sleep = || {
            let mut command = Command::new("sleep");
            command.arg("1000").process_group(0);
            command
        };
        let mut recorded = sleep().spawn().unwrap();
        let process = Process::of(recorded.id()).unwrap();
        PidFiles::new(layout.pids()).write("ministack", &process).unwrap();
        assert_eq!(find(&layout).len(), 1);
        let mut marked = sleep().env(crate::local::process::MARKER, layout.folder()).spawn().unwrap();
        let mut foreign = sleep().env(crate::local::process::MARKER, "/another").spawn().unwrap();
        sweep(&layout).await.unwrap();
        assert!(recorded.wait().unwrap().code().is_none());
        if !cfg!(target_os = "linux") {
            marked.kill().unwrap();
        }
        assert!(marked.wait().unwrap().code().is_none());
        assert!(foreign.try_wait().unwrap().is_none());
        foreign.kill().unwrap();
        foreign.wait().unwrap();
    }
}
