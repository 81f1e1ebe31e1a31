//! What AWS does not let go while something names it, and what follows for the order of a plan.

use super::build::Inputs;
use super::ground::Ids;
use super::order::{circle, waiting_for_itself};
use super::{Action, Refusal, Step};
use crate::address::Address;
use crate::diff::complete;
use crate::resource::Kind;
use crate::schema::bond::bonds;
use crate::schema::properties;
use crate::schema::unique::{self, Part};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What one pass over a plan has shown that the next must go by.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Forced {
    /// Replaced, and named by something that stays: the new one comes first, or AWS would not let the old one go.
    pub first: BTreeSet<Address>,
    /// Replaced along with one of those, and can stand beside its old self: it comes first too, so that what the old ones
    /// are good for lasts until nobody needs them.
    pub along: BTreeSet<Address>,
    /// Cannot stay where it is, and why.
    pub replaced: BTreeMap<Address, String>,
}

impl Forced {
    /// Takes in what another pass has shown; whether it is anything new.
    pub fn take(&mut self, more: Self) -> bool {
        let before = self.clone();
        self.first.extend(more.first);
        self.along.extend(more.along);
        self.replaced.extend(more.replaced);
        *self != before
    }
}

/// The steps of a pass with what they name.
pub(super) struct Look<'a> {
    inputs: &'a Inputs<'a>,
    ids: &'a Ids<'a>,
    at: HashMap<&'a Address, usize>,
    steps: &'a [Step],
}

/// `holder` names `held` as both are now.
struct Hold {
    holder: usize,
    held: usize,
    attribute: String,
    /// And goes on to name it.
    stays: bool,
}

impl<'a> Look<'a> {
    pub fn new(inputs: &'a Inputs<'a>, ids: &'a Ids<'a>, steps: &'a [Step]) -> Self {
        Self {
            inputs,
            ids,
            steps,
            at: steps.iter().enumerate().map(|(at, step)| (&step.address, at)).collect(),
        }
    }

