use crate::address::Address;
use crate::diff::{AttrChange, diff};
use crate::resource::Kind;
use crate::schema::bond::{Bond, bonds};
use crate::state::{Document, Record};
use serde_json::Value as Json;

/// From what is recorded to what is there; unset and filled in by AWS is no drift, nor is what an apply of ours did: what it
/// left half done, and what went from here because we deleted it elsewhere.
pub(super) fn drift(kind: &dyn Kind, record: &Record, seen: &Json, state: &Document) -> Vec<AttrChange> {
    if record.incomplete {
        return vec![];
    }
    let mut changes = diff(kind.inputs(), seen, &record.inputs);
    for change in &mut changes {
        std::mem::swap(&mut change.before, &mut change.after);
    }
    let recorded = bonds(kind.inputs(), &record.inputs, "x-ref");
    let there = bonds(kind.inputs(), seen, "x-ref");
    changes.retain(|change| {
        let of_it = |bond: &&Bond<'_>| change.is_within(bond.attribute);
        let lacks = |bond: &&Bond<'_>, other: &[Bond<'_>]| !other.iter().any(|it| it.value == bond.value);
        let mut lost = recorded.iter().filter(of_it).filter(|bond| lacks(bond, &there)).peekable();
        let by_us = |bond: &Bond<'_>| {
            let refers = |address: &&Address| bond.kinds().any(|kind| kind == address.kind);
            let mut ours = record.depends_on.iter().filter(refers).peekable();
            let known = |address: &Address| {
                state.resources.get(address).is_some_and(|there| bond.id() == Some(there.id.0.as_str()))
            };
            ours.peek().is_some() && !ours.any(known)
        };
        let gained = there.iter().filter(of_it).any(|bond| lacks(&bond, &recorded));
        gained || lost.peek().is_none() || !lost.all(by_us)
    });
    changes
}
