use super::Document;
use crate::address::Address;
use std::collections::{BTreeSet, HashMap};

impl Document {
    /// # Errors
    /// What would move is not there, or would come to lie on another one; the text says which.
    pub(super) fn can_rename(&self, moves: &[(Address, Address)]) -> Result<(), String> {
        let mut leaving = BTreeSet::new();
        for (from, _) in moves {
            if !self.resources.contains_key(from) || !leaving.insert(from) {
                return Err(format!("it moves {from}, which is not there"));
            }
        }
        let mut coming = BTreeSet::new();
        for (from, to) in moves {
            if self.resources.contains_key(to) && !leaving.contains(to) || !coming.insert(to) {
                return Err(format!("it moves {from} to {to}, where there is another one"));
            }
        }
        Ok(())
    }

    /// Gives records other addresses, all at once: two can change places. What depends on them follows.
    pub fn rename(&mut self, moves: &[(Address, Address)]) {
        let to: HashMap<&Address, &Address> = moves.iter().map(|(from, to)| (from, to)).collect();
        let taken: Vec<_> =
            moves.iter().filter_map(|(from, to)| Some((to.clone(), self.resources.remove(from)?))).collect();
        self.resources.extend(taken);
        for record in self.resources.values_mut() {
            for dependency in &mut record.depends_on {
                if let Some(now) = to.get(dependency) {
                    *dependency = (*now).clone();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Id;
    use crate::state::Record;
    use serde_json::json;

    #[test]
    fn two_change_places_and_what_depends_on_them_follows() {
        let [a, b, c] = ["queue.a", "queue.b", "alarm.c"].map(|text| text.parse::<Address>().unwrap());
        let record = |id: &str, on: &[&Address]| Record {
            id: Id::from(id),
            inputs: json!({}),
            outputs: json!({}),
            depends_on: on.iter().map(|on| (*on).clone()).collect(),
            protected: false,
            intent: String::new(),
            incomplete: false,
            deposed: vec![],
        };
        let mut document = Document::new("s", "1", "r");
        document.resources.insert(a.clone(), record("1", &[]));
        document.resources.insert(b.clone(), record("2", &[&a]));
        document.resources.insert(c.clone(), record("3", &[&a]));
        assert!(document.can_rename(&[(a.clone(), b.clone())]).is_err());
        assert!(document.can_rename(&[(a.clone(), a.clone()), (b.clone(), a.clone())]).is_err());
        let swap = [(a.clone(), b.clone()), (b.clone(), a.clone())];
        assert_eq!(document.can_rename(&swap), Ok(()));
        document.rename(&swap);
        assert_eq!(document.resources[&a], record("2", &[&b]));
        assert_eq!(document.resources[&b], record("1", &[]));
        assert_eq!(document.resources[&c], record("3", &[&b]));
    }
}
