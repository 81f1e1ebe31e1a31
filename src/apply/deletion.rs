use super::converge::Target;
use super::operation::{target, whose};
use super::retry::retry;
use super::schedule::{Shared, Turn};
use super::unmade::unmade;
use crate::address::Address;
use crate::diff::complete;
use crate::error::{Error, Result};
use crate::plan::{Step, key};
use crate::resource::{Id, Kind, Observed};
use crate::schema::has_unknown;
use crate::state::{Entry, Intent, Record, Verb};
use serde_json::Value as Json;
use std::time::Duration;

/// The block has taken the protection back: the journal says so before anything is deleted.
pub(super) async fn set_free(shared: &Shared<'_>, address: &Address, id: &Id) -> Result<()> {
    let record = shared.record(address).filter(|record| record.id == *id && record.protected);
    let Some(record) = record else { return Ok(()) };
    let record = Some(Record { protected: false, ..record });
    shared.journal(&Entry::Done { intent: (shared.run.new_intent)(), address: address.clone(), record }).await
}

pub(super) async fn delete(
    shared: &Shared<'_>,
    kind: &'static dyn Kind,
    step: &Step,
    id: &Id,
    turn: &Turn,
) -> Result<Option<Duration>> {
    let address = &turn.address;
    let Some(record) = shared.object(address, id) else { return Ok(Some(Duration::ZERO)) };
    let intent = Intent {
        intent: (shared.run.new_intent)(),
        address: address.clone(),
        verb: Verb::Delete,
        id: Some(id.clone()),
        inputs: record.inputs.clone(),
        depends_on: vec![],
        deposes: false,
        protected: record.protected,
    };
    let Some(pass) = shared.begin(&intent, turn).await? else { return Ok(None) };
    let outcome = remove(shared, kind, step, &record).await;
    let took = pass.end();
    if let Err(error) = outcome {
        if matches!(error, Error::Withheld { .. }) {
            return Err(error);
        }
        shared.journal(&Entry::Void { intent: intent.intent, reason: error.to_string() }).await?;
        return Err(error);
    }
    shared.done(&Entry::Done { intent: intent.intent, address: address.clone(), record: None }).await?;
    Ok(Some(took))
}

async fn remove(shared: &Shared<'_>, kind: &'static dyn Kind, step: &Step, record: &Record) -> Result<()> {
    let address = &step.address;
    if is_made_elsewhere(shared, kind, step, record) {
        return Ok(());
    }
    let owner = Some(whose(shared, address, record));
    let target = Target { owner, ..target(shared, kind, address, &record.id) };
    let Some(observed) = target.sight().await? else { return Ok(()) };
    target.is_ours(&observed)?;
    let said = said(shared, kind, step, record);
    let inputs = complete(kind.inputs(), &observed.inputs, &said);
    let live = Observed { inputs, ..observed };
    retry(shared.run.journal, &shared.run.pace, kind.profile(), address, shared.run.events, || {
        kind.delete(shared.run.cloud, &record.id, live.clone())
    })
    .await?;
    shared.leaves(address, kind.leaves(&record.id, &live));
    target.gone(kind.profile().delete).await
}

/// The plan did not find the object, and another step makes one of its name: what shows now is that one.
fn is_made_elsewhere(shared: &Shared<'_>, kind: &'static dyn Kind, step: &Step, record: &Record) -> bool {
    let run = shared.run;
    if run.observed.contains_key(&step.address) {
        return false;
    }
    let Some(own) = key(kind, &record.inputs) else { return false };
    run.plan.steps.iter().any(|other| {
        let address = &other.address;
        *address != step.address
            && address.kind == kind.name()
            && other.action.creates()
            && key(kind, &shared.known(|known| run.desired.inputs(address, known))).as_ref() == Some(&own)
    })
}

/// What goes for the deletion of an object: what is recorded, overruled by the block as it is now in what no object has
/// (`skip_final_snapshot`). The block of what was displaced is another one.
fn said(shared: &Shared<'_>, kind: &'static dyn Kind, step: &Step, record: &Record) -> Json {
    let (address, desired) = (&step.address, shared.run.desired);
    let displaced = shared.run.plan.moves.iter().any(|one| one.to == *address && one.displaced);
    if displaced || !desired.contains(address) {
        return record.inputs.clone();
    }
    let wanted = shared.known(|known| desired.inputs(address, known));
    let known = unmade(kind.inputs(), &record.inputs, &wanted);
    if has_unknown(&known) { record.inputs.clone() } else { known }
}
