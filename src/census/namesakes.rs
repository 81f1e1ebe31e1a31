use super::observe;
use crate::address::Address;
use crate::cloud::Cloud;
use crate::desired::Desired;
use crate::plan::Known;
use crate::resource::{Id, Kind, Owner};
use crate::schema::properties;
use futures::future::join_all;

/// So many names are looked at.
const MOST: usize = 24;

/// Objects with the names that blocks write, which another stack has made at the same addresses, with that stack: probably this
/// one under its former name. Only kinds whose name is their id, for which one read tells. What cannot be asked for is passed
/// over: it only serves a warning.
pub async fn namesakes(cloud: &Cloud, desired: &Desired) -> Vec<(Address, Id, String)> {
    let known = Known::default();
    let written = desired.order().filter_map(|address| {
        let kind = desired.kind(address);
        let name = id_attribute(kind)?;
        desired.config().blocks.get(address)?.inputs.get(name)?;
        let id = Id(desired.inputs(address, &known).get(name)?.as_str()?.to_owned());
        Some((address, kind, id))
    });
    let looks = written.take(MOST).map(|(address, kind, id)| async move {
        let tags = observe(cloud, kind, &id).await.ok()??.owner?;
        let stack = tags.get(Owner::STACK)?;
        let same = tags.get(Owner::ADDRESS) == Some(&address.tag_value());
        (same && stack != desired.stack()).then(|| (address.clone(), id, stack.clone()))
    });
    join_all(looks).await.into_iter().flatten().collect()
}

/// The attribute that is the id of the objects of a kind.
pub fn id_attribute(kind: &dyn Kind) -> Option<&'static str> {
    let named = properties(kind.inputs())?.values().any(|schema| schema.get("x-name").is_some());
    // Queues, secrets and groups of rules have ids that AWS makes of their names.
    let template = kind.profile().actions.arn;
    let by_id = !matches!(kind.name(), "queue" | "secret" | "security_group" | "glue_table");
    let name = if template.ends_with("{identifier}") { "identifier" } else { "name" };
    (named && by_id && template.ends_with(&format!("{{{name}}}"))).then_some(name)
}
