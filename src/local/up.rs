use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{
    control::Silence,
    error::{Error, FileContext, IoContext, Result},
    keeper::PartState,
    layout::Layout,
    lock::Lock,
    logs::{self, tail},
    process::{PidFiles, inherited},
    status::{self, Status},
    supervisor::PART,
    venv,
};

/// Longer than the first installation of MiniStack takes over a slow line.
const OTHERS: Duration = Duration::from_secs(900);
/// What the supervisor needs to find its folders and its Python, and how tests want it.
const OURS: [&str; 8] = [
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "XDG_RUNTIME_DIR",
    "STACKCTL_LOCAL_FSYNC",
    "RUST_BACKTRACE",
];
const START: Duration = Duration::from_secs(120);

/// What `up` is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Progress {
    /// Another stackctl is at it.
    Waiting,
    /// Once per machine and version.
    Installing {
        version: String,
        python: String,
        folder: PathBuf,
    },
    Starting,
    /// Parts that are not ready yet.
    Parts {
        waiting: Vec<String>,
    },
}

/// Brings the local cloud up, or heals it, and returns when all of it is ready. One that is up stays as it is.
pub async fn up(layout: &Layout, progress: &mut dyn FnMut(Progress)) -> Result<Status> {
    layout.create()?;
    let _lock = Lock::take(&layout.up_lock(), OTHERS, || progress(Progress::Waiting)).await?;
    let mut child = None;
    if status::live(layout, status::GLANCE).await.is_err() {
        venv::ensure(progress).await?;
        if !Lock::is_held(&layout.supervisor_lock())? {
            progress(Progress::Starting);
            child = Some(spawn(layout)?);
        }
    }
    let status = wait(layout, child.as_mut(), progress).await?;
    // It is nobody's child from now on: the system's first process reaps it.
    Ok(status)
}

fn spawn(layout: &Layout) -> Result<Child> {
    let log = logs::open(&layout.log(PART))?;
    Command::new(layout.program()?)
        .args(["local", "supervise", "--folder"])
        .arg(layout.project())
        // For weeks it would hold what this shell has in its environment: credentials, params, identities.
        .env_clear()
        .envs(inherited())
        .envs(OURS.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(log.try_clone().at("open", layout.log(PART))?)
        .stderr(log)
        .spawn()
        .doing("start the supervisor")
}

async fn wait(
    layout: &Layout,
    mut child: Option<&mut Child>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Status> {
    let start = Instant::now();
    let mut shown = Vec::new();
    loop {
        let silence = match status::live(layout, status::GLANCE).await {
            Ok(live) => {
                let status = status::of_live(layout, live);
                let mut waiting = waiting(&status);
                if waiting.is_empty() {
                    // Its supervisor may not have noticed yet that it has died.
                    let answers = match &status.gateway {
                        Some(gateway) => status::ours(layout, gateway).await?.is_some(),
                        None => true,
                    };
                    if answers {
                        return Ok(status);
                    }
                    waiting.push("ministack".to_owned());
                }
                if waiting != shown {
                    progress(Progress::Parts { waiting: waiting.clone() });
                    shown = waiting;
                }
                None
            }
            Err(Silence(reason)) => Some(reason),
        };
        if let Some(child) = child.as_deref_mut()
            && child.try_wait().is_ok_and(|status| status.is_some())
            && silence.is_some()
        {
            let log = layout.log(PART);
            return Err(Error::SupervisorEnded { tail: tail(&log, 8), log });
        }
        if start.elapsed() > START {
            return Err(late(layout, silence, &shown).await);
        }
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
}

/// The parts to wait for. A database that fails for good is no reason to wait: `status` tells of it.
fn waiting(status: &Status) -> Vec<String> {
    let mut waiting = Vec::new();
    if let Some(gateway) = &status.gateway
        && !matches!(gateway.state, PartState::Ready { .. })
    {
        waiting.push("ministack".to_owned());
    }
    for database in &status.databases {
        if matches!(database.state, PartState::Starting) {
            waiting.push(format!("postgres-{}", database.identifier));
        }
    }
    waiting
}

async fn late(layout: &Layout, silence: Option<String>, waiting: &[String]) -> Error {
    match silence {
        Some(reason) => {
            let pid = PidFiles::new(layout.pids()).read(PART).map_or(0, |process| process.pid);
            Error::Unresponsive { pid, socket: layout.control_socket(), reason }
        }
        None => {
            let name = waiting.join(", ");
            let log = layout.log(waiting.first().map_or(PART, String::as_str));
            let reason = "it is still starting".to_owned();
            Error::NotReady { name, seconds: START.as_secs(), reason, tail: tail(&log, 8), log }
        }
    }
}
