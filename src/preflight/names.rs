use super::{Check, Finding, Verdict};
use crate::address::Address;
use crate::census::id_attribute;
use crate::cloud::Cloud;
use crate::desired::Desired;
use crate::plan::{Known, Value};
use crate::resource::{Id, Kind, Owner};
use crate::state::Document;
use futures::future::join_all;

/// Objects that would be made and whose names are taken, where a name is an id and one read tells.
pub(super) async fn names(cloud: &Cloud, desired: &Desired, state: Option<&Document>) -> Vec<Finding> {
    let mut known = Known::default();
    let mut asked = vec![];
    for address in desired.order() {
        let (kind, inputs) = (desired.kind(address), desired.inputs(address, &known));
        known.insert(address.clone(), Value::creating(address, kind, &inputs));
        let is_there = state.is_some_and(|state| state.resources.contains_key(address));
        if let Some(name) = id_attribute(kind).and_then(|name| inputs.get(name)?.as_str().map(str::to_owned))
            && !is_there
        {
            asked.push(one(cloud, desired, address, kind, name));
        }
    }
    join_all(asked).await.into_iter().flatten().collect()
}

async fn one(
    cloud: &Cloud,
    desired: &Desired,
    address: &Address,
    kind: &'static dyn Kind,
    name: String,
) -> Option<Finding> {
    let id = Id(name.clone());
    let remedy = "Choose another name, delete what has it, or take it over (docs/state.md says how).";
    let taken = |by: &str| {
        let message = format!("the name {name} is taken by {by}");
        Some(Finding::new(Verdict::Wrong, Check::Names, message, remedy).of(desired.config(), address))
    };
    match kind.read(cloud, std::slice::from_ref(&id)).await {
        Ok(mut found) => {
            let found = found.remove(&id)?;
            let tags = found.owner.unwrap_or_default();
            let ours = Owner::any(desired.stack(), address).owns(&tags);
            if ours {
                let message =
                    format!("{name} is there and carries this stack's tags, and the state does not know it");
                let remedy = "`stackctl state recover --from-tags` takes it into the state.";
                return Some(
                    Finding::new(Verdict::Doubtful, Check::Names, message, remedy)
                        .of(desired.config(), address),
                );
            }
            match tags.get(Owner::STACK) {
                Some(stack) => taken(&format!("an object of the stack {stack}")),
                None => taken("an object that this stack did not make"),
            }
        }
        // The names of buckets belong to the whole world.
        Err(error)
            if kind.name() == "bucket"
                && error.is(&["AccessDenied", "Forbidden", "403", "PermanentRedirect"]) =>
        {
            let message = format!(
                "the name {name} seems to be taken: S3 knows the bucket and does not let this identity look at it"
            );
            Some(Finding::new(Verdict::Doubtful, Check::Names, message, remedy).of(desired.config(), address))
        }
        Err(error) => Some(Finding::unasked(Check::Names, &error).of(desired.config(), address)),
    }
}
