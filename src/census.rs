//! Looks for the objects of a stack by their ownership tags alone: what there is when the state is lost.

mod namesakes;
mod strays;

pub use namesakes::{id_attribute, namesakes};

use crate::address::Address;
use crate::cloud::Cloud;
use crate::desired::Desired;
use crate::diff::complete;
use crate::error::{Error, Result};
use crate::plan::{Known, Value, keep_name, key};
use crate::resource::{Id, Kind, Observed, Owner};
use crate::schema::as_unknown;
use crate::state::{Digest, Document, Record, Tree};
use futures::future::join_all;
use serde_json::{Value as Json, json};
use std::slice;

/// What was found, and what it means for the state.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Census {
    /// They carry the tags and were not in the state: they are now.
    pub found: Vec<(Address, Id)>,
    /// The recorded object is gone and another carries the tags: that one is in the state now.
    pub replaced: Vec<(Address, Id)>,
    /// They belong to the stack and say another address, as after a move that was not written on them yet.
    pub elsewhere: Vec<(Address, Id, String)>,
    /// Several objects carry the tags of one address, and nothing says which one it is.
    pub ambiguous: Vec<(Address, Vec<String>)>,
    /// They carry the tags of the stack, and the address that they say has no block; with that address.
    pub strays: Vec<(String, Id)>,
    /// In the stack, neither in the state nor in the cloud.
    pub missing: Vec<Address>,
}

