use super::dependants::dependants_first;
use super::drift::drift;
use super::ground::{Ground, Ids};
use super::hold::{Forced, Look, settle};
use super::identities;
use super::moves::{self, Key, Search, key, renames};
use super::names;
use super::outputs::outputs;
use super::recorded::{created, edges, noted, protection};
use super::{Action, Gone, Known, Move, Plan, Reason, Refusal, Selection, Step, Value};
use crate::address::Address;
use crate::desired::Desired;
use crate::diff::{AttrChange, Effect, complete, diff};
use crate::resource::ownership::stranger;
use crate::resource::{Id, Kind, Observed, Owner, Status};
use crate::schema::tree::{copy, merge};
use crate::schema::unique;
use crate::state::{Digest, Document, Record, Tree};
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What a plan is made from.
pub struct Inputs<'a> {
    pub desired: &'a Desired,
    pub state: &'a Document,
    /// What was read just now, by address; a recorded resource that is not in it does not exist.
    pub observed: &'a HashMap<Address, Observed>,
    pub selection: &'a Selection,
    /// `stackctl destroy`: nothing is wanted.
    pub destroy: bool,
    /// The kind behind a name, also for resources whose block is gone.
    pub kind: &'a dyn Fn(&str) -> Option<&'static dyn Kind>,
    pub digest: &'a Digest,
}

/// Makes the plan.
///
/// An object that it would delete at one address and make anew at another moves instead, and the plan is made again as if
/// it had been there: as often as that shows another one. What AWS does not let go, or not elsewhere, shows only when all
/// steps are known as well: then they are made once more, by what has shown.
pub fn build(inputs: &Inputs<'_>) -> Plan {
    let mut moves = vec![];
    let mut moved: Option<(Document, HashMap<Address, Observed>)> = None;
    // Each round brings at least one object to where it is wanted for good.
    let mut rounds = 0..inputs.state.resources.len();
    loop {
        let (state, observed) =
            moved.as_ref().map_or((inputs.state, inputs.observed), |(state, observed)| (state, observed));
        let now = Inputs { state, observed, ..*inputs };
        let ids = Ids::of(&now);
        let mut forced = Forced::default();
        let (mut plan, wanted, more) = loop {
            let passed = pass(&now, &ids, &forced, &moves);
            if !forced.take(Look::new(&now, &ids, &passed.0.steps).forced()) {
                break passed;
            }
        };
        if more.is_empty() || rounds.next().is_none() {
            plan.refused.extend(settle(&now, &mut plan.steps, &forced));
            left_behind(&now, &mut plan.steps, &wanted);
            plan.renames = renames(&plan, state, inputs.desired, inputs.selection);
            plan.moves = moves
                .into_iter()
                .map(|(from, to)| {
                    let kept =
                        wanted.get(&to).is_some_and(|key| key.is_some() && *key == held(inputs, &from));
                    Move { from, to, displaced: !kept }
                })
                .collect();
            return plan;
        }
        let (mut state, mut observed) = (state.clone(), observed.clone());
        state.rename(&more);
        let seen: Vec<_> =
            more.iter().filter_map(|(from, to)| Some((to.clone(), observed.remove(from)?))).collect();
        observed.extend(seen);
        moves::compose(&mut moves, &more);
        moved = Some((state, observed));
    }
}

/// An older object that a replacement left behind may have the name that another block wants: it goes before that is made.
fn left_behind(inputs: &Inputs<'_>, steps: &mut [Step], wanted: &BTreeMap<Address, Option<Key>>) {
    let named = |address: &Address, old: &Record| {
        Some((key((inputs.kind)(&address.kind)?, &old.inputs)?, address.clone()))
    };
    let all = inputs.state.resources.iter();
    let left: HashMap<Key, Address> = all
        .flat_map(|(address, record)| record.deposed.iter().filter_map(|old| named(address, old)))
        .collect();
    for step in steps.iter_mut().filter(|step| step.action.creates()) {
        let holder = wanted.get(&step.address).and_then(|key| left.get(key.as_ref()?));
        if let Some(holder) = holder.filter(|holder| **holder != step.address && !step.after.contains(holder))
        {
            step.after.push(holder.clone());
        }
    }
}

/// What AWS knows the object at an address by.
fn held(inputs: &Inputs<'_>, address: &Address) -> Option<Key> {
    let kind = (inputs.kind)(&address.kind)?;
    let (record, observed) = (inputs.state.resources.get(address)?, inputs.observed.get(address)?);
    key(kind, &complete(kind.inputs(), &observed.inputs, &record.inputs))
}

type Moves = Vec<(Address, Address)>;

