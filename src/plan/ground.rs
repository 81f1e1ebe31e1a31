//! Where objects lie: which resource an id belongs to, and in which place (a VPC) a resource is or will be.

use super::build::Inputs;
use super::{Known, Reason};
use crate::address::Address;
use crate::diff::{AttrChange, Effect};
use crate::resource::{Kind, Observed};
use crate::schema::bond::{Bond, bonds};
use crate::schema::within::{self, Replaces};
use crate::schema::{as_unknown, properties};
use serde_json::Value as Json;
use std::collections::{BTreeSet, HashMap};

/// The resources of the state by their ids.
pub(super) struct Ids<'a>(HashMap<&'a str, Vec<&'a Address>>);

impl<'a> Ids<'a> {
    pub fn of(inputs: &Inputs<'a>) -> Self {
        let mut ids: HashMap<&str, Vec<&Address>> = HashMap::new();
        for (address, record) in &inputs.state.resources {
            ids.entry(&record.id.0).or_default().push(address);
        }
        Self(ids)
    }

    /// The resource that is named.
    pub fn named(&self, bond: &Bond<'_>) -> Option<Address> {
        if let Some(address) = bond.awaits() {
            return Some(address);
        }
        let found = self.0.get(bond.id()?)?;
        found.iter().copied().find(|address| bond.kinds().any(|kind| kind == address.kind)).cloned()
    }
}

/// A place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    There(String),
    /// What will tell its id.
    New(String),
}

pub(super) struct Ground<'a> {
    pub inputs: &'a Inputs<'a>,
    pub ids: &'a Ids<'a>,
    pub known: &'a Known,
}

/// What follows from where an object is and where it shall be.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// AWS cannot take it there: the attribute that says so, and why.
    pub replaced: Option<(String, String)>,
    /// What it names lies in several places.
    pub torn: Option<String>,
}

impl Ground<'_> {
    /// Looks at the wanted inputs of one resource and at what is there of it.
    pub fn judge(
        &self,
        kind: &dyn Kind,
        wanted: &Json,
        observed: Option<&Observed>,
        changes: &[AttrChange],
    ) -> Verdict {
        let mut verdict = Verdict::default();
        let mut places: BTreeSet<Place> = BTreeSet::new();
        let named = bonds(kind.inputs(), wanted, "x-within");
        let Some(first) = named.first().and_then(|bond| within::Within::of(bond.schema)) else {
            return verdict;
        };
        places.extend(wanted.get(first.place()).and_then(place));
        for bond in &named {
            places.extend(self.place_of(bond, first.place(), 0));
        }
        if places.len() > 1 {
            let names: Vec<String> = places.iter().map(|place| self.name(place)).collect();
            let mut attributes: Vec<&str> = named.iter().map(|bond| bond.attribute).collect();
            attributes.dedup();
            verdict.torn = Some(format!("{} lead to {}", attributes.join(" and "), names.join(" and ")));
            return verdict;
        }
        let (Some(after), Some(observed)) = (places.into_iter().next(), observed) else { return verdict };
        for (name, rule) in within::attributes(kind.inputs()) {
            let there = [&observed.outputs, &observed.inputs];
            let before = there.into_iter().find_map(|all| all.get(rule.place()).and_then(place));
            let before = before.or_else(|| self.before(kind, &observed.inputs, name, rule.place()));
            let Some(before) = before else { continue };
            let moves = before != after;
            let changed = changes.iter().any(|change| change.is_of(name));
            let why = match rule.replaces() {
                Replaces::Elsewhere if moves => rule.why(),
                Replaces::Here if moves && !rule.can_leave(kind.inputs(), &observed.inputs) => rule.why_not(),
                Replaces::Here if !moves && changed => rule.why(),
                _ => continue,
            };
            verdict.replaced = Some((name.to_owned(), why.to_owned()));
        }
        verdict
    }

    /// Where what is named now lies, for objects that do not tell themselves.
    fn before(&self, kind: &dyn Kind, inputs: &Json, name: &str, attribute: &str) -> Option<Place> {
        let named = bonds(kind.inputs(), inputs, "x-within");
        let mut of_it = named.iter().filter(|bond| bond.attribute == name);
        of_it.find_map(|bond| {
            let observed = self.inputs.observed.get(&self.ids.named(bond)?)?;
            let there = [&observed.outputs, &observed.inputs];
            there.into_iter().find_map(|all| all.get(attribute).and_then(place))
        })
    }

    fn place_of(&self, bond: &Bond<'_>, attribute: &str, depth: usize) -> Option<Place> {
        let address = self.ids.named(bond)?;
        let kind = (self.inputs.kind)(&address.kind)?;
        if let Some(found) = self.known.peek(&address, attribute) {
            let own = properties(kind.inputs()).is_some_and(|all| all.contains_key(attribute));
            if own || as_unknown(found).is_none() {
                return place(found);
            }
        }
        // It will be where what it names is.
        within::attributes(kind.inputs()).filter(|_| depth < DEPTH).find_map(|(name, _)| {
            let value = self.known.peek(&address, name)?;
            let inputs = Json::Object([(name.to_owned(), value.clone())].into_iter().collect());
            let named = bonds(kind.inputs(), &inputs, "x-within");
            named.iter().find_map(|bond| self.place_of(bond, attribute, depth + 1))
        })
    }

    fn name(&self, place: &Place) -> String {
        match place {
            Place::There(id) => {
                let mut all = self.inputs.state.resources.iter();
                let ours = all.find(|(_, record)| record.id.0 == *id).map(|(address, _)| address.to_string());
                ours.unwrap_or_else(|| id.clone())
            }
            Place::New(told_by) => told_by.strip_suffix(".id").unwrap_or(told_by).to_owned(),
        }
    }
}

/// Longer chains of objects that are where others are do not exist.
const DEPTH: usize = 4;

fn place(value: &Json) -> Option<Place> {
    match as_unknown(value) {
        Some(reference) => Some(Place::New(reference.to_owned())),
        None => value.as_str().filter(|id| !id.is_empty()).map(|id| Place::There(id.to_owned())),
    }
}

impl Verdict {
    /// Marks the change that cannot be made in place.
    pub fn mark(&self, changes: &mut [AttrChange]) -> Option<Reason> {
        let (name, why) = self.replaced.as_ref()?;
        for change in changes.iter_mut().filter(|change| change.is_of(name)) {
            change.effect = Effect::Replace;
        }
        Some(Reason::Bound(why.clone()))
    }
}
