//! Looks for the objects of a stack by their ownership tags alone: what there is when the state is lost.

use crate::address::Address;
use crate::cloud::Cloud;
use crate::desired::Desired;
use crate::diff::complete;
use crate::error::{Error, Result};
use crate::plan::{Known, Value};
use crate::resource::{Id, Kind, Observed, Owner};
use crate::schema::as_unknown;
use crate::state::{Digest, Document, Record, Tree};
use serde_json::{Value as Json, json};
use std::slice;

/// What was found, and what it means for the state.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Census {
    /// They carry the tags and were not in the state: they are now.
    pub found: Vec<(Address, Id)>,
    /// The recorded object is gone and another carries the tags: that one is in the state now.
    pub replaced: Vec<(Address, Id)>,
    /// Several objects carry the tags of one address, and nothing says which one it is.
    pub ambiguous: Vec<(Address, Vec<String>)>,
    /// In the stack, neither in the state nor in the cloud.
    pub missing: Vec<Address>,
}

/// Looks for every resource of the stack and completes the document with what is there.
///
/// Dependencies first, since names and places may come from them. What was recorded and still exists stays as it is.
/// An object whose block is gone from `stack.toml` is not looked for.
///
/// # Errors
/// A look-up that failed: nothing is taken for missing because of an error.
pub async fn census(cloud: &Cloud, desired: &Desired, document: &mut Document) -> Result<Census> {
    let digest = Digest::new(document);
    let mut census = Census::default();
    let mut known = Known::default();
    for address in desired.order() {
        let kind = desired.kind(address);
        let wanted = desired.inputs(address, &known);
        let recorded = document.resources.get(address).map(|record| record.id.clone());
        let owner = Owner::any(&document.stack, address);
        let found = match kind.find(cloud, &owner, placeholders(&wanted)).await {
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
        let Some(observed) = observe(cloud, kind, &id).await? else { continue };
        // What AWS never returns is taken for as it is wanted: nothing else can be known of it.
        let inputs = complete(kind.inputs(), &observed.inputs, &wanted);
        known.insert(address.clone(), Value::settled(&id, &inputs, &observed.outputs));
        if document.resources.get(address).is_none_or(|record| record.id != id) {
            let record = Record {
                id,
                inputs: digest.record(&Tree::Inputs(address), kind.inputs(), &inputs, &Json::Null),
                outputs: digest.record(
                    &Tree::Outputs(address),
                    kind.outputs(),
                    &observed.outputs,
                    &Json::Null,
                ),
                depends_on: desired.depends_on(address).to_vec(),
                protected: desired.lifecycle(address).prevent_destroy,
                intent: String::new(),
                incomplete: false,
                deposed: vec![],
            };
            document.resources.insert(address.clone(), record);
        }
    }
    Ok(census)
}

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