    fn kind(&self, step: &Step) -> Option<&'static dyn Kind> {
        (self.inputs.kind)(&step.address.kind)
    }

    /// The inputs of what is there.
    fn there(&self, address: &Address) -> Option<&'a Json> {
        let observed = self.inputs.observed.get(address).map(|observed| &observed.inputs);
        observed.or_else(|| self.inputs.state.resources.get(address).map(|record| &record.inputs))
    }

    /// What stays and names something that goes.
    fn holds(&self) -> Vec<Hold> {
        let mut found = vec![];
        if !self.steps.iter().any(|step| step.action.deletes()) {
            return found;
        }
        for (holder, step) in self.steps.iter().enumerate() {
            let stays = matches!(step.action, Action::Noop | Action::Update);
            if !stays || !self.inputs.observed.contains_key(&step.address) {
                continue;
            }
            let (Some(kind), Some(there)) = (self.kind(step), self.there(&step.address)) else { continue };
            let wanted = if step.inputs.is_null() { there } else { &step.inputs };
            // Where the file has no opinion it stays as it is.
            let wanted = complete(kind.inputs(), wanted, there);
            let later = bonds(kind.inputs(), &wanted, "x-holds");
            for bond in bonds(kind.inputs(), there, "x-holds") {
                let held = self.ids.named(&bond).and_then(|address| self.at.get(&address).copied());
                let Some(held) = held.filter(|held| self.steps[*held].action.deletes()) else { continue };
                if held == holder || !self.inputs.observed.contains_key(&self.steps[held].address) {
                    continue;
                }
                let stays = later.iter().any(|other| other.id() == bond.id());
                found.push(Hold { holder, held, attribute: bond.attribute.to_owned(), stays });
            }
        }
        found
    }

    /// What must be done otherwise than this pass has it.
    pub fn forced(&self) -> Forced {
        let mut forced = Forced::default();
        for hold in self.holds() {
            if !hold.stays && self.steps[hold.held].action.replaces() {
                forced.first.insert(self.steps[hold.held].address.clone());
            }
        }
        for step in self.steps.iter().filter(|step| step.action == Action::Replace) {
            let beside = self.kind(step).is_some_and(|kind| {
                unique::says(kind) && unique::fits_beside(kind, &step.inputs, &step.changes)
            });
            let leads = |address: &Address| {
                let step = self.at.get(address).map(|at| &self.steps[*at]);
                step.is_some_and(|step| step.action == Action::ReplaceCreateFirst)
            };
            if beside && step.depends_on.iter().any(leads) {
                forced.along.insert(step.address.clone());
            }
        }
        for (step, why) in self.unseated() {
            if !self.steps[step].action.deletes() {
                forced.replaced.insert(self.steps[step].address.clone(), why);
            }
        }
        forced
    }

    /// What sits in something that its surroundings lose (`x-seat`).
    fn unseated(&self) -> Vec<(usize, String)> {
        let mut found = vec![];
        for (at, step) in self.steps.iter().enumerate() {
            if let Some((_, why)) = self.leaves(step) {
                found.push((at, why));
            }
        }
        found
    }

    /// The surroundings that lose the member in which this one sits, and why it cannot stay.
    fn leaves(&self, step: &Step) -> Option<(usize, String)> {
        let kind = self.kind(step)?;
        let mut seats =
            properties(kind.inputs())?.iter().filter(|(_, schema)| schema.get("x-seat").is_some());
        let (name, schema) = seats.next()?;
        let observed = self.inputs.observed.get(&step.address)?;
        let seat = |name: &str| schema["x-seat"][name].as_str();
        let (members, own, by) = (seat("members")?, seat("own")?, seat("by")?);
        let all = bonds(kind.inputs(), &observed.inputs, "x-seat");
        let around = all.iter().find(|bond| bond.attribute == name)?;
        // It goes elsewhere anyway.
        if step.action == Action::Update && step.inputs.get(name) != observed.inputs.get(name) {
            return None;
        }
        let around = *self.at.get(&self.ids.named(around)?)?;
        let (pool, before) = (&self.steps[around], self.there(&self.steps[around].address)?);
        if pool.action != Action::Update {
            return None;
        }
        let pool_kind = self.kind(pool)?;
        let own: Vec<&str> = match observed.outputs.get(own)? {
            Json::Array(all) => all.iter().filter_map(Json::as_str).collect(),
            one => one.as_str().into_iter().collect(),
        };
        let stays: Vec<&str> = bonds(pool_kind.inputs(), &pool.inputs, "x-ref")
            .iter()
            .filter(|bond| bond.attribute == members)
            .filter_map(|bond| bond.value.as_str())
            .collect();
        let before = bonds(pool_kind.inputs(), before, "x-ref");
        let leaving = before.iter().find(|bond| {
            let sits = || {
                let observed = self.inputs.observed.get(&self.ids.named(bond)?)?;
                observed.outputs.get(by)?.as_str().filter(|zone| own.contains(zone))
            };
            bond.attribute == members && bond.id().is_some_and(|id| !stays.contains(&id)) && sits().is_some()
        })?;
        let who = self.ids.named(leaving).map_or_else(String::new, |address| address.to_string());
        Some((around, format!("it lives in {who}: {}", seat("why").unwrap_or_default())))
    }

    /// Which deletions and updates have to come before something else, by position: `(before, after)`.
    fn sequence(&self) -> Vec<(usize, usize)> {
        let mut found: Vec<(usize, usize)> = vec![];
        for (at, step) in self.steps.iter().enumerate().filter(|(_, step)| step.action.deletes()) {
            found.extend(self.leaves(step).map(|(around, _)| (at, around)));
        }
        let mut kinds: Vec<&'static dyn Kind> = vec![];
        for step in self.steps.iter().filter(|step| step.action.deletes() || step.action == Action::Update) {
            let known = |kind: &&'static dyn Kind| kind.name() == step.address.kind;
            if !kinds.iter().any(known) {
                kinds.extend(self.kind(step).filter(|kind| unique::says(*kind)));
            }
        }
        kinds.into_iter().for_each(|kind| self.collisions(kind, &mut found));
        found
    }

    /// Pairs that the finished plan would leave in each other's way, with what they share.
    fn twins(&self) -> Vec<(usize, usize, Vec<&'static str>)> {
        let mut of: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, step) in self.steps.iter().enumerate().filter(|(_, step)| step.action != Action::Delete) {
            of.entry(&step.address.kind).or_default().push(at);
        }
        let mut found = vec![];
        for (name, steps) in of {
            let changes = steps.iter().any(|at| self.steps[*at].action != Action::Noop);
            let Some(kind) = (self.inputs.kind)(name).filter(|kind| changes && unique::says(*kind)) else {
                continue;
            };
            let key = unique::key(kind);
            if key.iter().any(Part::is_of_successors) {
                continue;
            }
            let mut seen: HashMap<String, Vec<(usize, &Json)>> = HashMap::new();
            for at in steps {
                let step = &self.steps[at];
                let left = step.inputs.is_null().then(|| self.there(&step.address)).flatten();
                let wanted = left.unwrap_or(&step.inputs);
                let others = seen.entry(exact(&key, wanted)).or_default();
                let twin = others.iter().find(|(other, there)| {
                    let both = [at, *other].map(|at| self.steps[at].action);
                    both != [Action::Noop; 2] && unique::collide(&pairs(&key, there, wanted))
                });
                found.extend(twin.map(|(other, _)| (*other, at, key.iter().map(|part| part.name).collect())));
                others.push((at, wanted));
            }
        }
        found
    }

    /// Of one kind: whoever wants what another still has comes after it.
    fn collisions(&self, kind: &'static dyn Kind, found: &mut Vec<(usize, usize)>) {
        let key = unique::key(kind);
        let mine = || self.steps.iter().enumerate().filter(|(_, step)| step.address.kind == kind.name());
        let mut leaving: HashMap<String, Vec<(usize, &Json)>> = HashMap::new();
        for (at, step) in mine().filter(|(_, step)| step.action.deletes() || step.action == Action::Update) {
            if let Some(there) = self.there(&step.address) {
                leaving.entry(exact(&key, there)).or_default().push((at, there));
            }
        }
        for (at, step) in mine().filter(|(_, step)| step.action.creates() || step.action == Action::Update) {
            for (other, there) in leaving.get(&exact(&key, &step.inputs)).into_iter().flatten() {
                if *other != at && unique::collide(&pairs(&key, there, &step.inputs)) {
                    found.push((*other, at));
                }
            }
        }
    }
}

