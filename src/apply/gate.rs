use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Lets a number of operations to the cloud at once, the most urgent first.
///
/// Journalling happens outside of it: what is ready is announced while it waits here, so a journal that is a round trip
/// away costs a wide apply next to nothing.
#[derive(Debug)]
pub struct Gate {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    free: usize,
    closed: bool,
    waiting: BinaryHeap<Waiter>,
}

/// Leave to work at the cloud; the next one gets it when this one is dropped.
#[derive(Debug)]
pub struct Pass {
    gate: Arc<Gate>,
    since: Instant,
}

#[derive(Debug)]
struct Waiter {
    rank: Rank,
    pass: oneshot::Sender<Pass>,
}

/// Longest remaining path first; by position where that leaves a choice.
pub type Rank = (u64, Reverse<usize>);

impl PartialEq for Waiter {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}
impl Eq for Waiter {}
impl PartialOrd for Waiter {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Waiter {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank.cmp(&other.rank)
    }
}

impl Gate {
    pub fn new(width: usize) -> Arc<Self> {
        let inner = Inner { free: width.max(1), closed: false, waiting: BinaryHeap::new() };
        Arc::new(Self { inner: Mutex::new(inner) })
    }

    /// Waits for its turn; `None` if the gate is closed before it comes.
    pub async fn pass(self: &Arc<Self>, rank: Rank) -> Option<Pass> {
        let waiting = {
            let mut inner = self.inner();
            if inner.closed {
                return None;
            }
            if inner.free > 0 {
                inner.free -= 1;
                return Some(Pass::new(self));
            }
            let (pass, waiting) = oneshot::channel();
            inner.waiting.push(Waiter { rank, pass });
            waiting
        };
        waiting.await.ok()
    }

    /// Nobody else gets through; who is through stays.
    pub fn close(&self) {
        let mut inner = self.inner();
        inner.closed = true;
        inner.waiting.clear();
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass {
    fn new(gate: &Arc<Gate>) -> Self {
        Self { gate: gate.clone(), since: Instant::now() }
    }

    /// Gives it back; how long it was held.
    pub fn end(self) -> Duration {
        self.since.elapsed()
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let next = {
            let mut inner = self.gate.inner();
            let next = inner.waiting.pop();
            if next.is_none() {
                inner.free += 1;
            }
            next
        };
        if let Some(waiter) = next {
            // One that has gone away gives it on by dropping it.
            drop(waiter.pass.send(Pass::new(&self.gate)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_most_urgent_is_next_and_nobody_after_the_end() {
        let gate = Gate::new(1);
        let first = gate.pass((1, Reverse(0))).await.unwrap();
        let mut late = Box::pin(gate.pass((1, Reverse(1))));
        let mut urgent = Box::pin(gate.pass((9, Reverse(2))));
        let mut gone = Box::pin(gate.pass((99, Reverse(3))));
        for waiting in [&mut late, &mut urgent, &mut gone] {
            assert!(futures::poll!(waiting).is_pending());
        }
        drop(gone);
        drop(first);
        assert!(futures::poll!(&mut late).is_pending());
        let through = urgent.await.unwrap();
        gate.close();
        drop(through);
        assert!(late.await.is_none());
        assert!(gate.pass((1, Reverse(4))).await.is_none());
    }
}
