use super::anew::{anew, identified};
use super::converge::Target;
use super::deletion::{delete, set_free};
use super::rename::rename;
use super::retry::retry;
use super::schedule::{Shared, Turn};
use super::search::{Found, find, refuses, search};
use super::unmade::{left, told, unmade};
use crate::address::Address;
use crate::cloud::{self, doubting};
use crate::diff::complete;
use crate::error::{Error, Result};
use crate::local;
use crate::plan::{Action, Half, Operation, Reason, Step, Value};
use crate::resource::{Create, Id, Kind, Observed, Owner};
use crate::schema::has_unknown;
use crate::state::{Entry, Intent, Record, Tree, Verb};
use crate::veil::veil_sensitive;
use serde_json::{Value as Json, json};
use std::time::Duration;

/// How often a create call that never arrived is made once more.
const REPETITIONS: usize = 3;

/// What an operation does, in the words of the journal.
pub fn verb(step: &Step, half: &Half) -> Verb {
    match half {
        Half::Up if step.action == Action::Update => Verb::Update,
        Half::Up => Verb::Create,
        Half::Down | Half::Deposed(_) => Verb::Delete,
    }
}

/// Carries out one operation, journal first. How long it took at the cloud; `None` if the run was stopped before its
/// turn came.
pub async fn run(
    shared: &Shared<'_>,
    step: &Step,
    operation: &Operation,
    turn: &Turn,
) -> Result<Option<Duration>> {
    let missing =
        || Error::Refused(format!("this stackctl does not know the kind {}", operation.address.kind));
    let kind = (shared.run.kind)(&operation.address.kind).ok_or_else(missing)?;
    match (&operation.half, step.action) {
        (Half::Up, Action::Update) if step.is_recorded_only() => note(shared, step).await,
        (Half::Up, Action::Update) => update(shared, kind, step, turn).await,
        (Half::Up, _) => create(shared, kind, step, turn).await,
        (Half::Down, _) => match &step.id {
            Some(id) => {
                if !step.protected {
                    set_free(shared, &step.address, id).await?;
                }
                delete(shared, kind, step, id, turn).await
            }
            None => Ok(Some(Duration::ZERO)),
        },
        (Half::Deposed(id), _) => delete(shared, kind, step, id, turn).await,
    }
}

/// The wanted inputs with everything known that they wait for.
fn resolve(shared: &Shared<'_>, step: &Step) -> Result<Json> {
    let inputs = shared.known(|known| shared.run.desired.inputs(&step.address, known));
    if has_unknown(&inputs) {
        return Err(Error::Refused(format!(
            "{} refers to a value that nothing has provided; this is a bug in stackctl",
            step.address
        )));
    }
    if let Some(kind) = (shared.run.kind)(&step.address.kind) {
        veil_sensitive(kind.inputs(), &inputs);
    }
    Ok(inputs)
}