/// The plan as if `moves` had been made, by what has shown so far, and which more moves it shows.
fn pass(
    inputs: &Inputs<'_>,
    ids: &Ids<'_>,
    forced: &Forced,
    moves: &Moves,
) -> (Plan, BTreeMap<Address, Option<Key>>, Moves) {
    let mut builder = Builder {
        digest: inputs.digest,
        known: Known::default(),
        steps: vec![],
        gone: vec![],
        left_out: vec![],
        refused: vec![],
        keys: BTreeMap::new(),
        origins: moves.iter().map(|(from, to)| (to.clone(), from.clone())).collect(),
        create_first: HashSet::new(),
        ids,
        forced,
        inputs,
    };
    let wanted: Vec<Address> =
        if inputs.destroy { vec![] } else { inputs.desired.order().cloned().collect() };
    let chosen = builder.chosen(&wanted);
    builder.create_first = builder.creates_first(&wanted);
    for address in &wanted {
        builder.wanted(address, chosen.contains(address));
    }
    builder.unwanted(&wanted, &chosen);
    let outputs = outputs(inputs, &builder.known);
    let plan = Plan {
        stack: inputs.desired.stack().to_owned(),
        target: inputs.desired.target().map(str::to_owned),
        account: inputs.state.account.clone(),
        region: inputs.state.region.clone(),
        lineage: inputs.state.lineage.clone(),
        serial: inputs.state.serial,
        steps: builder.steps,
        gone: builder.gone,
        left_out: builder.left_out,
        moves: vec![],
        renames: vec![],
        outputs,
        refused: builder.refused,
    };
    let search = Search {
        state: inputs.state,
        observed: inputs.observed,
        kind: inputs.kind,
        wanted: &builder.keys,
        chosen: &chosen,
        plan: &plan,
    };
    let more = search.moves();
    (plan, builder.keys, more)
}

struct Builder<'a> {
    inputs: &'a Inputs<'a>,
    digest: &'a Digest,
    known: Known,
    steps: Vec<Step>,
    gone: Vec<Gone>,
    left_out: Vec<Address>,
    refused: Vec<Refusal>,
    /// What AWS will know each wanted object by.
    keys: BTreeMap<Address, Option<Key>>,
    /// Where what is at an address now was before the moves.
    origins: HashMap<Address, Address>,
    create_first: HashSet<Address>,
    ids: &'a Ids<'a>,
    forced: &'a Forced,
}

