use super::Pace;
use super::rename::renamed;
use super::search::{Found, search};
use super::unmade::told;
use super::watch::sight;
use crate::address::Address;
use crate::cloud::Cloud;
use crate::error::Result;
use crate::resource::{Id, Kind, Owner};
use crate::state::{Document, Entry, Intent, Record, Verb};
use futures::future::try_join_all;
use serde_json::json;
use std::fmt;
use tokio::time::{Instant, sleep};

/// What became of an intent that a dead run left open.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// The object exists and is in the state now; the next plan finishes it.
    Adopted { address: Address, id: Id },
    /// Nothing had been created.
    Nothing { address: Address },
    /// It was being deleted, and is gone.
    Deleted { address: Address },
    /// It was being changed or deleted; what is there is read anew.
    Interrupted { address: Address, verb: Verb },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Adopted { address, id } => write!(f, "adopted {address} {id}"),
            Self::Nothing { address } => write!(f, "nothing of {address}"),
            Self::Deleted { address } => write!(f, "{address} is gone"),
            Self::Interrupted { address, verb } => write!(f, "cut off {verb} {address}"),
        }
    }
}

/// Settles what a dead run left open. The caller writes the document afterwards.
///
/// An object that was created just before the crash may not show in AWS's lists yet: what is not found is looked for
/// again until `pace.propagation` has passed, for all intents at once.
///
/// # Errors
/// An object could not be looked up: nothing is forgotten, the next command tries again.
pub async fn settle(
    cloud: &Cloud,
    document: &mut Document,
    pace: &Pace,
    kind: impl Fn(&str) -> Option<&'static dyn Kind>,
) -> Result<Vec<Finding>> {
    let open = document.open.clone();
    let lookups = open.iter().map(|intent| async {
        let kind = kind(&intent.address.kind);
        match intent.verb {
            Verb::Create => found(cloud, document, intent, pace, kind).await,
            Verb::Update => {
                renamed(cloud, document, intent, kind).await.map(|id| id.map(|id| Found { id, exact: true }))
            }
            // What is there still is found as what it is.
            Verb::Delete => is_gone(cloud, document, intent, pace, kind)
                .await
                .map(|gone| intent.id.clone().filter(|_| !gone).map(|id| Found { id, exact: true })),
        }
    });
    let mut found = try_join_all(lookups).await?.into_iter();
    let mut findings = vec![];
    for intent in &open {
        let found = found.next().flatten();
        let address = &intent.address;
        findings.push(match intent.verb {
            Verb::Delete if found.is_none() && intent.id.is_some() => {
                let (intent, gone) = (intent.intent.clone(), address.clone());
                document.take(&Entry::Done { intent, address: gone, record: None });
                Finding::Deleted { address: address.clone() }
            }
            Verb::Update | Verb::Delete => {
                if let Some(record) = document.resources.get_mut(address)
                    && intent.verb == Verb::Update
                {
                    record.incomplete = true;
                    if let Some(found) = found {
                        record.id = found.id;
                    }
                }
                Finding::Interrupted { address: address.clone(), verb: intent.verb }
            }
            Verb::Create => match found {
                Some(found) => {
                    let schema = kind(&address.kind).map_or(&serde_json::Value::Null, |kind| kind.inputs());
                    adopt(document, intent, &found, schema);
                    Finding::Adopted { address: address.clone(), id: found.id }
                }
                None => Finding::Nothing { address: address.clone() },
            },
        });
    }
    for finding in &findings {
        tracing::info!(%finding, "settled");
    }
    document.open.clear();
    Ok(findings)
}

/// Whether what a dead run began to delete is gone: by its doing, and not by somebody outside. What is on its way out is
/// waited for. What was never seen whole may only not show yet.
async fn is_gone(
    cloud: &Cloud,
    document: &Document,
    intent: &Intent,
    pace: &Pace,
    kind: Option<&'static dyn Kind>,
) -> Result<bool> {
    let (Some(id), Some(kind)) = (&intent.id, kind) else { return Ok(false) };
    let record = document.resources.get(&intent.address);
    let object = record.and_then(|record| record.objects().find(|object| object.id == *id));
    if object.is_none_or(|record| record.incomplete) {
        return Ok(false);
    }
    let started = Instant::now();
    loop {
        let read = || async { Ok(kind.read(cloud, std::slice::from_ref(id)).await?.remove(id)) };
        match sight(pace, kind, read).await? {
            None => return Ok(true),
            Some(there) if !there.status.is_leaving() => return Ok(false),
            Some(_) if started.elapsed() >= pace.wait(kind.profile().delete).timeout => return Ok(false),
            Some(_) => sleep(pace.longest).await,
        }
    }
}

async fn found(
    cloud: &Cloud,
    document: &Document,
    intent: &Intent,
    pace: &Pace,
    kind: Option<&'static dyn Kind>,
) -> Result<Option<Found>> {
    match (&intent.id, kind) {
        (Some(id), _) => Ok(Some(Found { id: id.clone(), exact: true })),
        (None, Some(kind)) => {
            let owner = Owner {
                stack: document.stack.clone(),
                address: intent.address.clone(),
                intent: intent.intent.clone(),
                anywhere: false,
            };
            let recorded = (document.serial > 0).then(|| document.ids(&intent.address));
            search(cloud, kind, &owner, recorded.as_deref(), &intent.inputs, pace).await
        }
        (None, None) => Ok(None),
    }
}

fn adopt(document: &mut Document, intent: &Intent, found: &Found, schema: &serde_json::Value) {
    let record = Record {
        id: found.id.clone(),
        inputs: if found.exact { intent.inputs.clone() } else { told(schema, &intent.inputs) },
        outputs: json!({}),
        depends_on: intent.depends_on.clone(),
        protected: intent.protected,
        intent: intent.intent.clone(),
        incomplete: true,
        deposed: vec![],
    };
    document.keep(Some(intent), &intent.address, &record);
}
