use crate::machine::{Broken, Entry, Suspends};
use crate::sim::Sim;
use crate::story::{Command, Fault, Moment, Point, Sort, What};
use crate::world::aws;
use stackctl::apply::Stop;
use stackctl::error::Error;
use stackctl::state::Reading;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep, sleep_until, timeout};

thread_local! {
    static CURRENT: RefCell<Option<Arc<Process>>> = const { RefCell::new(None) };
}

/// One run of the program: its calls, what goes wrong with them, and how it ends.
#[derive(Debug)]
pub struct Process {
    pub name: &'static str,
    pub sim: Arc<Sim>,
    pub command: Command,
    pub stop: watch::Sender<Stop>,
    /// As its kernel knows it.
    pub entry: Entry,
    /// When it got the lock; 0 for never.
    turn: AtomicU64,
    life: Mutex<Life>,
}

#[derive(Debug, Default)]
struct Life {
    /// How often it came to each point.
    seen: BTreeMap<Point, usize>,
    /// Attempts that were throttled in a storm.
    throttled: u32,
    /// Requests that are travelling.
    flights: BTreeMap<u64, Flight>,
    next: u64,
    dead: bool,
    frozen: Option<Instant>,
    suspends: Suspends,
    /// Whether the journal in the folder is this process's, and how long it was when the last call began: what came
    /// after that has announced nothing yet, so a death may cut it.
    journal: Option<u64>,
}

struct Flight(Box<dyn FnOnce() + Send>);

impl std::fmt::Debug for Flight {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Flight")
    }
}

/// What the server is to make of a call beside its duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twist {
    None,
    Breaks,
    Slow,
    Reverts,
}

impl From<Sort> for Twist {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Breaks => Self::Breaks,
            Sort::Slow => Self::Slow,
            Sort::Reverts => Self::Reverts,
            _ => Self::None,
        }
    }
}

/// A call whose outcome the process does not learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    Refused,
    Throttled,
    Lost,
    Taken,
    Late,
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused => aws(Some(400), Some("InvalidParameter")),
            Trouble::Throttled => aws(Some(400), Some("Throttling")),
            Trouble::Lost => aws(None, None),
            Trouble::Taken => aws(Some(409), Some("AlreadyExists")),
            Trouble::Late => aws(Some(500), Some("InternalFailure")),
        }
    }
}

/// The process whose code is running.
pub fn current() -> Arc<Process> {
    CURRENT.with_borrow(|current| current.clone().expect("a kind was called outside of a process"))
}

/// An attempt without an answer is given up after this long.
const ATTEMPT: Duration = Duration::from_secs(60);

/// Longer than any wait of the engine.
const FOREVER: Duration = Duration::from_secs(60 * 3600);

impl Process {
    pub fn new(name: &'static str, sim: Arc<Sim>, command: Command) -> Arc<Self> {
        let stop = watch::channel(Stop::No).0;
        let entry = sim.processes.start(command.namespace);
        Arc::new(Self { name, sim, command, stop, entry, turn: AtomicU64::new(0), life: Mutex::default() })
    }

    /// Gets the lock.
    pub fn takes(&self) {
        self.turn.store(self.sim.turn(), Ordering::Relaxed);
    }

    pub fn turn(&self) -> u64 {
        self.turn.load(Ordering::Relaxed)
    }

    /// Whether nobody has got the lock since.
    pub fn holds(&self) -> bool {
        self.turn() == self.sim.turns()
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap()
    }

