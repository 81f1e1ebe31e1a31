//! Objects that get another id in place (`x-renames`): AWS knows them by the new one some minutes after it was asked.

use super::operation::whose;
use super::retry::retry;
use super::schedule::Shared;
use crate::address::Address;
use crate::cloud::Cloud;
use crate::error::{Error, Result};
use crate::resource::{Id, Kind, Observed, Owner};
use crate::state::{Document, Intent, Record};
use serde_json::Value as Json;

/// The id by which the object of an update is known from now on; AWS has been asked for it where it is another one.
///
/// # Errors
/// AWS refuses it, or another object has it.
pub(super) async fn rename(
    shared: &Shared<'_>,
    kind: &'static dyn Kind,
    address: &Address,
    old: &Record,
    wanted: &Json,
) -> Result<Id> {
    let Some(new) = kind.renamed(wanted).filter(|new| *new != old.id) else { return Ok(old.id.clone()) };
    // By an earlier attempt.
    match shared.reader.read(kind, &new).await? {
        Some(there) if is_of(&whose(shared, address, old), &there) => return Ok(new),
        Some(_) => {
            return Err(Error::Refused(format!(
                "there is another object that is called {new}: choose another name"
            )));
        }
        None => {}
    }
    let asked =
        retry(shared.run.journal, &shared.run.pace, kind.profile(), address, shared.run.events, || {
            kind.rename(shared.run.cloud, &old.id, wanted.clone())
        })
        .await;
    match asked {
        Ok(()) => Ok(new),
        // The SDK repeats a call whose answer was lost, and by then nothing has the old id.
        Err(error @ Error::Aws(_)) => {
            let there = shared.reader.read(kind, &old.id).await?.is_some();
            if there { Err(error) } else { Ok(new) }
        }
        Err(error) => Err(error),
    }
}

/// The new id of an object whose renaming a dead run began: none where it is still known by the old one, or by neither yet.
pub(super) async fn renamed(
    cloud: &Cloud,
    document: &Document,
    intent: &Intent,
    kind: Option<&'static dyn Kind>,
) -> Result<Option<Id>> {
    let (Some(kind), Some(record)) = (kind, document.resources.get(&intent.address)) else { return Ok(None) };
    let Some(new) = kind.renamed(&intent.inputs).filter(|new| *new != record.id) else { return Ok(None) };
    let found = kind.read(cloud, &[record.id.clone(), new.clone()]).await?;
    let any = Owner::any(&document.stack, &intent.address);
    let moved = !found.contains_key(&record.id) && found.get(&new).is_some_and(|there| is_of(&any, there));
    Ok(moved.then_some(new))
}

fn is_of(owner: &Owner, there: &Observed) -> bool {
    there.owner.as_ref().is_some_and(|tags| owner.owns(tags))
}
