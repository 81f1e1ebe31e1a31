use std::{fs, time::Duration};

use nix::sys::signal::Signal;

use super::{
    error::{Error, Result},
    layout::Layout,
    ministack,
    process::{PidFiles, Process, kill_group, wait_until, working_in},
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
        let mut strays = working_in(&layout.tmp(), None);
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
            process.signal(Signal::SIGKILL);
            process.wait_gone(Duration::from_secs(5)).await;
        }
    }
    // A group outlives its leader, and the leader's pid is not given away as long as it does: where no process has
    // that pid, the group is still ours.
    if u32::try_from(process.pid).ok().and_then(Process::of).is_none() {
        kill_group(process.pid);
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