/// What is told apart as a whole, for a look-up.
fn exact(key: &[Part<'_>], value: &Json) -> String {
    let plain = key.iter().filter(|part| part.is_plain());
    plain.map(|part| value.get(part.name).unwrap_or(&Json::Null).to_string() + "\n").collect()
}

fn pairs<'a, 'b>(key: &[Part<'a>], old: &'b Json, new: &'b Json) -> Vec<(Part<'a>, &'b Json, &'b Json)> {
    let value = |all: &'b Json, name: &str| all.get(name).unwrap_or(&Json::Null);
    key.iter().map(|part| (*part, value(old, part.name), value(new, part.name))).collect()
}

/// Gives the steps their order where holding and uniqueness decide it, and refuses what has none.
pub(super) fn settle(inputs: &Inputs<'_>, steps: &mut [Step], forced: &Forced) -> Vec<Refusal> {
    let ids = Ids::of(inputs);
    let look = Look::new(inputs, &ids, steps);
    let (holds, sequence) = (look.holds(), look.sequence());
    let mut refused = vec![];
    for hold in &holds {
        let (holder, held) = (&steps[hold.holder].address, &steps[hold.held].address);
        if hold.stays {
            refused.push(Refusal::stays(held, holder, &hold.attribute, steps[hold.held].action));
        }
    }
    for (one, other, key) in look.twins() {
        refused.push(Refusal::twins(&steps[one].address, &steps[other].address, &key));
    }
    let edges: Vec<(usize, Address)> = holds
        .iter()
        .filter(|hold| !hold.stays)
        .map(|hold| (hold.held, steps[hold.holder].address.clone()))
        .collect();
    for (held, holder) in edges {
        if !steps[held].held_by.contains(&holder) {
            steps[held].held_by.push(holder);
        }
    }
    let after: Vec<(usize, Address)> =
        sequence.iter().map(|(before, after)| (*after, steps[*before].address.clone())).collect();
    for (at, before) in after {
        if !steps[at].after.contains(&before) {
            steps[at].after.push(before);
        }
    }
    for step in steps.iter_mut().filter(|step| step.action == Action::ReplaceCreateFirst) {
        let kind = (inputs.kind)(&step.address.kind);
        let beside = kind.is_some_and(|kind| unique::fits_beside(kind, &step.inputs, &step.changes));
        if beside {
            continue;
        }
        step.action = Action::Replace;
        if forced.first.contains(&step.address) {
            let key = kind.map(unique::key).unwrap_or_default();
            let key: Vec<&str> = key.iter().map(|part| part.name).collect();
            refused.push(Refusal::no_room(&step.address, &step.held_by, &key));
            step.held_by.clear();
        }
    }
    while let Some(at) = waiting_for_itself(steps, &forced.first) {
        steps[at].action = Action::Replace;
    }
    while let Some(at) = circle(steps) {
        let names: Vec<Address> = at.iter().map(|at| steps[*at].address.clone()).collect();
        refused.push(Refusal::circle(&names));
        for at in at {
            steps[at].held_by.clear();
            steps[at].after.clear();
        }
        while let Some(at) = waiting_for_itself(steps, &BTreeSet::new()) {
            steps[at].action = Action::Replace;
        }
    }
    refused
}
