use super::Pace;
use super::search::search;
use crate::address::Address;
use crate::cloud::Cloud;
use crate::error::Result;
use crate::resource::{Id, Kind, Owner};
use crate::state::{Document, Intent, Record, Verb};
use futures::future::try_join_all;
use serde_json::json;
use std::fmt;

/// What became of an intent that a dead run left open.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// The object exists and is in the state now; the next plan finishes it.
    Adopted { address: Address, id: Id },
    /// Nothing had been created.
    Nothing { address: Address },
    /// It was being changed or deleted; what is there is read anew.
    Interrupted { address: Address, verb: Verb },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Adopted { address, id } => write!(f, "adopted {address} {id}"),
            Self::Nothing { address } => write!(f, "nothing of {address}"),
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
            Verb::Update | Verb::Delete => Ok(None),
        }
    });
    let mut found = try_join_all(lookups).await?.into_iter();
    let mut findings = vec![];
    for intent in &open {
        let found = found.next().flatten();
        let address = &intent.address;
        findings.push(match intent.verb {
            Verb::Update | Verb::Delete => {
                if let Some(record) = document.resources.get_mut(address)
                    && intent.verb == Verb::Update
                {
                    record.incomplete = true;
                }
                Finding::Interrupted { address: address.clone(), verb: intent.verb }
            }
            Verb::Create => match found {
                Some(id) => {
                    adopt(document, intent, &id);
                    Finding::Adopted { address: address.clone(), id }
                }
                None => {
                    document.give_up(intent);
                    Finding::Nothing { address: address.clone() }
                }
            },
        });
    }
    for finding in &findings {
        tracing::info!(%finding, "settled");
    }
    document.open.clear();
    Ok(findings)
}

async fn found(
    cloud: &Cloud,
    document: &Document,
    intent: &Intent,
    pace: &Pace,
    kind: Option<&'static dyn Kind>,
) -> Result<Option<Id>> {
    match (&intent.id, kind) {
        (Some(id), _) => Ok(Some(id.clone())),
        (None, Some(kind)) => {
            let owner = Owner {
                stack: document.stack.clone(),
                address: intent.address.clone(),
                intent: intent.intent.clone(),
                anywhere: false,
            };
            search(cloud, kind, &owner, document.given_up(&intent.address), &intent.inputs, pace).await
        }
        (None, None) => Ok(None),
    }
}

fn adopt(document: &mut Document, intent: &Intent, id: &Id) {
    let record = Record {
        id: id.clone(),
        inputs: intent.inputs.clone(),
        outputs: json!({}),
        depends_on: intent.depends_on.clone(),
        protected: intent.protected,
        intent: intent.intent.clone(),
        incomplete: true,
        deposed: vec![],
    };
    document.keep(Some(intent), &intent.address, &record);
}