async fn create(
    shared: &Shared<'_>,
    kind: &'static dyn Kind,
    step: &Step,
    turn: &Turn,
) -> Result<Option<Duration>> {
    let wanted = resolve(shared, step)?;
    let address = &step.address;
    let owner = Owner {
        stack: shared.run.plan.stack.clone(),
        address: address.clone(),
        intent: (shared.run.new_intent)(),
        anywhere: false,
    };
    let before = shared.record(address).map_or(Json::Null, |record| record.inputs);
    let redacted = shared.digest.record(&Tree::Inputs(address), kind.inputs(), &wanted, &before);
    let intent = Intent {
        intent: owner.intent.clone(),
        address: address.clone(),
        verb: Verb::Create,
        id: None,
        inputs: redacted.clone(),
        depends_on: step.depends_on.clone(),
        // Also an older object that a destroy-first replacement finds under this address.
        deposes: step.reason != Reason::Vanished && shared.record(address).is_some(),
        protected: shared.run.desired.lifecycle(address).prevent_destroy,
    };
    let Some(pass) = shared.begin(&intent, turn).await? else { return Ok(None) };
    let ctx = Create { cloud: shared.run.cloud, owner: &owner };
    let mut again = 0..REPETITIONS;
    let mut doubt = false;
    let found = loop {
        let (made, doubtful) = doubting(retry(
            shared.run.journal,
            &shared.run.pace,
            kind.profile(),
            address,
            shared.run.events,
            || kind.create(&ctx, wanted.clone()),
        ))
        .await;
        doubt |= doubtful;
        let error = match made {
            Ok(id) => break Found { id, exact: true },
            Err(error) => error,
        };
        doubt |= is_doubtful(&error);
        match error {
            // An attempt before may have arrived. Whoever has the lock by now looks for that.
            Error::Withheld { .. } => return Err(error),
            // The lock or the place of the state was lost before the call.
            Error::State(_) => {
                let reason = error.to_string();
                // It cannot be made durable; the state in memory knows it.
                let _ = shared.journal(&Entry::Void { intent: owner.intent, reason }).await;
                return Err(error);
            }
            _ => {}
        }
        match lost(shared, kind, &owner, &wanted, &error, doubt).await {
            Ok(Some(found)) => break found,
            Ok(None) if is_doubtful(&error) && again.next().is_some() => {}
            Ok(None) => {
                let reason = error.to_string();
                shared.journal(&Entry::Void { intent: owner.intent, reason }).await?;
                return Err(error);
            }
            // The intent stays open.
            Err(unknown) => {
                return Err(Error::Refused(format!(
                    "{error}. Whether it exists all the same could not be found out ({unknown}); the next command settles it"
                )));
            }
        }
    };
    let Found { id, exact } = found;
    // What an earlier create made has of what no read tells what that one was given.
    let known = if exact { wanted.clone() } else { told(kind.inputs(), &wanted) };
    let record = Record {
        id: id.clone(),
        inputs: redacted,
        outputs: json!({}),
        depends_on: step.depends_on.clone(),
        protected: intent.protected,
        intent: owner.intent.clone(),
        incomplete: true,
        deposed: vec![],
    };
    // Configuring goes on while the id is made durable: without it, the object is found by its tag.
    let made = Entry::Id { intent: owner.intent.clone(), id: id.clone() };
    let target = Target { owner: Some(owner.clone()), made: true, ..target(shared, kind, address, &id) };
    let (durable, observed) =
        futures::join!(shared.journal(&made), target.converge(&wanted, &known, kind.profile().create, true));
    durable?;
    let took = pass.end();
    let undone = if exact { record.inputs.clone() } else { told(kind.inputs(), &record.inputs) };
    finish(shared, kind, &intent, record, undone, &wanted, observed).await?;
    Ok(Some(took))
}

/// After a create call failed: the object, if there is one all the same. After a `doubt` even a refusal proves nothing: the
/// SDK repeats a call whose answer was lost, and the repetition is refused since the name is taken, by ourselves.
async fn lost(
    shared: &Shared<'_>,
    kind: &'static dyn Kind,
    owner: &Owner,
    wanted: &Json,
    error: &Error,
    doubt: bool,
) -> Result<Option<Found>> {
    let cloud = shared.run.cloud;
    let recorded = shared.recorded(&owner.address);
    let recorded = recorded.as_deref();
    match error {
        Error::Inputs { .. } => Ok(None),
        refused if refuses(refused, doubt) => find(cloud, kind, owner, recorded, wanted).await,
        _ => {
            // What was cut off may be at work there all the same, and is not to be seen before its end.
            if let Some(gateway) = &cloud.local {
                local::quiet(gateway, |what| tracing::warn!("{what}")).await;
            }
            search(cloud, kind, owner, recorded, wanted, &shared.run.pace).await
        }
    }
}

/// Whether AWS may have acted all the same: no answer came, or one that cannot be read or says that something broke.
fn is_doubtful(error: &Error) -> bool {
    matches!(error, Error::Aws(aws) if cloud::is_doubtful(aws.status))
}

