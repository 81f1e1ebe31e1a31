//! What a plan shows beside the differences of attributes: what a create brings, and what changes in the state alone.

use crate::address::Address;
use crate::diff::{AttrChange, Effect, same};
use crate::path::Path;
use crate::resource::Kind;
use crate::schema::{is, properties};
use crate::state::{Record, is_digest};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

/// A create shows what will be there, not the unset.
pub(super) fn created(changes: Vec<AttrChange>) -> Vec<AttrChange> {
    let flat = changes.into_iter().flat_map(|change| match change.after {
        Json::Object(ref map) if change.path.is_root() => map
            .iter()
            .map(|(name, value)| AttrChange {
                path: Path::key(name),
                before: Json::Null,
                after: value.clone(),
                effect: Effect::InPlace,
                sensitive: is_digest(value),
            })
            .collect(),
        _ => vec![change],
    });
    flat.filter(|change| !change.after.is_null()).collect()
}

/// Attributes that no object has but that the state must know, since a later destroy goes by them (`force_destroy`).
/// Where a package comes from is no such thing: it differs between machines.
pub(super) fn noted(kind: &dyn Kind, recorded: &Json, wanted: &Json) -> Vec<AttrChange> {
    let packaged = |schema: &Json| schema.get("x-package").is_some();
    let attributes = properties(kind.inputs()).into_iter().flatten();
    let noted = attributes.filter(|(_, schema)| is(schema, "x-local") && !packaged(schema));
    let changes = noted.filter_map(|(name, schema)| {
        let before = recorded.get(name).unwrap_or(&Json::Null);
        let after = wanted.get(name).unwrap_or(&Json::Null);
        (name != "artifact" && !same(schema, before, after)).then(|| AttrChange {
            path: Path::key(name),
            before: before.clone(),
            after: after.clone(),
            effect: Effect::Recorded,
            sensitive: false,
        })
    });
    changes.collect()
}

/// Protection is in the state, so that deleting a block does not delete the protection with it.
pub(super) fn protection(record: &Record, wanted: bool) -> Option<AttrChange> {
    (record.protected != wanted).then(|| AttrChange {
        path: Path::key("lifecycle").with("prevent_destroy"),
        before: json!(record.protected),
        after: json!(wanted),
        effect: Effect::Recorded,
        sensitive: false,
    })
}

/// What it depends on is in the state, since a deletion goes by it: a change of that alone is one of the state too.
pub(super) fn edges(record: &Record, wanted: &[Address]) -> Option<AttrChange> {
    let set = |addresses: &[Address]| addresses.iter().map(ToString::to_string).collect::<BTreeSet<String>>();
    let (before, after) = (set(&record.depends_on), set(wanted));
    (before != after).then(|| AttrChange {
        path: Path::key("depends_on"),
        before: json!(before),
        after: json!(after),
        effect: Effect::Recorded,
        sensitive: false,
    })
}
