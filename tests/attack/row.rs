use crate::size::{is_full, seed};
use crate::verdict::Verdict;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// A row of the table: what was done, and what came of it.
#[derive(Debug)]
pub struct Row {
    what: &'static str,
    begun: Instant,
    counts: Mutex<Counts>,
}

/// What has been counted so far.
#[derive(Debug, Default)]
pub struct Counts {
    pub cycles: usize,
    /// By their name in the plural.
    faults: BTreeMap<String, usize>,
    orphans: usize,
    duplicates: usize,
    phantoms: usize,
    /// Objects that are there after a destroy.
    left: usize,
    /// Plans that should have been empty.
    pending: usize,
    /// Commands that had to be given again.
    pub again: usize,
    failures: Vec<String>,
}

impl Row {
    pub fn new(what: &'static str) -> Self {
        Self { what, begun: Instant::now(), counts: Mutex::default() }
    }

    pub fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn add(&self, fault: &str, count: usize) {
        if count > 0 {
            *self.counts().faults.entry(fault.to_owned()).or_default() += count;
        }
    }

    pub fn cycle(&self) {
        self.counts().cycles += 1;
    }

    /// What is there against the state. Whether they agree.
    pub fn judge(&self, when: &str, verdict: &Verdict) -> bool {
        let mut counts = self.counts();
        counts.orphans += verdict.orphans.len();
        counts.duplicates += verdict.duplicates.len();
        counts.phantoms += verdict.phantoms.len();
        if !verdict.is_clean() {
            counts.failures.push(format!("{when}: {verdict:#?}"));
        }
        verdict.is_clean()
    }

    /// What is there after a destroy, when nothing should be.
    pub fn judge_left(&self, when: &str, verdict: &Verdict) -> bool {
        let mut counts = self.counts();
        counts.left += verdict.orphans.len() + verdict.duplicates.len();
        counts.phantoms += verdict.phantoms.len();
        if !verdict.is_clean() {
            counts.failures.push(format!("{when}, left after the destroy: {verdict:#?}"));
        }
        verdict.is_clean()
    }

    pub fn pending(&self, when: &str, plan: &str) {
        let mut counts = self.counts();
        counts.pending += 1;
        counts.failures.push(format!("{when}: the plan is not empty\n{plan}"));
    }

    /// Anything else that should not have been.
    pub fn fail(&self, what: String) {
        eprintln!("{}: {what}", self.what);
        self.counts().failures.push(what);
    }

    pub fn has_failed(&self) -> bool {
        !self.counts().failures.is_empty()
    }

    /// Prints the row, and fails the test if anything in it should be 0 and is not.
    pub fn end(self) {
        let size = if is_full() { "full size" } else { "daily size" };
        tell(&format!(
            "{self}   <!-- {:.0} s, {size}, seed {} -->",
            self.begun.elapsed().as_secs_f64(),
            seed()
        ));
        let counts = self.counts.into_inner().unwrap_or_else(PoisonError::into_inner);
        let failures = &counts.failures;
        assert!(failures.is_empty(), "{}: {} failures:\n{}", self.what, failures.len(), failures.join("\n"));
        assert!(counts.cycles > 0 && !counts.faults.is_empty(), "{}: nothing was attacked", self.what);
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.counts();
        let Counts { orphans, duplicates, phantoms, left, pending, .. } = *counts;
        let mut faults: Vec<String> =
            counts.faults.iter().map(|(name, count)| format!("{count} {name}")).collect();
        if counts.again > 0 {
            faults.push(format!("{} commands given again", counts.again));
        }
        let faults = faults.join(", ");
        let what = self.what;
        write!(
            f,
            "| {what}, {} cycles | {faults} | {orphans} | {duplicates} | {phantoms} | {left} | {pending} |",
            counts.cycles
        )
    }
}

/// Past what the test harness keeps to itself: the rows of a run that passed are for people too.
pub fn tell(text: &str) {
    std::io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}

/// In place of a row that this machine does not allow.
pub fn not_run(what: &str, why: &str) {
    tell(&format!("| {what} | not run: {why} | | | | | |"));
}