async fn update(
    shared: &Shared<'_>,
    kind: &'static dyn Kind,
    step: &Step,
    turn: &Turn,
) -> Result<Option<Duration>> {
    let wanted = resolve(shared, step)?;
    let address = &step.address;
    let old =
        shared.record(address).ok_or_else(|| Error::Refused(format!("{address} is not in the state")))?;
    let mut redacted = shared.digest.record(&Tree::Inputs(address), kind.inputs(), &wanted, &old.inputs);
    for (path, _) in &shared.run.desired.lifecycle(address).ignore_changes {
        left(kind.inputs(), &old.inputs, &mut redacted, path.head());
    }
    let intent = Intent {
        intent: (shared.run.new_intent)(),
        address: address.clone(),
        verb: Verb::Update,
        id: Some(old.id.clone()),
        inputs: redacted.clone(),
        depends_on: step.depends_on.clone(),
        deposes: false,
        protected: shared.run.desired.lifecycle(address).prevent_destroy,
    };
    let Some(pass) = shared.begin(&intent, turn).await? else { return Ok(None) };
    let wanted = ignoring(shared, kind, step, wanted, &old).await?;
    // What was adopted may still be on its way up.
    let wait = if old.incomplete { kind.profile().create } else { kind.profile().update };
    let old = Record { inputs: identified(kind, step, &old.inputs), ..old };
    let named = rename(shared, kind, address, &old, &wanted).await;
    let id = named.as_ref().map_or_else(|_| old.id.clone(), Id::clone);
    let target = Target {
        owner: Some(whose(shared, address, &old)),
        unfinished: old.incomplete,
        anew: anew(shared, kind, step),
        ..target(shared, kind, address, &id)
    };
    let observed = match named {
        // One that has another id by now may not be known by it yet.
        Ok(_) => target.converge(&wanted, &old.inputs, wait, old.incomplete || id != old.id).await,
        Err(error) => Err(error),
    };
    let undone = unmade(kind.inputs(), &old.inputs, &redacted);
    let record = Record {
        id,
        inputs: redacted,
        depends_on: step.depends_on.clone(),
        protected: intent.protected,
        incomplete: true,
        ..old
    };
    let took = pass.end();
    finish(shared, kind, &intent, record, undone, &wanted, observed).await?;
    Ok(Some(took))
}

/// A change of the state alone: the order of deletion, protection, what only a later deletion goes by.
async fn note(shared: &Shared<'_>, step: &Step) -> Result<Option<Duration>> {
    let address = &step.address;
    let old =
        shared.record(address).ok_or_else(|| Error::Refused(format!("{address} is not in the state")))?;
    let record = Record {
        inputs: step.inputs.clone(),
        depends_on: step.depends_on.clone(),
        protected: shared.run.desired.lifecycle(address).prevent_destroy,
        ..old
    };
    let entry =
        Entry::Done { intent: (shared.run.new_intent)(), address: address.clone(), record: Some(record) };
    shared.done(&entry).await?;
    Ok(Some(Duration::ZERO))
}

/// `ignore_changes`: those attributes stay as they are.
async fn ignoring(
    shared: &Shared<'_>,
    kind: &'static dyn Kind,
    step: &Step,
    mut wanted: Json,
    old: &Record,
) -> Result<Json> {
    let ignored = &shared.run.desired.lifecycle(&step.address).ignore_changes;
    if !ignored.is_empty()
        && let Some(observed) = target(shared, kind, &step.address, &old.id).sight().await?
    {
        let seen = complete(kind.inputs(), &observed.inputs, &old.inputs);
        for (path, _) in ignored {
            crate::schema::tree::copy(&seen, &mut wanted, path);
        }
    }
    Ok(wanted)
}

/// Journals what came of it and lets dependants see it. An object that exists is recorded even if it did not become
/// what is wanted: with the inputs `undone` then.
async fn finish(
    shared: &Shared<'_>,
    kind: &'static dyn Kind,
    intent: &Intent,
    mut record: Record,
    undone: Json,
    wanted: &Json,
    observed: Result<Observed>,
) -> Result<()> {
    let address = &intent.address;
    let failure = match observed {
        Ok(observed) => {
            let place = Tree::Outputs(address);
            record.outputs = shared.digest.record(&place, kind.outputs(), &observed.outputs, &record.outputs);
            record.incomplete = false;
            let inputs = crate::schema::tree::merge(&observed.inputs, wanted);
            shared.learn(address, Value::settled(&record.id, &inputs, &observed.outputs));
            None
        }
        Err(error) => {
            record.inputs = undone;
            Some(error)
        }
    };
    let (intent, address) = (intent.intent.clone(), address.clone());
    shared.done(&Entry::Done { intent, address, record: Some(record) }).await?;
    failure.map_or(Ok(()), Err)
}

/// Whose object a recorded one is, by the tags that it has to carry.
pub(super) fn whose(shared: &Shared<'_>, address: &Address, record: &Record) -> Owner {
    Owner { intent: record.intent.clone(), ..Owner::any(&shared.run.plan.stack, address) }
}

pub(super) fn target<'a>(
    shared: &'a Shared<'_>,
    kind: &'static dyn Kind,
    address: &'a Address,
    id: &'a Id,
) -> Target<'a> {
    let run = &shared.run;
    Target {
        cloud: run.cloud,
        reader: &shared.reader,
        journal: run.journal,
        pace: run.pace,
        events: run.events,
        address,
        kind,
        id,
        owner: None,
        made: false,
        unfinished: false,
        anew: vec![],
        digest: shared.digest,
    }
}
