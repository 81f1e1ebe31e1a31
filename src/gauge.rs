use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// How far something is that takes its time: what it is, and how many of how many. Whoever works counts, whoever watches looks.
#[derive(Debug, Default)]
pub struct Gauge {
    what: Mutex<String>,
    done: AtomicUsize,
    total: AtomicUsize,
    /// What this is a part of.
    whole: Option<Arc<Gauge>>,
}

/// What a gauge shows. `done` is never more than `total`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    pub what: String,
    pub done: usize,
    /// 0: nothing is counted.
    pub total: usize,
}

impl Gauge {
    /// Something else begins, of so many.
    pub fn begin(&self, what: &str, total: usize) {
        what.clone_into(&mut self.what.lock().unwrap_or_else(PoisonError::into_inner));
        self.done.store(0, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }

    /// So many of these, which count for the whole.
    pub fn part(self: &Arc<Self>, total: usize) -> Arc<Self> {
        Arc::new(Self { total: AtomicUsize::new(total), whole: Some(self.clone()), ..Self::default() })
    }

    /// One more, if there is one left.
    pub fn count(&self) {
        let total = self.total.load(Ordering::Relaxed);
        let more = |done: usize| (done < total).then_some(done + 1);
        let counted = self.done.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok();
        if let Some(whole) = self.whole.as_ref().filter(|_| counted) {
            whole.count();
        }
    }

    /// Those that are left, all at once.
    pub fn finish(&self) {
        let Reading { done, total, .. } = self.read();
        (done..total).for_each(|_| self.count());
    }

    pub fn read(&self) -> Reading {
        let total = self.total.load(Ordering::Relaxed);
        Reading {
            what: self.what.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            done: self.done.load(Ordering::Relaxed).min(total),
            total,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever is counted in whatever order: the whole never falls, and never has more than there are.
        #[test]
        fn a_whole_grows_up_to_its_total(parts in prop::collection::vec(0usize..6, 1..5), counts in prop::collection::vec((0usize..5, any::<bool>()), 0..60)) {
            let whole = Arc::new(Gauge::default());
            whole.begin("reading", parts.iter().sum());
            let gauges: Vec<_> = parts.iter().map(|total| whole.part(*total)).collect();
            let mut before = 0;
            for (at, all) in counts {
                let gauge = &gauges[at % gauges.len()];
                if all { gauge.finish() } else { gauge.count() }
                let now = whole.read();
                prop_assert!(now.done >= before && now.done <= now.total, "{now:?} after {before}");
                before = now.done;
            }
            gauges.iter().for_each(|gauge| gauge.finish());
            prop_assert_eq!(whole.read().done, whole.read().total);
        }
    }
}
