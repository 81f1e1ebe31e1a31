//! What is deleted and made again under its name is another one: what hangs on it is written again.

use super::schedule::Shared;
use crate::address::Address;
use crate::plan::Step;
use crate::resource::Kind;
use crate::schema::{identity, is, properties};
use serde_json::Value as Json;

/// What is recorded, with the identities that the plan went by where none were.
pub(super) fn identified(kind: &'static dyn Kind, step: &Step, recorded: &Json) -> Json {
    let mut recorded = recorded.clone();
    for identity in identity::all(kind.inputs()) {
        let change = step.changes.iter().find(|change| change.is_of(identity.name));
        if let Some(change) = change.filter(|_| recorded[identity.name].is_null()) {
            recorded[identity.name] = change.before.clone();
        }
    }
    recorded
}

/// The policies that name what this plan makes anew. AWS keeps in them which object they name and not what it is called:
/// they are written again, also where they read as they are wanted.
pub(super) fn anew(shared: &Shared<'_>, kind: &'static dyn Kind, step: &Step) -> Vec<String> {
    let (plan, desired) = (shared.run.plan, shared.run.desired);
    let made = |address: &Address| plan.step(address).is_some_and(|step| step.action.creates());
    let policies = properties(kind.inputs()).into_iter().flatten().filter(|(_, sub)| is(sub, "x-policy"));
    let policies = policies
        .map(|(name, _)| name)
        .filter(|name| step.changes.iter().any(|change| change.is_within(name)));
    policies.filter(|name| desired.named(&step.address, name).iter().any(made)).cloned().collect()
}
