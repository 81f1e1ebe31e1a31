use super::note;
use super::style::Paint;
use crate::chaos::Counts;

/// What `--chaos` did to the requests of the command.
pub fn chaos(seed: u64, counts: &Counts) {
    let faults: Vec<String> = counts.faults.iter().map(|(name, count)| format!("{count} {name}")).collect();
    let faults = if faults.is_empty() { "no fault".to_owned() } else { faults.join(", ") };
    note(&format!("{} seed {seed}, {} requests: {faults}", Paint::Change.label("Chaos:"), counts.requests));
}
