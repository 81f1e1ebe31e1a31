use std::{
    path::PathBuf,
    time::{Duration, Instant, SystemTime},
};

use serde::Serialize;

use super::{
    control::{self, Request, Silence},
    databases::Database,
    error::{Error, Result},
    keeper::PartState,
    keys::Keys,
    layout::Layout,
    lock::Lock,
    ministack, orphans,
    process::PidFiles,
    record::RecordFile,
    supervisor::{Gateway, Live, PART},
};

/// For somebody who looks.
pub(super) const GLANCE: Duration = Duration::from_secs(5);
/// For somebody who needs it: on a machine whose disk is busy, an answer may take a while. Where nobody listens, there is
/// no waiting.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a MiniStack that has died may take to come back, for somebody who needs it.
const RESTART: Duration = Duration::from_secs(30);

/// The local cloud as it is now.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    pub supervisor: SupervisorState,
    /// None while it is down.
    pub gateway: Option<Gateway>,
    /// While it is down, those that will come back.
    pub databases: Vec<Database>,
    pub folder: PathBuf,
    /// Where the databases' data are: outside `folder` for root.
    pub data: PathBuf,
    /// What is not as it should be, each with its remedy.
    pub problems: Vec<Problem>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SupervisorState {
    Down,
    Running {
        pid: u32,
        version: String,
        since: SystemTime,
    },
    /// It holds its lock, but does not answer.
    Silent {
        pid: Option<i32>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub what: String,
    pub remedy: String,
}

impl Status {
    /// Everything runs and accepts connections.
    pub fn is_ready(&self) -> bool {
        let ready = |state: &PartState| matches!(state, PartState::Ready { .. });
        matches!(self.supervisor, SupervisorState::Running { .. })
            && self.gateway.as_ref().is_some_and(|gateway| ready(&gateway.state))
            && self.databases.iter().all(|database| ready(&database.state))
    }

    pub fn is_down(&self) -> bool {
        matches!(self.supervisor, SupervisorState::Down)
    }
}

/// Looks at the local cloud, whatever state it is in; changes nothing.
pub async fn status(layout: &Layout) -> Result<Status> {
    layout.exists()?;
    match live(layout, GLANCE).await {
        Ok(live) => Ok(of_live(layout, live)),
        Err(Silence(reason)) => without_answer(layout, &reason),
    }
}

pub(super) async fn live(layout: &Layout, patience: Duration) -> Result<Live, Silence> {
    match control::ask(&layout.control_socket(), &Request::Status, patience).await? {
        Ok(live) => Ok(live),
        Err(error) => Err(Silence(error.to_string())),
    }
}

pub(super) fn of_live(layout: &Layout, live: Live) -> Status {
    let mut problems = Vec::new();
    let mut look = |name: &str, log: &str, state: &PartState, note: &Option<String>| {
        if let PartState::Failing { reason } = state {
            problems.push(Problem {
                what: format!("{name} does not run: {reason}"),
                remedy: format!("it is tried again by itself; see {}", layout.log(log).display()),
            });
        }
        if let Some(note) = note {
            problems.push(Problem {
                what: format!("{name}: {note}"),
                remedy: "free that port and run `stackctl local down`, then `up`, to have it back".to_owned(),
            });
        }
    };
    look("MiniStack", "ministack", &live.gateway.state, &live.gateway.note);
    for database in &live.databases {
        let name = format!("database `{}`", database.identifier);
        look(&name, &format!("postgres-{}", database.identifier), &database.state, &database.note);
    }
    let Live { pid, version, since, gateway, databases } = live;
    Status {
        supervisor: SupervisorState::Running { pid, version, since },
        gateway: Some(gateway),
        databases,
        folder: layout.folder().to_path_buf(),
        data: layout.databases(),
        problems,
    }
}

fn without_answer(layout: &Layout, reason: &str) -> Result<Status> {
    let recorded = PidFiles::new(layout.pids()).read(PART);
    let mut problems = Vec::new();
    let supervisor = if Lock::is_held(&layout.supervisor_lock())? {
        let pid = recorded.map(|process| process.pid);
        problems.push(Problem {
            what: format!("the supervisor runs, but does not answer: {reason}"),
            remedy: "it may be starting; else `stackctl local down`, then `up`".to_owned(),
        });
        SupervisorState::Silent { pid }
    } else {
        if let Some(process) = recorded {
            let now = if u32::try_from(process.pid).ok().and_then(super::process::Process::of).is_some() {
                "; another program has that pid now"
            } else {
                ""
            };
            problems.push(Problem {
                what: format!("the supervisor (pid {}) ended without stopping its parts{now}", process.pid),
                remedy: "`stackctl local up` heals it, `stackctl local down` cleans up".to_owned(),
            });
        }
        for (part, process) in orphans::find(layout) {
            problems.push(Problem {
                what: format!("{part} (pid {}) runs without its supervisor", process.pid),
                remedy: "`stackctl local up` heals it, `stackctl local down` ends it".to_owned(),
            });
        }
        SupervisorState::Down
    };
    let databases = RecordFile::peek(&layout.record())?
        .databases
        .into_iter()
        .map(|(identifier, known)| Database::new(identifier, known, PartState::Stopped, None, 0, None))
        .collect();
    Ok(Status {
        supervisor,
        gateway: None,
        databases,
        folder: layout.folder().to_path_buf(),
        data: layout.databases(),
        problems,
    })
}

/// A local cloud that is up: where it is, and the client that its databases need.
#[derive(Debug, Clone)]
pub struct Running {
    /// `http://127.0.0.1:4566`
    pub endpoint: String,
    pub keys: Keys,
    pub(super) socket: PathBuf,
}

/// Finds the local cloud of this project. A MiniStack that has just died is waited for, since it is started again.
pub async fn connect(layout: &Layout) -> Result<Running> {
    layout.exists()?;
    let start = Instant::now();
    loop {
        let live = match live(layout, PATIENCE).await {
            Ok(live) => live,
            Err(Silence(_)) => {
                let status = status(layout).await?;
                let reason = status.problems.into_iter().next().map_or_else(
                    || format!("nothing runs for {}", layout.project().display()),
                    |problem| problem.what,
                );
                return Err(Error::NotUp { reason });
            }
        };
        let reason = match live.gateway.state {
            PartState::Ready { .. } => match ours(layout, &live.gateway).await? {
                Some(keys) => {
                    let (endpoint, socket) = (live.gateway.endpoint, layout.control_socket());
                    return Ok(Running { endpoint, keys, socket });
                }
                None => format!("what listens at {} is not its MiniStack", live.gateway.endpoint),
            },
            PartState::Failing { reason } => format!("MiniStack does not run: {reason}"),
            _ => "MiniStack is still starting".to_owned(),
        };
        if start.elapsed() > RESTART {
            return Err(Error::NotUp { reason });
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The key of this project's local cloud, up or not; none before the first `up`.
pub fn keys(layout: &Layout) -> Result<Option<Keys>> {
    Ok(RecordFile::peek(&layout.record())?.keys)
}

/// The key for the gateway, if it is what listens there: whatever goes there would go to whoever took its port.
pub(super) async fn ours(layout: &Layout, gateway: &Gateway) -> Result<Option<Keys>> {
    let port = gateway.endpoint.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or_default();
    let Some(keys) = RecordFile::peek(&layout.record())?.keys else { return Ok(None) };
    let served = tokio::time::timeout(PATIENCE, ministack::is_served(port, &keys, None)).await;
    Ok(served.is_ok_and(|served| served).then_some(keys))
}
