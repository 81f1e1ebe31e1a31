//! Paths into attribute trees: `tags.owner`, `rules.0.cidr`.

use super::properties;
use serde_json::Value as Json;

/// The value at a dotted path.
pub fn get<'a>(value: &'a Json, path: &str) -> Option<&'a Json> {
    if path.is_empty() {
        return Some(value);
    }
    path.split('.').try_fold(value, |value, step| match value {
        Json::Object(map) => map.get(step),
        Json::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => None,
    })
}

/// The schema of the attribute at a dotted path.
pub fn schema<'a>(root: &'a Json, path: &str) -> Option<&'a Json> {
    if path.is_empty() {
        return Some(root);
    }
    path.split('.').try_fold(root, |schema, step| {
        if let Some(property) = properties(schema).and_then(|properties| properties.get(step)) {
            return Some(property);
        }
        let options = schema.get("anyOf").and_then(Json::as_array);
        let candidates = std::iter::once(schema).chain(options.into_iter().flatten());
        for candidate in candidates {
            if step.parse::<usize>().is_ok()
                && let Some(items) = candidate.get("items")
            {
                return Some(items);
            }
            if let Some(values) = candidate.get("additionalProperties").filter(|a| a.is_object()) {
                return Some(values);
            }
        }
        None
    })
}
