use crate::points::Turns;
use crate::project::{Project, all};
use std::collections::BTreeMap;
use std::fmt;
use std::process::Output;
use std::sync::{Mutex, PoisonError};

/// Commands that a bad day may take until it gets there.
const TRIES: usize = 8;

/// What the bad days have done and seen.
#[derive(Debug, Default)]
pub struct Tally {
    seeds: usize,
    requests: usize,
    faults: BTreeMap<String, usize>,
    /// Commands that ended with an error and were given again.
    again: usize,
    failures: Vec<String>,
}

/// One seed after the other: apply until it succeeds, an empty plan, destroy until it succeeds, nothing left.
pub fn work(project: &Project, seeds: &Turns<usize>, tally: &Mutex<Tally>) {
    while let Some((_, &seed)) = seeds.next() {
        let outcome = day(project, seed, tally);
        let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.seeds += 1;
        if let Err(what) = outcome {
            eprintln!("seed {seed}: {what}");
            tally.failures.push(format!("seed {seed}: {what}"));
            return;
        }
    }
}

fn day(project: &Project, seed: usize, tally: &Mutex<Tally>) -> Result<(), String> {
    until(seed, tally, &|seed| project.apply(&["--chaos", seed]))?;
    let plan = project.run(&["plan", "--target", "local", "--detailed-exitcode"]);
    if plan.status.code() != Some(0) {
        return Err(format!("the plan is not empty\n{}", all(&plan)));
    }
    clean(project)?;
    until(seed, tally, &|seed| project.destroy(&["--chaos", seed]))?;
    clean(project)
}

/// Another seed for every try: the same one would fail in the same way.
fn until(seed: usize, tally: &Mutex<Tally>, run: &dyn Fn(&str) -> Output) -> Result<(), String> {
    let mut last = String::new();
    for attempt in 0..TRIES {
        let output = run(&(seed * 1000 + attempt).to_string());
        last = all(&output);
        let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.take(&last);
        match output.status.code() {
            Some(0) => return Ok(()),
            Some(1 | 4) => tally.again += 1,
            other => return Err(format!("exit code {other:?}\n{last}")),
        }
    }
    Err(format!("not after {TRIES} tries\n{last}"))
}

fn clean(project: &Project) -> Result<(), String> {
    let verdict = project.verdict();
    if verdict.is_clean() { Ok(()) } else { Err(format!("{verdict:#?}")) }
}

impl Tally {
    /// `Chaos: seed 7, 212 requests: 6 500, 36 latency, 8 lost answer`
    fn take(&mut self, output: &str) {
        let Some(line) = output.lines().find(|line| line.starts_with("Chaos: ")) else { return };
        let Some((head, faults)) = line.split_once(" requests: ") else { return };
        self.requests += head.rsplit(' ').next().and_then(|count| count.parse().ok()).unwrap_or(0);
        for (count, name) in faults.split(", ").filter_map(|fault| fault.split_once(' ')) {
            *self.faults.entry(name.to_owned()).or_default() += count.parse().unwrap_or(0);
        }
    }

    pub fn assert_clean(&self) {
        assert!(self.failures.is_empty(), "{} failures:\n{}", self.failures.len(), self.failures.join("\n"));
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults: Vec<String> = self.faults.iter().map(|(name, count)| format!("{count} {name}")).collect();
        write!(
            f,
            "{} seeds, {} requests, {} faults ({}), {} commands given again, {} failures",
            self.seeds,
            self.requests,
            self.faults.values().sum::<usize>(),
            faults.join(", "),
            self.again,
            self.failures.len(),
        )
    }
}