    /// Runs until the end or the death of the process: `None`. A stopped process is not polled.
    pub async fn live<T>(self: &Arc<Self>, command: impl Future<Output = T>) -> Option<T> {
        let mut future = Box::pin(command);
        let mut nap: Option<Pin<Box<Sleep>>> = None;
        let running = poll_fn(|context| {
            loop {
                if let Some(until) = self.frozen() {
                    self.settle_flights();
                    let nap = nap.get_or_insert_with(|| Box::pin(sleep_until(until)));
                    if nap.as_mut().poll(context).is_pending() {
                        return Poll::Pending;
                    }
                    self.sim.log(|| format!("{} wakes up", self.name));
                    self.life().frozen = None;
                }
                nap = None;
                CURRENT.set(Some(self.clone()));
                let polled = future.as_mut().poll(context);
                CURRENT.set(None);
                if self.life().dead {
                    return Poll::Ready(None);
                }
                match polled {
                    Poll::Ready(outcome) => return Poll::Ready(Some(outcome)),
                    Poll::Pending if self.frozen().is_some() => {}
                    Poll::Pending => return Poll::Pending,
                }
            }
        });
        let outcome = timeout(FOREVER, running).await;
        self.sim.processes.end(self.entry);
        let Ok(outcome) = outcome else {
            self.sim.wrong("hang", || format!("{} never ended", self.name));
            return None;
        };
        if *self.stop.borrow() == Stop::Abandon {
            self.settle_flights();
        }
        if outcome.is_none() {
            self.settle_flights();
            let journal = self.life().journal;
            if let Some(mark) = journal {
                self.sim.place.tear(mark, &mut self.sim.dice());
            }
        }
        drop(future);
        // What the process had spawned ends with it.
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
        outcome
    }

    fn frozen(&self) -> Option<Instant> {
        self.life().frozen
    }

    /// A request that is travelling when its sender dies or is stopped arrives now or never. One that arrives after
    /// the next command has settled is beyond what any client can promise.
    fn settle_flights(&self) {
        let flights = std::mem::take(&mut self.life().flights);
        for (_, Flight(act)) in flights {
            if self.sim.dice().chance(50) {
                act();
            }
        }
    }

    /// Comes to a point; a trap may be there.
    fn reach(&self, at: Point, nth: usize, moment: Moment) {
        let Some(trap) = self.command.trap else { return };
        if (trap.at, trap.nth, trap.moment) != (at, nth, moment) {
            return;
        }
        self.sim.log(|| format!("{} {:?} {moment:?} {at:?} #{nth}", self.name, trap.what));
        self.sim.count(&format!("{} {at:?} {moment:?}", trap.what.noun()));
        match trap.what {
            What::Die => self.life().dead = true,
            What::Freeze(seconds) => {
                self.life().frozen = Some(Instant::now() + Duration::from_secs(seconds));
            }
            What::Suspend(seconds, broken) => {
                let until = Instant::now() + Duration::from_secs(seconds);
                let mut life = self.life();
                life.frozen = Some(until);
                life.suspends.add(until, broken);
            }
            What::Stop => drop(self.stop.send_replace(Stop::Drain)),
            What::Abandon(seconds) => {
                self.stop.send_replace(Stop::Drain);
                let stop = self.stop.clone();
                tokio::spawn(async move {
                    sleep(Duration::from_secs(seconds)).await;
                    stop.send_replace(Stop::Abandon);
                });
            }
        }
    }

    fn arrive(&self, at: Point) -> usize {
        let mut life = self.life();
        let seen = life.seen.entry(at).or_default();
        *seen += 1;
        *seen - 1
    }

    /// Comes to a point that is no call, in code that does not wait.
    pub fn touch(&self, at: Point) {
        let nth = self.arrive(at);
        self.reach(at, nth, Moment::Before);
    }

    /// Whether the process dies at this coming to a point that is no call, and when.
    pub fn dies_at(&self, at: Point) -> Option<Moment> {
        let nth = self.arrive(at);
        let trap = self.command.trap.filter(|trap| (trap.at, trap.nth) == (at, nth))?;
        self.reach(at, nth, trap.moment);
        self.life().dead.then_some(trap.moment)
    }

    /// The journal in the folder is this process's from now on, or no more.
    pub fn journals(&self, on: bool) {
        self.life().journal = on.then(|| self.sim.place.journal_length());
    }

    /// By the clocks of its machine.
    pub fn reading(&self) -> Reading {
        self.life().suspends.reading()
    }

