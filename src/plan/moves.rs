use super::{Action, Plan, Selection, Step};
use crate::address::Address;
use crate::desired::Desired;
use crate::diff::{canonical, complete};
use crate::resource::{Kind, Observed};
use crate::schema::{has_unknown, is, properties};
use crate::state::{Document, Record};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// A record that gets another address: nothing is made or deleted for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    pub from: Address,
    pub to: Address,
    /// It makes room for one that moves to where it was; what is wanted there is another object.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub displaced: bool,
}

/// What AWS holds unique about an object, by which it is told from every other one: kind and identity.
pub type Key = (&'static str, Vec<Json>);

/// The key of an object with these inputs; none where something of it is not known, or where AWS gives out the ids.
pub fn key(kind: &dyn Kind, inputs: &Json) -> Option<Key> {
    let names = kind.profile().identity;
    let schemas = properties(kind.inputs());
    let parts: Vec<Json> = names
        .iter()
        .map(|name| {
            let schema = schemas.and_then(|schemas| schemas.get(*name)).unwrap_or(&Json::Null);
            canonical(schema, inputs.get(*name).unwrap_or(&Json::Null))
        })
        .collect();
    let known = parts.iter().any(|part| !part.is_null()) && !parts.iter().any(has_unknown);
    known.then(|| (kind.name(), parts))
}

/// What a search for moves goes by.
pub(super) struct Search<'a> {
    pub state: &'a Document,
    pub observed: &'a HashMap<Address, Observed>,
    pub kind: &'a dyn Fn(&str) -> Option<&'static dyn Kind>,
    /// Of every resource of the stack, as far as it is known.
    pub wanted: &'a BTreeMap<Address, Option<Key>>,
    pub chosen: &'a HashSet<Address>,
    pub plan: &'a Plan,
}

impl Search<'_> {
    /// The objects that the plan would delete at one address and make anew at another. All that hang together move if the
    /// command is about any of them.
    pub fn moves(&self) -> Vec<(Address, Address)> {
        let links = self.links();
        let targets: HashSet<&Address> = links.values().collect();
        let mut left: BTreeSet<&Address> = links.keys().collect();
        let mut moves = vec![];
        // Whoever is at the head of a chain first; what is left then goes in circles.
        let heads: Vec<&Address> = links.keys().filter(|from| !targets.contains(from)).collect();
        for head in heads.into_iter().chain(links.keys()) {
            let mut chain = vec![head];
            let mut at = head;
            while left.remove(at) {
                at = &links[at];
                chain.push(at);
                if !links.contains_key(at) {
                    break;
                }
            }
            if chain.len() < 2 || !chain.iter().any(|address| self.chosen.contains(*address)) {
                continue;
            }
            moves.extend(chain.windows(2).map(|pair| (pair[0].clone(), pair[1].clone())));
            // What is where the last one goes makes room: it takes the address that the first one leaves.
            if at != head && self.state.resources.contains_key(at) {
                moves.push((at.clone(), head.clone()));
            }
        }
        moves
    }

    fn links(&self) -> BTreeMap<Address, Address> {
        let holders = self.holders();
        let mut claimed: HashMap<&Key, usize> = HashMap::new();
        for key in self.wanted.values().flatten() {
            *claimed.entry(key).or_default() += 1;
        }
        let mut links = BTreeMap::new();
        for (address, key) in self.wanted {
            let Some(key) = key.as_ref().filter(|key| claimed[*key] == 1) else { continue };
            let Some(Some(holder)) = holders.get(key) else { continue };
            if *holder != address && self.gives_up(holder) {
                links.insert((*holder).clone(), address.clone());
            }
        }
        links
    }

    /// Who has which object now; nobody where two seem to have the same.
    fn holders(&self) -> HashMap<Key, Option<&Address>> {
        let mut holders: HashMap<Key, Option<&Address>> = HashMap::new();
        for (address, record) in &self.state.resources {
            if let Some(key) = self.held(address, record) {
                holders.entry(key).and_modify(|holder| *holder = None).or_insert(Some(address));
            }
        }
        holders
    }

    fn held(&self, address: &Address, record: &Record) -> Option<Key> {
        let kind = (self.kind)(&address.kind)?;
        let observed = self.observed.get(address)?;
        key(kind, &complete(kind.inputs(), &observed.inputs, &record.inputs))
    }

    /// Whether the object at an address is not wanted there any more.
    fn gives_up(&self, address: &Address) -> bool {
        match self.wanted.get(address) {
            None => true,
            Some(None) => false,
            // It has another key. One that can be changed in place would keep the object; but an object that another address
            // wants as it is called now moves there, and is not renamed.
            Some(Some(_)) => self
                .plan
                .step(address)
                .is_some_and(|step| step.action.deletes() || step.left_alone || self.is_renamed(step)),
        }
    }

    fn is_renamed(&self, step: &Step) -> bool {
        let attributes = (self.kind)(&step.address.kind).and_then(|kind| properties(kind.inputs()));
        let mut named = attributes.into_iter().flatten().filter(|(_, schema)| is(schema, "x-renames"));
        step.action == Action::Update
            && named.any(|(name, _)| step.changes.iter().any(|change| change.is_of(name)))
    }
}

