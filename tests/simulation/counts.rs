use std::collections::BTreeMap;

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

    pub fn get(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or_default()
    }

    /// The counts whose name begins so, and their sum.
    pub fn of(&self, prefix: &str) -> (u64, String) {
        let found = self.0.iter().filter_map(|(what, count)| Some((what.strip_prefix(prefix)?, count)));
        let parts: Vec<String> = found.clone().map(|(what, count)| format!("{} {count}", what.trim())).collect();
        (found.map(|(_, count)| count).sum(), parts.join(", "))
    }
}