    /// How many attempts of the next call there are throttled before one gets through.
    pub fn busy(&self, at: Point) -> u32 {
        let nth = self.life().seen.get(&at).copied().unwrap_or_default();
        let busy = self.command.faults.iter().filter(|fault| (fault.at, fault.nth) == (at, nth));
        let busy = busy.filter_map(|fault| match fault.sort {
            Sort::Busy(attempts) => Some(attempts),
            _ => None,
        });
        busy.sum()
    }

    /// Whether an attempt is throttled now, by a storm, and whether the SDK makes another one.
    pub fn storm(&self) -> Option<bool> {
        let budget = self.sim.storm()?;
        let mut life = self.life();
        life.throttled += 1;
        Some(life.throttled <= budget)
    }

    /// Waits, by a timer of the runtime.
    pub async fn pause(self: &Arc<Self>, time: Duration) {
        crate::machine::host(self).clock.sleep(time).await;
    }

    /// Makes a call: `act` is what the server does. It travels there and back, unless something comes in between.
    pub async fn call<T: Send + 'static>(
        self: &Arc<Self>,
        at: Point,
        what: String,
        act: impl FnOnce(Twist) -> T + Send + 'static,
    ) -> Result<T, Trouble> {
        let nth = self.arrive(at);
        if self.life().dead {
            return pending().await;
        }
        self.reach(at, nth, Moment::Before);
        if self.life().dead {
            return pending().await;
        }
        if let Some(until) = self.frozen() {
            sleep_until(until).await;
        }
        {
            let mut life = self.life();
            if life.journal.is_some() {
                life.journal = Some(self.sim.place.journal_length());
            }
        }
        self.sim.count("calls");
        let fault = |fault: &&Fault| (fault.at, fault.nth) == (at, nth);
        let fault = self.command.faults.iter().find(fault).map(|fault| fault.sort);
        if let Some(sort) = fault {
            self.sim.count(&format!("fault {sort:?}"));
        }
        self.sim.log(|| {
            format!(
                "{} {at:?} #{nth} {what} {}",
                self.name,
                fault.map_or(String::new(), |f| format!("<{f:?}>"))
            )
        });
        let there = self.sim.latency(at);
        if fault == Some(Sort::Void) {
            sleep(ATTEMPT).await;
            return Err(Trouble::Lost);
        }
        let turned_away = match fault {
            Some(Sort::Refused) => Some(Trouble::Refused),
            Some(Sort::Throttled) => Some(Trouble::Throttled),
            Some(Sort::LostRequest) => Some(Trouble::Lost),
            _ => None,
        };
        if let Some(trouble) = turned_away {
            sleep(there).await;
            return Err(trouble);
        }
        let answer = Arc::new(Mutex::new(None));
        let slot = answer.clone();
        let twist = fault.map_or(Twist::None, Twist::from);
        let flight = Flight(Box::new(move || *slot.lock().unwrap() = Some(act(twist))));
        let number = {
            let mut life = self.life();
            life.next += 1;
            let number = life.next;
            life.flights.insert(number, flight);
            number
        };
        sleep(there).await;
        let flight = self.life().flights.remove(&number);
        if let Some(Flight(act)) = flight {
            act();
            self.reach(at, nth, Moment::Acted);
            if self.life().dead {
                return pending().await;
            }
        }
        let back = if fault == Some(Sort::Silent) { ATTEMPT } else { self.sim.latency(at) };
        sleep(back).await;
        match (fault, answer.lock().unwrap().take()) {
            (Some(Sort::LostResponse | Sort::Silent), _) | (_, None) => Err(Trouble::Lost),
            (Some(Sort::Taken), _) => Err(Trouble::Taken),
            (Some(Sort::Late), _) => Err(Trouble::Late),
            (_, Some(answer)) => Ok(answer),
        }
    }
}

impl What {
    fn noun(self) -> &'static str {
        match self {
            Self::Die => "kill",
            Self::Freeze(_) => "freeze",
            Self::Suspend(_, Broken::None) => "suspend",
            Self::Suspend(..) => "suspend with a broken clock",
            Self::Stop => "stop",
            Self::Abandon(_) => "stop twice",
        }
    }
}