/// First `moves`, then `more`.
pub(super) fn compose(moves: &mut Vec<(Address, Address)>, more: &[(Address, Address)]) {
    let next: HashMap<&Address, &Address> = more.iter().map(|(from, to)| (from, to)).collect();
    let reached: HashSet<Address> = moves.iter().map(|(_, to)| to.clone()).collect();
    for (_, to) in moves.iter_mut() {
        if let Some(now) = next.get(to) {
            *to = (*now).clone();
        }
    }
    moves.extend(more.iter().filter(|(from, _)| !reached.contains(from)).cloned());
    moves.retain(|(from, to)| from != to);
}

/// Two steps that look like one resource under another name: a hint, never acted on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rename {
    pub from: Address,
    pub to: Address,
    /// The attribute that keeps the object, and its value, where the name comes from the address.
    pub keep: Option<(String, String)>,
}

/// What is deleted and made at once, and differs in nothing but what comes from its address.
pub(super) fn renames(
    plan: &Plan,
    state: &Document,
    desired: &Desired,
    selection: &Selection,
) -> Vec<Rename> {
    let mut found = vec![];
    let deleted =
        plan.steps.iter().filter(|step| step.action == Action::Delete && !selection.replaces(&step.address));
    for old in deleted {
        let Some(record) = state.resources.get(&old.address) else { continue };
        let alike = |step: &&Step| {
            step.action == Action::Create
                && step.reason == super::Reason::New
                && step.address.kind == old.address.kind
                && desired.contains(&step.address)
                && like(desired.kind(&step.address), &record.inputs, &step.inputs)
        };
        let mut alike = plan.steps.iter().filter(alike);
        if let (Some(new), None) = (alike.next(), alike.next()) {
            let keep = named(desired.kind(&new.address)).and_then(|name| {
                let value = record.inputs.get(name)?.as_str()?;
                Some((name.to_owned(), value.to_owned()))
            });
            found.push(Rename { from: old.address.clone(), to: new.address.clone(), keep });
        }
    }
    let mut targets: HashMap<Address, usize> = HashMap::new();
    found.iter().for_each(|rename| *targets.entry(rename.to.clone()).or_default() += 1);
    found.retain(|rename| targets[&rename.to] == 1);
    found
}

/// The attribute whose value comes from the address when it is not given.
pub fn named(kind: &dyn Kind) -> Option<&str> {
    let mut all = properties(kind.inputs()).into_iter().flatten();
    all.find(|(_, schema)| schema.get("x-name").is_some()).map(|(name, _)| name.as_str())
}

fn like(kind: &dyn Kind, old: &Json, new: &Json) -> bool {
    let name = named(kind);
    properties(kind.inputs()).into_iter().flatten().all(|(attribute, schema)| {
        let (old, new) =
            (old.get(attribute).unwrap_or(&Json::Null), new.get(attribute).unwrap_or(&Json::Null));
        Some(attribute.as_str()) == name
            || has_unknown(new)
            || canonical(schema, old) == canonical(schema, new)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::registry;

    /// What no two can have alike is told by something, and that something makes another object of it, or renames it.
    #[test]
    fn every_kind_with_a_fixed_name_says_what_names_it() {
        for kind in registry() {
            let profile = kind.profile();
            assert!(!profile.fixed_name || !profile.identity.is_empty(), "{}", kind.name());
            for attribute in profile.identity {
                let schema = properties(kind.inputs()).and_then(|all| all.get(*attribute));
                assert!(schema.is_some(), "{}.{attribute}", kind.name());
            }
            if let Some(name) = named(*kind) {
                assert!(profile.identity.contains(&name), "{}.{name}", kind.name());
                let schema = properties(kind.inputs()).and_then(|all| all.get(name));
                let another = |schema| is(schema, "x-replace") || is(schema, "x-renames");
                assert!(schema.is_some_and(another), "{}.{name}", kind.name());
            }
        }
    }

    #[test]
    fn moves_after_moves_are_moves() {
        let [a, b, c] = ["queue.a", "queue.b", "queue.c"].map(|text| text.parse::<Address>().unwrap());
        let mut moves = vec![(a.clone(), b.clone()), (b.clone(), a.clone())];
        compose(&mut moves, &[(b.clone(), c.clone()), (c.clone(), b.clone())]);
        assert_eq!(moves, [(a.clone(), c.clone()), (b.clone(), a), (c, b)]);
        let back = moves.iter().map(|(from, to)| (to.clone(), from.clone())).collect::<Vec<_>>();
        compose(&mut moves, &back);
        assert_eq!(moves, []);
    }
}
