use std::{
    fs,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    select,
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use super::{
    authority::Authority,
    control::{Answer, Request},
    databases::{Database, Databases},
    error::{Error, FileContext, IoContext, Result},
    keeper::{Keeper, PartState},
    layout::Layout,
    lock::Lock,
    logs,
    ministack::{self, Ministack},
    orphans,
    process::{PidFiles, Process},
    record::RecordFile,
    venv,
};

pub(super) const PART: &str = "supervisor";
const LONGEST_REQUEST: u64 = 1024 * 1024;
const LOOK: Duration = Duration::from_secs(2);

/// What the supervisor says of itself and its parts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Live {
    pub(super) pid: u32,
    pub(super) version: String,
    pub(super) since: SystemTime,
    pub(super) gateway: Gateway,
    pub(super) databases: Vec<Database>,
}

/// The AWS APIs and how they are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Gateway {
    pub endpoint: String,
    pub version: String,
    pub state: PartState,
    pub restarts: u32,
    pub note: Option<String>,
}

struct Supervisor {
    since: SystemTime,
    ministack: Ministack,
    gateway: Keeper,
    databases: Databases,
    ending: watch::Sender<bool>,
}

/// The daemon's main: runs the parts until it is told to end, by `down` or by a signal.
///
/// It has a session of its own, so that it outlives the terminal. Its output goes where its starter sends it.
pub async fn supervise(layout: &Layout) -> Result<()> {
    layout.create()?;
    let lock_path = layout.supervisor_lock();
    // Some patience: whoever looks whether it is held holds it for a moment.
    let lock = match Lock::take(&lock_path, Duration::from_secs(1), || ()).await {
        Err(Error::Busy { lock, .. }) => return Err(Error::AlreadyRunning { lock }),
        taken => taken?,
    };
    // Fails for a group's leader, who has no terminal to lose then: `up` starts it as no leader.
    let _ = nix::unistd::setsid();
    let mut terminate = signal(SignalKind::terminate()).doing("listen for signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).doing("listen for signals")?;
    let mut hangup = signal(SignalKind::hangup()).doing("listen for signals")?;

    orphans::sweep(layout).await?;
    let pids = PidFiles::new(layout.pids());
    if let Some(ours) = Process::current() {
        pids.write(PART, &ours)?;
    }
    let record = Arc::new(RecordFile::open(layout.record())?);
    orphans::remove_halves(layout, |identifier| record.database(identifier).is_some());
    let (keys, new) = record.keys()?;
    if new {
        Authority::forget(layout)?;
    }
    // There before anybody hears that the cloud is up: what is planned then may name it.
    Authority::of(layout)?;
    let python = venv::ensure(&mut |_| ()).await?;

    // Whoever waits for what cannot log waits for nothing.
    logs::open(&layout.log(ministack::PART))?;
    let socket = layout.control_socket();
    let _ = fs::remove_file(&socket);
    let listener = UnixListener::bind(&socket).at("listen on", &socket)?;
    let ministack = Ministack::new(layout.clone(), python, record.clone(), keys);
    let (ending, mut ended) = watch::channel(false);
    let supervisor = Arc::new(Supervisor {
        since: SystemTime::now(),
        gateway: Keeper::start(ministack.clone(), pids.clone()),
        databases: Databases::start(layout.clone(), record, pids.clone()),
        ministack,
        ending,
    });

    let mut look = tokio::time::interval(LOOK);
    loop {
        select! {
            Ok((stream, _)) = listener.accept() => {
                tokio::spawn(answer(supervisor.clone(), stream));
            }
            // The folder was removed under us: nobody could find us any more.
            _ = look.tick() => if !lock_path.exists() { break },
            _ = ended.wait_for(|ending| *ending) => break,
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => {}
        }
    }
    tokio::join!(supervisor.gateway.stop(), supervisor.databases.stop());
    let _ = fs::remove_file(&socket);
    pids.remove(PART);
    drop(lock);
    Ok(())
}

async fn answer(supervisor: Arc<Supervisor>, mut stream: UnixStream) {
    let (read, mut write) = stream.split();
    let mut line = String::new();
    if BufReader::new(read.take(LONGEST_REQUEST)).read_line(&mut line).await.is_err() || line.is_empty() {
        return;
    }
    let answer = match serde_json::from_str::<Request>(&line) {
        Ok(request) => match supervisor.serve(request).await {
            Ok(value) => Answer::Done(value),
            Err(error) => Answer::Failed(error.to_string()),
        },
        // Without serde's words: they may quote a password.
        Err(_) => Answer::Failed(
            "the supervisor of the local cloud is of another version of stackctl\n\
             Run `stackctl local down`, then `stackctl local up`"
                .to_owned(),
        ),
    };
    let mut bytes = serde_json::to_vec(&answer).unwrap_or_default();
    bytes.push(b'\n');
    let _ = write.write_all(&bytes).await;
}

impl Supervisor {
    async fn serve(&self, request: Request) -> Result<Value> {
        let databases = &self.databases;
        match request {
            Request::Status => return Ok(json!(self.live())),
            Request::Prepare(wanted) => return Ok(json!(databases.prepare(wanted).await?)),
            Request::Password { identifier, password } => {
                databases.set_password(&identifier, &password).await?
            }
            Request::Secret { identifier, arn } => databases.set_secret(&identifier, arn)?,
            Request::Roles { identifier, roles } => databases.set_roles(&identifier, roles)?,
            Request::Reboot { identifier } => databases.reboot(&identifier).await?,
            Request::Drop { identifier } => databases.drop(&identifier).await?,
            Request::Shutdown => drop(self.ending.send(true)),
        }
        Ok(Value::Null)
    }

    fn live(&self) -> Live {
        Live {
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            since: self.since,
            gateway: Gateway {
                endpoint: ministack::endpoint(self.ministack.port()),
                version: venv::MINISTACK_VERSION.to_owned(),
                state: self.gateway.state(),
                restarts: self.gateway.restarts(),
                note: self.ministack.note(),
            },
            databases: self.databases.list(),
        }
    }
}