/// Looks for every resource of the stack and completes the document with what is there.
///
/// Dependencies first, since names and places may come from them. What was recorded and still exists stays as it is.
/// An object whose block is gone from `stack.toml` is told where its kind can be listed by tags, and not recorded.
///
/// # Errors
/// A look-up that failed: nothing is taken for missing because of an error.
pub async fn census(
    cloud: &Cloud,
    kinds: &[&'static dyn Kind],
    desired: &Desired,
    document: &mut Document,
) -> Result<Census> {
    let digest = Digest::new(document);
    let mut census = Census::default();
    let mut known = Known::default();
    for address in desired.order() {
        let kind = desired.kind(address);
        if let Some(record) = document.resources.get(address) {
            keep_name(desired, &mut known, address, record);
        }
        let mut wanted = desired.inputs(address, &known);
        let recorded = document.resources.get(address).map(|record| record.id.clone());
        let owner = Owner::any(&document.stack, address);
        let found = match kind.find(cloud, &owner, placeholders(&wanted)).await {
            Ok(None) if recorded.is_none() => {
                let found = successor(cloud, desired, &mut known, &owner).await?;
                wanted = desired.inputs(address, &known);
                found
            }
            Ok(found) => found,
            Err(Error::Ambiguous { ids, .. }) => {
                let told = recorded.clone().filter(|id| ids.contains(&id.0));
                if told.is_none() {
                    census.ambiguous.push((address.clone(), ids));
                }
                told
            }
            // A name that comes from an object which is not there: so it has not been created either.
            Err(Error::Inputs { .. }) if placeholders(&wanted) != wanted => None,
            Err(error) => return Err(error),
        };
        let found = match found {
            None if recorded.is_none() => {
                let there = elsewhere(cloud, kind, document, address, &wanted).await?;
                if let Some((id, said)) = there {
                    census.elsewhere.push((address.clone(), id.clone(), said));
                    census.ambiguous.retain(|(ambiguous, _)| ambiguous != address);
                    keep(cloud, &digest, desired, document, &mut known, address, id, &wanted).await?;
                    continue;
                }
                None
            }
            found => found,
        };
        let id = match (found, recorded) {
            (Some(found), Some(recorded)) if found != recorded => {
                // Where both exist, the recorded one is right: the other was to be deleted.
                if observe(cloud, kind, &recorded).await?.is_some() {
                    recorded
                } else {
                    census.replaced.push((address.clone(), found.clone()));
                    found
                }
            }
            (Some(found), None) => {
                census.found.push((address.clone(), found.clone()));
                found
            }
            (_, Some(recorded)) => recorded,
            (None, None) => {
                if !census.ambiguous.iter().any(|(ambiguous, _)| ambiguous == address) {
                    census.missing.push(address.clone());
                }
                continue;
            }
        };
        keep(cloud, &digest, desired, document, &mut known, address, id, &wanted).await?;
    }
    strays::strays(cloud, kinds, desired, document, &mut census).await?;
    Ok(census)
}

/// Takes what was found into the document, and lets what refers to it see it.
#[expect(clippy::too_many_arguments, reason = "one step of the census, cut out of its loop")]
async fn keep(
    cloud: &Cloud,
    digest: &Digest,
    desired: &Desired,
    document: &mut Document,
    known: &mut Known,
    address: &Address,
    id: Id,
    wanted: &Json,
) -> Result<()> {
    let kind = desired.kind(address);
    let Some(observed) = observe(cloud, kind, &id).await? else { return Ok(()) };
    // What AWS never returns is taken for as it is wanted: nothing else can be known of it.
    let inputs = complete(kind.inputs(), &observed.inputs, wanted);
    known.insert(address.clone(), Value::settled(&id, &inputs, &observed.outputs));
    if document.resources.get(address).is_none_or(|record| record.id != id) {
        let record = Record {
            id,
            inputs: digest.record(&Tree::Inputs(address), kind.inputs(), &inputs, &Json::Null),
            outputs: digest.record(&Tree::Outputs(address), kind.outputs(), &observed.outputs, &Json::Null),
            depends_on: desired.depends_on(address).to_vec(),
            protected: desired.lifecycle(address).prevent_destroy,
            intent: String::new(),
            incomplete: false,
            deposed: vec![],
        };
        document.resources.insert(address.clone(), record);
    }
    Ok(())
}

/// The object of this stack that the block would make anew and that says another address, with that address: found by what
/// names it.
async fn elsewhere(
    cloud: &Cloud,
    kind: &dyn Kind,
    document: &Document,
    address: &Address,
    wanted: &Json,
) -> Result<Option<(Id, String)>> {
    let Some(name) = key(kind, wanted) else { return Ok(None) };
    let owner = Owner::anywhere(&document.stack, address);
    let ids = match kind.find(cloud, &owner, placeholders(wanted)).await {
        Ok(found) => found.into_iter().collect(),
        Err(Error::Ambiguous { ids, .. }) => ids.into_iter().map(Id).collect(),
        Err(Error::Inputs { .. }) => vec![],
        Err(error) => return Err(error),
    };
    let mut found = vec![];
    for id in ids {
        let known = document.resources.values().any(|record| record.id == id);
        let Some(observed) = observe(cloud, kind, &id).await?.filter(|_| !known) else { continue };
        let said = observed.owner.as_ref().and_then(|tags| tags.get(Owner::ADDRESS)).cloned();
        if key(kind, &complete(kind.inputs(), &observed.inputs, wanted)).as_ref() == Some(&name) {
            found.push((id, said.unwrap_or_default()));
        }
    }
    Ok(if found.len() == 1 { found.pop() } else { None })
}

/// So many blocks are asked for where there is no state: of a stack whose state is lost, the first ones are there.
const GLIMPSES: usize = 24;

/// Objects that carry the tags of the stack although nothing is recorded. What cannot be asked for is passed over: it only
/// serves a warning.
pub async fn glimpse(cloud: &Cloud, desired: &Desired) -> Vec<(Address, Id)> {
    let known = Known::default();
    let looks = desired.order().take(GLIMPSES).map(|address| {
        let wanted = placeholders(&desired.inputs(address, &known));
        async move {
            let owner = Owner::any(desired.stack(), address);
            let found = desired.kind(address).find(cloud, &owner, wanted).await.ok().flatten();
            found.map(|id| (address.clone(), id))
        }
    });
    join_all(looks).await.into_iter().flatten().collect()
}
/// The object under a name that a create-first replacement gave it, for kinds that are found by their names.
async fn successor(cloud: &Cloud, desired: &Desired, known: &mut Known, owner: &Owner) -> Result<Option<Id>> {
    let address = &owner.address;
    let Some((_, names)) = desired.derived(address) else { return Ok(None) };
    let kind = desired.kind(address);
    let names: Vec<String> = names.take(NAMES).collect();
    for name in names.iter().skip(1) {
        known.call(address.clone(), name.clone());
        let wanted = placeholders(&desired.inputs(address, known));
        if let Some(found) = kind.find(cloud, owner, wanted).await? {
            return Ok(Some(found));
        }
    }
    known.call(address.clone(), names[0].clone());
    Ok(None)
}

/// Of the names that an object may have had, the likely ones: a replacement takes the first that is free.
const NAMES: usize = 3;

async fn observe(cloud: &Cloud, kind: &dyn Kind, id: &Id) -> Result<Option<Observed>> {
    Ok(kind.read(cloud, slice::from_ref(id)).await?.remove(id))
}

/// `inputs` with a word in place of every unknown value: a look-up by tags does not need them.
fn placeholders(inputs: &Json) -> Json {
    match inputs {
        unknown if as_unknown(unknown).is_some() => json!("unknown"),
        Json::Object(map) => {
            Json::Object(map.iter().map(|(name, value)| (name.clone(), placeholders(value))).collect())
        }
        Json::Array(items) => items.iter().map(placeholders).collect(),
        other => other.clone(),
    }
}
