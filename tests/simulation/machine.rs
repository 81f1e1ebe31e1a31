use crate::process::Process;
use futures::future::BoxFuture;
use stackctl::state::{Clock, Holder, Host, Kernel, Reading, Seen};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What a process sees of the machine that it runs on: its own clocks, and the processes of its own pid namespace. All machines
/// have one host name.
pub fn host(process: &Arc<Process>) -> Host {
    Host { clock: Arc::new(Watch(process.clone())), kernel: Arc::new(View(process.clone())) }
}

/// Which clock of a machine cannot be relied on while it is suspended, beside that of the runtime, which always stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    None,
    /// Its boot clock stands still as well.
    Boot,
    /// Its wall clock is set back afterwards, by more than it slept.
    Wall,
}

/// When a process's machine was suspended, and what that did to its clocks.
#[derive(Debug, Default)]
pub struct Suspends(Vec<(Instant, Instant, Broken)>);

impl Suspends {
    pub fn add(&mut self, until: Instant, broken: Broken) {
        self.0.push((Instant::now(), until, broken));
    }

    /// Of the time up to now, how much went by while suspended.
    fn slept(&self, counts: impl Fn(Broken) -> bool) -> Duration {
        let now = Instant::now();
        let counted = self.0.iter().filter(|(.., broken)| counts(*broken));
        counted.map(|(from, until, _)| (*until).min(now).saturating_duration_since(*from)).sum()
    }

    pub fn reading(&self) -> Reading {
        let now = Instant::now();
        // Far from zero, so that a clock can be set back.
        let all = Duration::from_secs(10_000_000) + now.saturating_duration_since(*EPOCH);
        let back = 2 * self.slept(|broken| broken == Broken::Wall);
        Reading {
            boot: all - self.slept(|broken| broken == Broken::Boot),
            wall: all - back,
            run: now - self.slept(|_| true),
        }
    }
}

static EPOCH: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);

#[derive(Debug)]
struct Watch(Arc<Process>);

impl Clock for Watch {
    fn now(&self) -> Reading {
        self.0.reading()
    }

    /// A timer of the runtime stands still as its clock does.
    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        let process = self.0.clone();
        let end = process.reading().run + time;
        Box::pin(async move {
            loop {
                let left = end.saturating_duration_since(process.reading().run);
                if left.is_zero() {
                    return;
                }
                sleep(left).await;
            }
        })
    }
}

/// A process as its kernel knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Given out again to later processes.
    pub pid: u32,
    pub namespace: u64,
    pub started: u64,
}

/// The processes that live.
#[derive(Debug, Default)]
pub struct Processes(Mutex<(u64, Vec<Entry>)>);

impl Processes {
    pub fn start(&self, namespace: u64) -> Entry {
        let mut all = self.0.lock().unwrap();
        all.0 += 1;
        let entry = Entry { pid: 100 + u32::try_from(all.0 % 3).unwrap(), namespace, started: all.0 };
        all.1.push(entry);
        entry
    }

    pub fn end(&self, entry: Entry) {
        self.0.lock().unwrap().1.retain(|other| *other != entry);
    }

    fn see(&self, pid: u32, namespace: u64) -> Seen {
        let all = self.0.lock().unwrap();
        let found = all.1.iter().find(|entry| (entry.pid, entry.namespace) == (pid, namespace));
        found.map_or(Seen::Gone, |entry| Seen::There { started: Some(entry.started) })
    }
}

#[derive(Debug)]
struct View(Arc<Process>);

impl Kernel for View {
    fn holder(&self, command: &str) -> Holder {
        let Entry { pid, namespace, started } = self.0.entry;
        Holder {
            pid,
            host: "vm".to_owned(),
            user: "root".to_owned(),
            command: command.to_owned(),
            since: "2026-01-01T00:00:00Z".to_owned(),
            boot: Some("boot".to_owned()),
            namespace: Some(namespace),
            started: Some(started),
        }
    }

    fn process(&self, pid: u32) -> Seen {
        self.0.sim.processes.see(pid, self.0.entry.namespace)
    }
}
