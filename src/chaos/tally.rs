use super::Fault;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How many requests there were, and what befell how many of them.
#[derive(Debug, Default)]
pub struct Tally {
    counts: Mutex<Counts>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    pub requests: u64,
    /// By the names of the faults.
    pub faults: BTreeMap<&'static str, u64>,
}

impl Tally {
    pub(super) fn request(&self) {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).requests += 1;
    }

    pub(super) fn fault(&self, fault: &Fault) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.faults.entry(fault.name()).or_default() += 1;
    }

    pub fn counts(&self) -> Counts {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
