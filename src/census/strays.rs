use super::{Census, observe};
use crate::address::Address;
use crate::cloud::Cloud;
use crate::desired::Desired;
use crate::error::{Error, Result};
use crate::resource::{Id, Kind, Owner};
use crate::schema::properties;
use crate::state::{Document, Record};
use serde_json::{Value as Json, json};
use std::collections::HashSet;

/// The kinds whose objects can be listed by their tags. The others are found by their name, which only a block says.
pub(super) const BY_TAGS: [&str; 7] = [
    "vpc",
    "subnet",
    "internet_gateway",
    "route_table",
    "security_group",
    "security_group_rule",
    "vpc_endpoint",
];

/// Objects that carry the tags of the stack, with an address that no block has. Nothing is done about them: nobody has said that
/// they are to go.
///
/// # Errors
/// A listing that failed.
pub(super) async fn strays(
    cloud: &Cloud,
    kinds: &[&'static dyn Kind],
    desired: &Desired,
    document: &Document,
    census: &mut Census,
) -> Result<()> {
    let recorded = document.resources.values().flat_map(Record::objects);
    let mut known: HashSet<Id> = recorded.map(|object| object.id.clone()).collect();
    known.extend(census.ambiguous.iter().flat_map(|(_, ids)| ids.iter().map(|id| Id(id.clone()))));
    let blocks: HashSet<String> = desired.order().map(Address::tag_value).collect();
    for kind in kinds.iter().filter(|kind| BY_TAGS.contains(&kind.name())) {
        let owner = Owner::anywhere(&document.stack, &Address::new(kind.name(), "any"));
        let ids: Vec<Id> = match kind.find(cloud, &owner, stand_in(kind.inputs())).await {
            Ok(found) => found.into_iter().collect(),
            Err(Error::Ambiguous { ids, .. }) => ids.into_iter().map(Id).collect(),
            Err(error) => return Err(error),
        };
        for id in ids.into_iter().filter(|id| !known.contains(id)) {
            let Some(observed) = observe(cloud, *kind, &id).await? else { continue };
            let said = observed.owner.and_then(|tags| tags.get(Owner::ADDRESS).cloned()).unwrap_or_default();
            // Of a block's address there is another object, or there are several: that is told already.
            if !blocks.contains(&said) {
                census.strays.push((said, id));
            }
        }
    }
    Ok(())
}

/// Inputs that a kind can read and that say nothing: who lists by tags does not look at them.
fn stand_in(schema: &Json) -> Json {
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    let all = properties(schema).into_iter().flatten();
    all.filter(|(name, _)| required.contains(&name.as_str()))
        .map(|(name, schema)| (name.clone(), value(schema)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn value(schema: &Json) -> Json {
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    match schema["type"].as_str() {
        Some("array") => json!([]),
        Some("object") => json!({}),
        Some("boolean") => json!(false),
        Some("integer" | "number") => json!(1),
        _ => json!("unknown"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::registry;
    use crate::schema::validate::validate;

    #[test]
    fn every_kind_that_is_listed_by_tags_reads_its_stand_in() {
        for name in BY_TAGS {
            let kind = registry().iter().find(|kind| kind.name() == name).unwrap();
            let problems = validate(kind.inputs(), &stand_in(kind.inputs()));
            assert!(problems.is_empty(), "{name}: {problems:?}");
        }
    }
}
