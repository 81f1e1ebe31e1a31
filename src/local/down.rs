use std::time::Duration;

use nix::sys::signal::Signal;

use super::{
    control::{self, Request},
    error::{Error, Result},
    layout::Layout,
    lock::Lock,
    orphans,
    process::PidFiles,
    supervisor::PART,
};

const OTHERS: Duration = Duration::from_secs(120);
/// A server may take its time to write what it holds.
const STOP: Duration = Duration::from_secs(60);

/// Ends the local cloud: no process of it is left. With `purge`, no file either.
///
/// Returns whether anything ran. The virtual environment in the user's cache stays: other projects use it.
pub async fn down(layout: &Layout, purge: bool) -> Result<bool> {
    if !layout.exists()? {
        return Ok(false);
    }
    layout.create()?;
    let _up = Lock::take(&layout.up_lock(), OTHERS, || ()).await?;
    let ran = stop_supervisor(layout).await?;
    let supervisor_lock = layout.supervisor_lock();
    let _supervisor = Lock::take(&supervisor_lock, Duration::from_secs(5), || ()).await?;
    let orphans = !orphans::find(layout).is_empty();
    orphans::sweep(layout).await?;
    PidFiles::new(layout.pids()).remove(PART);
    if purge {
        layout.remove()?;
    }
    Ok(ran || orphans)
}

async fn stop_supervisor(layout: &Layout) -> Result<bool> {
    let lock = layout.supervisor_lock();
    if !Lock::is_held(&lock)? {
        return Ok(false);
    }
    let process = PidFiles::new(layout.pids()).read(PART);
    let asked =
        control::ask::<()>(&layout.control_socket(), &Request::Shutdown, Duration::from_secs(5)).await;
    if asked.is_err()
        && let Some(process) = &process
    {
        process.signal(Signal::SIGTERM);
    }
    if await_free(&lock, STOP).await? {
        if let Some(process) = process {
            process.wait_gone(Duration::from_secs(5)).await;
        }
        return Ok(true);
    }
    // Its parts are ended afterwards, as those of any killed supervisor.
    if let Some(process) = process {
        process.signal(Signal::SIGKILL);
    }
    if await_free(&lock, Duration::from_secs(5)).await? {
        Ok(true)
    } else {
        Err(Error::AlreadyRunning { lock })
    }
}

async fn await_free(lock: &std::path::Path, patience: Duration) -> Result<bool> {
    let start = std::time::Instant::now();
    while Lock::is_held(lock)? {
        if start.elapsed() > patience {
            return Ok(false);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(true)
}
