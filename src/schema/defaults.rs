//! Defaults of a JSON Schema, filled in.

use super::{as_unknown, properties};
use serde_json::Value as Json;

/// Fills in what is unset and has a default.
pub fn fill(schema: &Json, value: &mut Json) {
    if as_unknown(value).is_some() {
        return;
    }
    match value {
        Json::Object(map) => {
            for (name, sub) in properties(schema).into_iter().flatten() {
                if !map.contains_key(name)
                    && let Some(default) = sub.get("default")
                {
                    map.insert(name.clone(), default.clone());
                }
                if let Some(value) = map.get_mut(name) {
                    fill(sub, value);
                }
            }
        }
        Json::Array(items) => {
            let sub = crate::diff::items_schema(schema);
            for item in items {
                fill(sub, item);
            }
        }
        _ => {}
    }
}
