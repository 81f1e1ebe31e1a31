//! How much two values have in common.

use crate::diff::{canonical, items_schema};
use crate::schema::tree::child;
use serde_json::{Map, Value as Json};

/// Above this, two elements are taken for one that changed: more of it stays than goes.
pub const ALIKE: f64 = 0.5;

/// From 0, nothing, to 1, the same.
pub fn likeness(schema: &Json, a: &Json, b: &Json) -> f64 {
    match (a, b) {
        (Json::Object(a), Json::Object(b)) => {
            let names = names(a, b);
            let each = names.iter().map(|name| {
                let sub = child(schema, name).unwrap_or(&Json::Null);
                likeness(sub, a.get(*name).unwrap_or(&Json::Null), b.get(*name).unwrap_or(&Json::Null))
            });
            share(each.sum(), names.len())
        }
        (Json::Array(a), Json::Array(b)) => {
            let sub = items_schema(schema);
            let a: Vec<Json> = a.iter().map(|item| canonical(sub, item)).collect();
            let b: Vec<Json> = b.iter().map(|item| canonical(sub, item)).collect();
            let both = a.iter().filter(|item| b.contains(item)).count();
            share(both as f64, a.len().max(b.len()))
        }
        (a, b) => f64::from(u8::from(canonical(schema, a) == canonical(schema, b))),
    }
}

/// The names that either has, nulls left out, in the order of the second.
pub fn names<'a>(a: &'a Map<String, Json>, b: &'a Map<String, Json>) -> Vec<&'a String> {
    let set =
        |map: &'a Map<String, Json>| map.iter().filter(|(_, value)| !value.is_null()).map(|(name, _)| name);
    let mut names: Vec<&String> = set(b).collect();
    names.extend(set(a).filter(|name| b.get(*name).is_none_or(Json::is_null)));
    names
}

fn share(part: f64, of: usize) -> f64 {
    if of == 0 { 1.0 } else { part / of as f64 }
}
