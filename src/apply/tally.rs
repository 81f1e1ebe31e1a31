use crate::event::Event;
use crate::plan::{Order, Plan};
use std::time::Duration;

/// How far an apply is: what the events say, held against the plan. Pure; times are counted from the start of the apply.
#[derive(Debug)]
pub struct Tally {
    order: Order,
    now: Vec<Now>,
    parallelism: usize,
    /// What kinds usually take is what they take on AWS.
    typical: bool,
    finished: usize,
    failed: usize,
    skipped: usize,
    left: usize,
}

/// Where an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Now {
    Waiting,
    /// Since then.
    Flying(Duration),
    Ended,
}

/// How far an apply is, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    pub total: usize,
    pub finished: usize,
    pub failed: usize,
    /// Will not be started.
    pub skipped: usize,
    pub flying: usize,
    /// Begun and given up, to be settled by the next command.
    pub left: usize,
    /// How long it probably goes on; none where nobody knows.
    pub remaining: Option<Duration>,
}

/// So many must have ended before their pace says something of the rest.
const ENOUGH: usize = 10;

impl Tally {
    /// `typical`: whether things take as long as on AWS.
    pub fn new(plan: &Plan, parallelism: usize, typical: bool) -> Self {
        let order = Order::new(plan);
        let now = vec![Now::Waiting; order.len()];
        let (finished, failed, skipped, left) = (0, 0, 0, 0);
        Self { order, now, parallelism: parallelism.max(1), typical, finished, failed, skipped, left }
    }

    /// Whether the event says something new of an operation.
    pub fn take(&mut self, event: &Event, at: Duration) -> bool {
        let (operation, count) = match event {
            Event::Started { operation, .. } => {
                let new = self.now.get(*operation) == Some(&Now::Waiting);
                if new {
                    self.now[*operation] = Now::Flying(at);
                }
                return new;
            }
            Event::Finished { operation, .. } => (*operation, &mut self.finished),
            Event::Failed { operation, .. } => (*operation, &mut self.failed),
            Event::Left { operation, .. } => (*operation, &mut self.left),
            Event::Skipped { operation, .. } => (*operation, &mut self.skipped),
            Event::Moved { .. } | Event::Waiting { .. } | Event::LeftOver { .. } => return false,
        };
        match self.now.get_mut(operation) {
            None | Some(Now::Ended) => false,
            Some(now) => {
                *now = Now::Ended;
                *count += 1;
                true
            }
        }
    }

    pub fn standing(&self, at: Duration) -> Standing {
        Standing {
            total: self.now.len(),
            finished: self.finished,
            failed: self.failed,
            skipped: self.skipped,
            flying: self.now.iter().filter(|now| matches!(now, Now::Flying(_))).count(),
            left: self.left,
            remaining: if self.typical { Some(self.typically(at)) } else { self.by_pace(at) },
        }
    }

    /// The longest path through what is left, or all of its work side by side, whichever is longer.
    fn typically(&self, at: Duration) -> Duration {
        let (mut longest, mut work) = (0, 0);
        for (index, now) in self.now.iter().enumerate() {
            let (alone, path) = (self.order.seconds(index), self.order.remaining(index));
            let alone_left = match now {
                Now::Ended => continue,
                Now::Waiting => alone,
                // What takes longer than usual may end at any moment.
                Now::Flying(since) => alone.saturating_sub(at.saturating_sub(*since).as_secs()).max(1),
            };
            longest = longest.max(path - alone + alone_left);
            work += alone_left;
        }
        Duration::from_secs(longest.max(work / self.parallelism as u64))
    }

    /// As fast as until now.
    fn by_pace(&self, at: Duration) -> Option<Duration> {
        let ended = self.finished + self.failed;
        let left = self.now.iter().filter(|now| **now != Now::Ended).count();
        (ended >= ENOUGH).then(|| at.mul_f64(left as f64 / ended as f64))
    }
}
