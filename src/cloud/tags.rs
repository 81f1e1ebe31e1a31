//! Tags, as every service spells them differently and means the same.

use crate::resource::Owner;
use std::collections::BTreeMap;

/// The user's own: without `aws:*`, which AWS sets, and `stackctl:*`, which say whose object it is.
pub fn user(all: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    all.iter()
        .filter(|(key, _)| !key.starts_with("aws:") && !key.starts_with("stackctl:"))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// What a kind reads: the user's own, and the three that say whose object it is. The engine takes those apart.
pub fn read(all: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut tags = user(all);
    let owned = Owner::KEYS.iter().filter_map(|key| all.get_key_value(*key));
    tags.extend(owned.map(|(key, value)| (key.clone(), value.clone())));
    tags
}

/// What to remove and what to set to get from `before` to `after`.
pub fn changes(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) -> (Vec<String>, BTreeMap<String, String>) {
    let removed = before.keys().filter(|key| !after.contains_key(*key)).cloned().collect();
    let set = after.iter().filter(|(key, value)| before.get(*key) != Some(value));
    (removed, set.map(|(key, value)| (key.clone(), value.clone())).collect())
}
