use crate::command;
use crate::draft::Draft;
use crate::sim::Sim;
use stackctl::address::Address;
use stackctl::state::Document;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

/// Every id that the state knows.
fn recorded(document: &Document) -> BTreeSet<&str> {
    let all = document.resources.values();
    all.flat_map(|record| std::iter::once(record).chain(&record.deposed))
        .map(|record| record.id.0.as_str())
        .collect()
}

/// After settling: whatever a dead process made is in the state.
pub fn settled(sim: &Sim, document: &Document) {
    no_orphan(sim, document);
    real(sim, document);
}

/// Nothing is alive that the state does not know. What is still open may be.
fn no_orphan(sim: &Sim, document: &Document) {
    let known = recorded(document);
    let open = |address: &Address| document.open.iter().any(|open| open.address == *address);
    let mut world = sim.world();
    for (id, object) in world.living() {
        if !known.contains(id.as_str()) && !open(&object.owner.address) {
            let address = &object.owner.address;
            let twin =
                document.resources.get(address).is_some_and(|record| known.contains(record.id.0.as_str()));
            let (invariant, more) = if twin { ("duplicate", ", which has another") } else { ("orphan", "") };
            sim.wrong(invariant, || format!("{id} of {address}{more} is not in the state"));
        }
    }
}

/// Nothing is recorded that was never there.
fn real(sim: &Sim, document: &Document) {
    let world = sim.world();
    for id in recorded(document) {
        if !world.ever.contains(id) {
            sim.wrong("phantom", || format!("{id} is in the state and was never made"));
        }
    }
}

/// Right after a state was written: whoever reads it now gets just that, whatever lies beside it. Unless somebody else was
/// quicker.
pub fn written(sim: &Sim, document: &Document) {
    let Ok(Some(read)) = sim.place.peek() else { return };
    let content =
        |document: &Document| (document.resources.clone(), document.open.clone(), document.outputs.clone());
    let same = (&read.lineage, read.serial) == (&document.lineage, document.serial);
    if same && content(&read) != content(document) {
        sim.wrong("state", || format!("serial {} does not read as it was written", document.serial));
    }
}

/// What stays true from round to round.
#[derive(Debug, Default)]
pub struct Watch {
    last: Option<(String, u64)>,
}

impl Watch {
    /// After every round, however it ended: the state can be read, is no older, and has no secret in it.
    pub fn round(&mut self, sim: &Sim) {
        if let Some(file) = sim.place.betrayed() {
            sim.wrong("secret", || format!("{file} has a secret in it"));
        }
        // The state of a stack that was destroyed and applied again is another one.
        let removed = sim.removals.swap(false, Ordering::Relaxed);
        let document = match sim.place.peek() {
            Err(error) => return sim.wrong("state", || error),
            Ok(document) => document,
        };
        if let Some(document) = &document {
            real(sim, document);
            match &self.last {
                Some((lineage, _)) if *lineage != document.lineage && removed => {}
                Some((lineage, _)) if *lineage != document.lineage => {
                    sim.wrong("state", || "the lineage has changed".to_owned());
                }
                Some((_, serial)) if *serial > document.serial => {
                    sim.wrong("state", || format!("serial {} after {serial}", document.serial));
                }
                _ => {}
            }
        }
        self.last = document.map(|document| (document.lineage, document.serial));
    }
}

/// After an apply of everything that went well: exactly what is wanted is there, once, and known.
pub fn applied(sim: &Sim, draft: &Draft) {
    let Ok(document) = sim.place.peek() else { return };
    let desired = command::desired(draft);
    let wanted: BTreeSet<&Address> = desired.order().collect();
    let document = document.unwrap_or_else(|| Document::new("test", "", ""));
    no_orphan(sim, &document);
    let mut world = sim.world();
    let mut living: BTreeMap<&Address, Vec<&String>> = BTreeMap::new();
    for (id, object) in world.living() {
        living.entry(&object.owner.address).or_default().push(id);
    }
    for (address, ids) in &living {
        if ids.len() > 1 {
            sim.wrong("duplicate", || format!("{address} is there {} times: {ids:?}", ids.len()));
        }
        if !wanted.contains(address) {
            sim.wrong("orphan", || format!("{address} is not wanted and is still there"));
        }
    }
    for address in &wanted {
        if !living.contains_key(address) {
            sim.wrong("phantom", || format!("{address} should be there and is not"));
        }
    }
    for (address, record) in &document.resources {
        if !living.get(address).is_some_and(|ids| ids.contains(&&record.id.0)) {
            sim.wrong("phantom", || {
                format!("{address} is in the state as {}, which does not exist", record.id)
            });
        }
    }
    if let Some(open) = document.open.first() {
        sim.wrong("state", || format!("{} is still open after an apply that went well", open.address));
    }
}

/// After a destroy that went well.
pub fn destroyed(sim: &Sim) {
    let mut world = sim.world();
    if let Some((id, object)) = world.living().next() {
        sim.wrong("destroy", || format!("{id} of {} is still there", object.owner.address));
    }
    match sim.place.peek() {
        Ok(None) | Err(_) => {}
        Ok(Some(left)) if left.resources.is_empty() => {
            sim.wrong("destroy", || "a state of nothing is left".to_owned());
        }
        Ok(Some(_)) => sim.wrong("destroy", || "the state still has resources".to_owned()),
    }
}
