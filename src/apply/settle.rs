use crate::address::Address;
use crate::cloud::Cloud;
use crate::error::Result;
use crate::resource::{Id, Kind, Owner};
use crate::state::{Document, Intent, Record, Verb};
use serde_json::json;

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

/// Settles what a dead run left open, oldest first. The caller writes the document afterwards.
///
/// # Errors
/// An object could not be looked up: nothing is forgotten, the next command tries again.
pub async fn settle(
    cloud: &Cloud,
    document: &mut Document,
    kind: impl Fn(&str) -> Option<&'static dyn Kind>,
) -> Result<Vec<Finding>> {
    let mut findings = vec![];
    for intent in &document.open.clone() {
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
            Verb::Create => match found(cloud, document, intent, kind(&address.kind)).await? {
                Some(id) => {
                    adopt(document, intent, &id);
                    Finding::Adopted { address: address.clone(), id }
                }
                None => Finding::Nothing { address: address.clone() },
            },
        });
    }
    document.open.clear();
    Ok(findings)
}

async fn found(
    cloud: &Cloud,
    document: &Document,
    intent: &Intent,
    kind: Option<&'static dyn Kind>,
) -> Result<Option<Id>> {
    match (&intent.id, kind) {
        (Some(id), _) => Ok(Some(id.clone())),
        (None, Some(kind)) => {
            let owner = Owner {
                stack: document.stack.clone(),
                address: intent.address.clone(),
                intent: intent.intent.clone(),
            };
            kind.find(cloud, &owner, intent.inputs.clone()).await
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
        protected: false,
        intent: intent.intent.clone(),
        incomplete: true,
        deposed: vec![],
    };
    document.keep(Some(intent), &intent.address, &record);
}
