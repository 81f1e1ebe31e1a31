use std::{
    future::Future,
    path::PathBuf,
    process::ExitStatus,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};
use tokio::{
    process::{Child, Command},
    sync::{mpsc, oneshot, watch},
    time::{sleep, timeout},
};

use super::{
    error::{Error, Result},
    logs::tail,
    process::{PidFiles, Process, kill_group},
};

const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// A program that lived this long starts its back-off afresh.
const CALM: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(25);

/// A program that is kept running.
pub(super) trait Program: Send + Sync + 'static {
    /// Names its log and pid file.
    fn part(&self) -> String;
    fn log(&self) -> PathBuf;
    /// Called before every start, so that a port which was taken meanwhile is replaced.
    fn prepare(&self) -> Result<Command>;
    fn is_ready(&self, pid: u32) -> impl Future<Output = bool> + Send;
    /// Ends what outlived the process and its process group.
    fn sweep(&self) {}
    /// How it is asked to end, and how long it may take before it is killed.
    fn farewell(&self) -> (Signal, Duration);
    fn start_patience(&self) -> Duration;
}

/// What a part of the local cloud is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PartState {
    Starting,
    Ready {
        pid: i32,
    },
    /// It ended or cannot start; it is tried again.
    Failing {
        reason: String,
    },
    Stopped,
}

#[derive(Debug)]
enum Order {
    Stop(oneshot::Sender<()>),
    Kill(oneshot::Sender<()>),
    Restart,
}

/// Keeps one program running until told to stop.
#[derive(Debug)]
pub(super) struct Keeper {
    part: String,
    log: PathBuf,
    patience: Duration,
    orders: mpsc::Sender<Order>,
    state: watch::Receiver<(PartState, u32)>,
}

impl Keeper {
    pub(super) fn start(program: impl Program, pids: PidFiles) -> Self {
        let (orders, inbox) = mpsc::channel(4);
        let (sender, state) = watch::channel((PartState::Starting, 0));
        let (part, log, patience) = (program.part(), program.log(), program.start_patience());
        tokio::spawn(keep(program, pids, sender, inbox));
        Self { part, log, patience, orders, state }
    }

    pub(super) fn state(&self) -> PartState {
        self.state.borrow().0.clone()
    }

    /// How often it was started again.
    pub(super) fn restarts(&self) -> u32 {
        self.state.borrow().1
    }

    /// Waits until it is ready, through restarts.
    pub(super) async fn ready(&self) -> Result<()> {
        let mut state = self.state.clone();
        let ready =
            timeout(self.patience, state.wait_for(|(state, _)| matches!(state, PartState::Ready { .. })));
        if matches!(ready.await, Ok(Ok(_))) {
            return Ok(());
        }
        let reason = match self.state() {
            PartState::Failing { reason } => reason,
            _ => "it does not answer".to_owned(),
        };
        Err(Error::NotReady {
            name: self.part.clone(),
            seconds: self.patience.as_secs(),
            reason,
            tail: tail(&self.log, 8),
            log: self.log.clone(),
        })
    }

    /// Stops and starts it, and waits until it is ready again.
    pub(super) async fn restart(&self) -> Result<()> {
        let mut state = self.state.clone();
        let before = self.restarts();
        let _ = self.orders.send(Order::Restart).await;
        let _ = timeout(self.patience, state.wait_for(|(_, restarts)| *restarts > before)).await;
        self.ready().await
    }

    pub(super) async fn stop(&self) {
        self.end(Order::Stop).await;
    }

    /// Ends it at once, with no care for what it holds.
    pub(super) async fn kill(&self) {
        self.end(Order::Kill).await;
    }

    async fn end(&self, order: impl FnOnce(oneshot::Sender<()>) -> Order) {
        let (done, wait) = oneshot::channel();
        if self.orders.send(order(done)).await.is_ok() {
            let _ = wait.await;
        }
    }
}

enum End {
    Ordered(Option<Order>),
    Died { reason: String, lived: Duration },
}