impl Builder<'_> {
    fn chosen(&self, wanted: &[Address]) -> HashSet<Address> {
        let state = &self.inputs.state.resources;
        let mut all: Vec<Address> = wanted.to_vec();
        all.extend(state.keys().filter(|address| !wanted.contains(address)).cloned());
        let mut needs: HashMap<Address, Vec<Address>> = HashMap::new();
        for address in &all {
            if wanted.contains(address) {
                needs.insert(address.clone(), self.inputs.desired.depends_on(address).to_vec());
            } else if let Some(record) = state.get(address) {
                // A deletion needs the deletion of its dependants.
                for dependency in &record.depends_on {
                    needs.entry(dependency.clone()).or_default().push(address.clone());
                }
            }
        }
        self.inputs.selection.apply(&all, &needs)
    }

    /// Whoever is replaced create-first makes its dependencies, if they are replaced, do the same: their old objects
    /// cannot go before its own.
    fn creates_first(&self, wanted: &[Address]) -> HashSet<Address> {
        let mut first = HashSet::new();
        for address in wanted.iter().rev() {
            let forced = self.forced.first.contains(address) || self.forced.along.contains(address);
            if first.contains(address)
                || forced
                || self.inputs.desired.lifecycle(address).create_before_destroy == Some(true)
            {
                first.insert(address.clone());
                first.extend(self.inputs.desired.depends_on(address).iter().cloned());
            }
        }
        first
    }

    fn wanted(&mut self, address: &Address, chosen: bool) {
        let kind = self.inputs.desired.kind(address);
        let record = self.inputs.state.resources.get(address);
        let observed = record.and_then(|_| self.inputs.observed.get(address));
        if let Some(record) = record {
            names::keep(self.inputs.desired, &mut self.known, address, record);
        }
        let mut plain = self.inputs.desired.inputs(address, &self.known);
        self.keys.insert(address.clone(), key(kind, &plain));
        if !chosen {
            if let Some(record) = record {
                self.known
                    .insert(address.clone(), Value::settled(&record.id, &record.inputs, &record.outputs));
                let step = self.step(address, kind, Action::Noop, Reason::Changed, Some(record), Json::Null);
                self.steps.push(Step { left_alone: true, ..step });
            } else {
                self.left_out.push(address.clone());
            }
            return;
        }
        let place = Tree::Inputs(address);
        let recorded = record.map_or(&Json::Null, |record| &record.inputs);
        let mut inputs = self.digest.redact(&place, kind.inputs(), &plain, recorded);
        let (Some(record), Some(observed)) = (record, observed) else {
            let reason = match record {
                Some(record) => {
                    self.gone.push(Gone { address: address.clone(), id: record.id.clone() });
                    Reason::Vanished
                }
                None => Reason::New,
            };
            let torn = self.ground().judge(kind, &inputs, None, &[]).torn;
            self.refused.extend(torn.map(|torn| Refusal::torn(address, &torn)));
            self.known.insert(address.clone(), Value::creating(address, kind, &plain));
            let changes = diff(kind.inputs(), &Json::Null, &inputs);
            let mut step = self.step(address, kind, Action::Create, reason, None, inputs);
            step.changes = created(changes);
            step.depended_on = record.map(|record| record.depends_on.clone()).unwrap_or_default();
            step.deposed = record.map(deposed).unwrap_or_default();
            self.steps.push(step);
            return;
        };
        let mut seen = complete(kind.inputs(), &observed.inputs, &record.inputs);
        identities::fill(self.inputs, address, kind, &mut seen);
        let seen = self.digest.redact(&place, kind.inputs(), &seen, recorded);
        let mut changes = self.changes(address, record, &seen, &mut inputs);
        let verdict = self.ground().judge(kind, &inputs, Some(observed), &changes);
        let forced = || self.forced.replaced.get(address).cloned().map(Reason::Bound);
        let bound = verdict.mark(&mut changes).or_else(forced);
        let (action, reason) = self.decide(address, record, observed, &changes, bound);
        if action == Action::ReplaceCreateFirst
            && !unique::fits_beside(kind, &inputs, &changes)
            && names::next(self.inputs.desired, &mut self.known, address, record)
        {
            plain = self.inputs.desired.inputs(address, &self.known);
            inputs = self.digest.redact(&place, kind.inputs(), &plain, recorded);
            changes = self.changes(address, record, &seen, &mut inputs);
            verdict.mark(&mut changes);
        }
        if action != Action::Noop {
            self.refused.extend(verdict.torn.map(|torn| Refusal::torn(address, &torn)));
        }
        let value = match action {
            Action::Replace | Action::ReplaceCreateFirst => Value::creating(address, kind, &plain),
            Action::Update => {
                let merged = merge(&observed.inputs, &plain);
                Value::updating(address, kind, &record.id, &changes, &merged, &observed.outputs)
            }
            _ => Value::settled(&record.id, &merge(&observed.inputs, &plain), &observed.outputs),
        };
        self.known.insert(address.clone(), value);
        // What is ignored may be anything, also anything else than was recorded.
        let mut recorded = record.clone();
        for (path, _) in &self.inputs.desired.lifecycle(address).ignore_changes {
            copy(&seen, &mut recorded.inputs, path);
        }
        let drift = drift(kind, &recorded, &seen, self.inputs.state);
        let mut step = self.step(address, kind, action, reason, Some(record), inputs);
        (step.changes, step.drift) = (changes, drift);
        self.steps.push(step);
    }

    /// Whose object it has to be. The state of one that was found by its tags does not say which create made it.
    fn owner(&self, address: &Address, record: &Record) -> Owner {
        let intent = record.intent.clone();
        Owner { intent, ..Owner::any(self.inputs.desired.stack(), address) }
    }

    fn decide(
        &self,
        address: &Address,
        record: &Record,
        observed: &Observed,
        changes: &[AttrChange],
        bound: Option<Reason>,
    ) -> (Action, Reason) {
        let replace =
            if self.create_first.contains(address) { Action::ReplaceCreateFirst } else { Action::Replace };
        if self.inputs.selection.replaces(address) {
            (replace, Reason::Asked)
        } else if let Status::Lost(why) = &observed.status {
            (replace, Reason::Failed(why.clone()))
        } else if let Some(bound) = bound {
            (replace, bound)
        } else if changes.iter().any(|change| change.effect == Effect::Replace) {
            (replace, Reason::Changed)
        } else if record.incomplete {
            (Action::Update, Reason::Incomplete)
        } else if changes.is_empty() {
            (Action::Noop, Reason::Changed)
        } else {
            (Action::Update, Reason::Changed)
        }
    }

    fn ground(&self) -> Ground<'_> {
        Ground { inputs: self.inputs, ids: self.ids, known: &self.known }
    }

    /// From what is there to what is wanted; what is ignored is wanted as it is.
    fn changes(&self, address: &Address, record: &Record, seen: &Json, wanted: &mut Json) -> Vec<AttrChange> {
        let kind = self.inputs.desired.kind(address);
        let lifecycle = self.inputs.desired.lifecycle(address);
        for (path, _) in &lifecycle.ignore_changes {
            copy(seen, wanted, path);
        }
        let mut changes = diff(kind.inputs(), seen, wanted);
        changes.extend(noted(kind, &record.inputs, wanted));
        changes.extend(protection(record, lifecycle.prevent_destroy));
        let seen = self.inputs.observed.get(address).and_then(|observed| observed.owner.as_ref());
        changes.extend(self.owner(address, record).claims(seen));
        changes.extend(edges(record, self.inputs.desired.depends_on(address)));
        changes
    }

    /// Whether it must not be deleted. Without its block it stays as it was; a block that is there may take the protection
    /// back, and what failed can be replaced by the same apply. Only an apply takes it back, never a destroy.
    fn is_protected(&self, address: &Address, record: &Record) -> bool {
        // What was displaced is not the object of the block at its new address.
        let withdraws = |address: &Address| {
            self.inputs.desired.contains(address) && !self.inputs.desired.lifecycle(address).prevent_destroy
        };
        let moved =
            self.keys.get(address).is_some_and(|key| key.is_some() && *key == held(self.inputs, address));
        let withdrawn = !self.inputs.destroy
            && withdraws(address)
            && (moved || self.origins.get(address).is_none_or(withdraws));
        record.protected && !withdrawn
    }

    /// What is recorded and not wanted, dependants first.
    fn unwanted(&mut self, wanted: &[Address], chosen: &HashSet<Address>) {
        let state = &self.inputs.state.resources;
        let reason = if self.inputs.destroy { Reason::Destroy } else { Reason::Removed };
        let rest: Vec<&Address> = state.keys().filter(|address| !wanted.contains(address)).collect();
        for address in dependants_first(&rest, state) {
            let record = &state[address];
            let Some(kind) = (self.inputs.kind)(&address.kind) else { continue };
            let exists = self.inputs.observed.contains_key(address);
            if !exists {
                self.gone.push(Gone { address: address.clone(), id: record.id.clone() });
            }
            let action = if chosen.contains(address) { Action::Delete } else { Action::Noop };
            if action == Action::Noop {
                self.known
                    .insert(address.clone(), Value::settled(&record.id, &record.inputs, &record.outputs));
            }
            let step = self.step(address, kind, action, reason.clone(), Some(record), Json::Null);
            self.steps.push(Step { left_alone: action == Action::Noop, ..step });
        }
    }

    fn step(
        &self,
        address: &Address,
        kind: &dyn Kind,
        action: Action,
        reason: Reason,
        record: Option<&Record>,
        inputs: Json,
    ) -> Step {
        let typical = kind.profile().typical;
        let seconds = match action {
            Action::Noop => 0,
            Action::Create => typical.create,
            Action::Update => typical.update,
            Action::Delete => typical.delete,
            Action::Replace | Action::ReplaceCreateFirst => typical.create + typical.delete,
        };
        let depends_on = match action {
            Action::Delete => vec![],
            _ if self.inputs.destroy => vec![],
            _ => self.inputs.desired.depends_on(address).to_vec(),
        };
        Step {
            address: address.clone(),
            action,
            reason,
            id: record.map(|record| record.id.clone()),
            inputs,
            changes: vec![],
            drift: vec![],
            depends_on,
            depended_on: record.map(|record| record.depends_on.clone()).unwrap_or_default(),
            deposed: record.map(deposed).unwrap_or_default(),
            protected: record.is_some_and(|record| self.is_protected(address, record)),
            holds_data: kind.holds().data().is_some(),
            moved_from: self.origins.get(address).filter(|_| record.is_some()).cloned(),
            belongs_to: stranger(
                self.inputs.desired.stack(),
                self.inputs.observed.get(address).and_then(|observed| observed.owner.as_ref()),
            )
            .filter(|_| record.is_some())
            .map(str::to_owned),
            left_alone: false,
            ailment: record.and_then(|_| self.inputs.observed.get(address)?.status.ailment()).cloned(),
            seconds,
            delete_seconds: if action.replaces() { typical.delete } else { 0 },
            held_by: vec![],
            after: vec![],
        }
    }
}

fn deposed(record: &Record) -> Vec<Id> {
    record.deposed.iter().map(|old| old.id.clone()).collect()
}
