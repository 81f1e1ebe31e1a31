use std::collections::BTreeMap;
use std::time::Duration;

/// What was done, by name.
#[derive(Debug, Clone, Default)]
pub struct Counts(BTreeMap<String, u64>);

impl Counts {
    pub fn add(&mut self, what: &str, count: u64) {
        match self.0.get_mut(what) {
            Some(sum) => *sum += count,
            None => drop(self.0.insert(what.to_owned(), count)),
        }
    }

    pub fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(what, count)| self.add(what, *count));
    }

    /// The whole table, for people.
    pub fn told(&self, took: Duration) -> String {
        let mut lines = vec![format!(
            "simulation: {} seeds, {} commands, {} calls, {} changes from outside, in {:.0} s",
            self.get("seeds"),
            self.get("commands"),
            self.get("calls"),
            self.get("changes from outside"),
            took.as_secs_f64()
        )];
        for (name, prefix) in [
            ("faults", "fault"),
            ("kills", "kill"),
            ("Ctrl-C", "stop"),
            ("freezes", "freeze"),
            ("settled", "settled"),
            ("ended", "ended"),
        ] {
            let (sum, parts) = self.of(prefix);
            lines.push(format!("  {name:<9} {sum} ({parts})"));
        }
        lines.push(format!(
            "  answers   {} old or of nothing, attempts throttled in storms {}",
            self.get("old answers"),
            self.get("throttled in storms")
        ));
        lines.push(format!(
            "  takeovers {}, zombies turned away {}",
            self.get("takeovers"),
            self.get("zombies turned away")
        ));
        lines.join("\n")
    }

    fn get(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or_default()
    }

    /// The counts whose name begins so, and their sum.
    fn of(&self, prefix: &str) -> (u64, String) {
        let found = self.0.iter().filter_map(|(what, count)| Some((what.strip_prefix(prefix)?, count)));
        let parts: Vec<String> =
            found.clone().map(|(what, count)| format!("{} {count}", what.trim())).collect();
        (found.map(|(_, count)| count).sum(), parts.join(", "))
    }
}