async fn keep(
    program: impl Program,
    pids: PidFiles,
    state: watch::Sender<(PartState, u32)>,
    mut orders: mpsc::Receiver<Order>,
) {
    let mut wait = FIRST_WAIT;
    let show = |next: PartState| state.send_modify(|(state, _)| *state = next);
    loop {
        show(PartState::Starting);
        let order = match run(&program, &pids, &show, &mut orders).await {
            End::Ordered(order) => order,
            End::Died { reason, lived } => {
                wait = if lived > CALM { FIRST_WAIT } else { wait };
                show(PartState::Failing { reason });
                let order = timeout(wait, orders.recv()).await;
                wait = (wait * 2).min(LONGEST_WAIT);
                order.unwrap_or(Some(Order::Restart))
            }
        };
        match order {
            Some(Order::Restart) => state.send_modify(|(_, restarts)| *restarts += 1),
            Some(Order::Stop(done) | Order::Kill(done)) => {
                show(PartState::Stopped);
                let _ = done.send(());
                return;
            }
            None => return,
        }
    }
}

/// One life of the program.
async fn run(
    program: &impl Program,
    pids: &PidFiles,
    show: &impl Fn(PartState),
    orders: &mut mpsc::Receiver<Order>,
) -> End {
    let start = Instant::now();
    let failed = |reason: String| End::Died { reason, lived: start.elapsed() };
    // A process group of its own: what it starts can be ended with it.
    let spawned = program.prepare().and_then(|mut command| {
        command
            .process_group(0)
            .spawn()
            .map_err(|source| Error::Io { what: format!("start {}", program.part()), source })
    });
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => return failed(error.to_string()),
    };
    let Some(pid) = child.id() else { return failed("it ended at once".to_owned()) };
    if let Some(process) = Process::of(pid)
        && let Err(error) = pids.write(&program.part(), &process)
    {
        // Without its file nobody would find it if this supervisor were killed.
        let _ = child.kill().await;
        return failed(error.to_string());
    }
    // `wait` closes stdin, and a closed stdin tells MiniStack to end.
    let stdin = child.stdin.take();
    let end = live(program, &mut child, pid, show, orders, start).await;
    if let End::Ordered(order) = &end {
        farewell(program, &mut child, pid, matches!(order, Some(Order::Kill(_)))).await;
    }
    drop(stdin);
    // One that has ended by itself has been waited for: what it left behind is known by other signs.
    kill_group(&child);
    let _ = child.wait().await;
    program.sweep();
    pids.remove(&program.part());
    end
}

async fn live(
    program: &impl Program,
    child: &mut Child,
    pid: u32,
    show: &impl Fn(PartState),
    orders: &mut mpsc::Receiver<Order>,
    start: Instant,
) -> End {
    let died = |status: std::io::Result<ExitStatus>| {
        let how = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        let last = tail(&program.log(), 1);
        End::Died { reason: format!("it ended with {how}; its last words: {last}"), lived: start.elapsed() }
    };
    let become_ready = async {
        while !matches!(timeout(Duration::from_secs(2), program.is_ready(pid)).await, Ok(true)) {
            sleep(POLL).await;
        }
    };
    tokio::select! {
        status = child.wait() => return died(status),
        order = orders.recv() => return End::Ordered(order),
        ready = timeout(program.start_patience(), become_ready) => if ready.is_err() {
            let reason = format!("it was not ready after {} s", program.start_patience().as_secs());
            return End::Died { reason, lived: start.elapsed() };
        },
    }
    show(PartState::Ready { pid: pid.cast_signed() });
    tokio::select! {
        status = child.wait() => died(status),
        order = orders.recv() => End::Ordered(order),
    }
}

async fn farewell(program: &impl Program, child: &mut Child, pid: u32, at_once: bool) {
    let (signal, patience) = program.farewell();
    if !at_once && let Some(process) = Process::of(pid) {
        process.signal(signal);
        let _ = timeout(patience, child.wait()).await;
    }
}
