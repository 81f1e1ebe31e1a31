use stackctl::chaos::{Moment, Passed};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What the sweep has done and seen.
#[derive(Debug, Default)]
pub struct Counts {
    pub cycles: usize,
    kills: BTreeMap<Moment, usize>,
    /// Of these, while an earlier death was being settled.
    pub settling: usize,
    /// Different places: an entry or a call of its name, before or after it.
    places: BTreeSet<Passed>,
    /// Places that a run has passed, killed or not.
    known: BTreeSet<Passed>,
    /// Open intents that the next command settled.
    pub settled: BTreeMap<&'static str, usize>,
    pub orphans: usize,
    pub duplicates: usize,
    pub phantoms: usize,
    pub failures: Vec<String>,
}

impl Counts {
    pub fn killed(&mut self, at: &Passed) {
        *self.kills.entry(at.moment).or_default() += 1;
        self.places.insert(at.place());
    }

    pub fn knows(&mut self, passed: &[Passed]) {
        self.known.extend(passed.iter().map(Passed::place));
    }

    /// Known places at which nothing has died.
    pub fn unmet(&self) -> Vec<Passed> {
        self.known.difference(&self.places).cloned().collect()
    }

    fn at(&self, moments: [Moment; 2]) -> usize {
        moments.iter().filter_map(|moment| self.kills.get(moment)).sum()
    }

    pub fn assert_clean(&self) {
        assert!(self.failures.is_empty(), "{} failures:\n{}", self.failures.len(), self.failures.join("\n"));
        assert!(self.cycles > 0 && !self.kills.is_empty(), "nothing was killed");
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.at([Moment::BeforeEntry, Moment::AfterEntry]);
        let states = self.at([Moment::BeforeState, Moment::AfterState]);
        let calls = |moment| self.kills.get(&moment).copied().unwrap_or_default();
        let settled: Vec<String> =
            self.settled.iter().map(|(what, count)| format!("{count} {what}")).collect();
        write!(
            f,
            "{} cycles, {} kills ({entries} at journal entries, {} before calls, {} after calls, {states} at writes of \
             the state; {} of them while settling), {} of {} places, settled: {}; {} orphans, {} duplicates, {} \
             phantoms, {} failures",
            self.cycles,
            self.kills.values().sum::<usize>(),
            calls(Moment::BeforeCall),
            calls(Moment::AfterCall),
            self.settling,
            self.places.len(),
            self.known.union(&self.places).count(),
            if settled.is_empty() { "nothing".to_owned() } else { settled.join(", ") },
            self.orphans,
            self.duplicates,
            self.phantoms,
            self.failures.len(),
        )
    }
}
