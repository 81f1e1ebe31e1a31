//! Derived physical names: kept from apply to apply, and another one for the new object of a create-first replacement.

use super::Known;
use crate::address::Address;
use crate::desired::Desired;
use crate::state::Record;
use serde_json::{Value as Json, json};

/// So many names are tried for the successors of one object; there are two or three at a time.
const NAMES: usize = 32;

/// A derived name stays what it is, also where it is that of a successor.
pub fn keep(desired: &Desired, known: &mut Known, address: &Address, record: &Record) {
    let Some((attribute, names)) = desired.derived(address) else { return };
    let there = record.inputs.get(attribute).and_then(Json::as_str);
    if let Some(name) = there.and_then(|there| names.take(NAMES).find(|name| name == there)) {
        known.call(address.clone(), name);
    }
}

/// Gives the new object of a replacement a derived name that no older one has. Where the name stands in the block it
/// is not ours to change.
pub(super) fn next(desired: &Desired, known: &mut Known, address: &Address, record: &Record) -> bool {
    let Some((attribute, names)) = desired.derived(address) else { return false };
    let taken = |name: &String| record.objects().any(|old| old.inputs.get(attribute) == Some(&json!(name)));
    let Some(name) = names.take(NAMES).find(|name| !taken(name)) else { return false };
    known.call(address.clone(), name);
    true
}
