use crate::address::Address;
use std::collections::{HashMap, HashSet};

/// `--only` and `--exclude`. A name without key means all its keys.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    pub targets: Vec<Address>,
    pub excludes: Vec<Address>,
    /// `--replace`.
    pub replace: Vec<Address>,
}

impl Selection {
    pub fn replaces(&self, address: &Address) -> bool {
        self.replace.iter().any(|pattern| pattern.covers(address))
    }

    /// Patterns that fit no resource at all: typing mistakes.
    pub fn unmatched<'a>(&'a self, all: &'a [Address]) -> impl Iterator<Item = &'a Address> {
        let patterns = self.targets.iter().chain(&self.excludes).chain(&self.replace);
        patterns.filter(|pattern| !all.iter().any(|address| pattern.covers(address)))
    }

    /// What is to be worked on. A target brings what it needs (when creating: `needs` are dependencies; when
    /// destroying: dependants); an excluded resource takes with it what needs it.
    pub fn apply(&self, all: &[Address], needs: &HashMap<Address, Vec<Address>>) -> HashSet<Address> {
        let mut chosen: HashSet<Address> = HashSet::new();
        let mut stack: Vec<&Address> = all
            .iter()
            .filter(|address| self.targets.is_empty() || self.targets.iter().any(|t| t.covers(address)))
            .collect();
        while let Some(address) = stack.pop() {
            if chosen.insert(address.clone()) {
                stack.extend(needs.get(address).into_iter().flatten());
            }
        }
        let mut excluded: HashSet<&Address> =
            all.iter().filter(|address| self.excludes.iter().any(|e| e.covers(address))).collect();
        loop {
            let more: Vec<&Address> = all
                .iter()
                .filter(|address| !excluded.contains(address))
                .filter(|address| {
                    needs.get(address).into_iter().flatten().any(|need| excluded.contains(need))
                })
                .collect();
            if more.is_empty() {
                break;
            }
            excluded.extend(more);
        }
        chosen.retain(|address| !excluded.contains(address));
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_bring_what_they_need_and_excludes_take_what_needs_them() {
        let [vpc, subnet, db] =
            ["vpc.a", "subnet.a", "db_instance.a"].map(|text| text.parse::<Address>().unwrap());
        let all = [vpc.clone(), subnet.clone(), db.clone()];
        let needs = HashMap::from([(subnet.clone(), vec![vpc.clone()]), (db.clone(), vec![subnet.clone()])]);
        let target = Selection { targets: vec![subnet.clone()], ..Selection::default() };
        assert_eq!(target.apply(&all, &needs), HashSet::from([vpc.clone(), subnet.clone()]));
        let exclude = Selection { excludes: vec![subnet], ..Selection::default() };
        assert_eq!(exclude.apply(&all, &needs), HashSet::from([vpc]));
        assert_eq!(exclude.unmatched(&all[2..]).count(), 1);
        assert!(Selection::default().apply(&all, &needs).contains(&db));
    }
}
