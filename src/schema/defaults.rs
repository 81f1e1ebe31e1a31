//! The defaults of a schema, filled in.

use super::{as_unknown, is, policy, properties, types::Types};
use serde_json::Value as Json;

/// Adds the defaults of what is not there, at every depth, so that inputs from `stack.toml`, state and cloud can be
/// compared. Unknown values stay as they are.
pub fn fill(schema: &Json, value: &mut Json) {
    if as_unknown(value).is_some() {
        return;
    }
    if is(schema, "x-policy") {
        policy::complete(value);
        return;
    }
    let schema = option(schema, value);
    match value {
        Json::Object(map) => {
            if let Some(properties) = properties(schema) {
                for (name, property) in properties {
                    if let Some(default) = property.get("default")
                        && !map.contains_key(name)
                    {
                        map.insert(name.clone(), default.clone());
                    }
                    if let Some(value) = map.get_mut(name) {
                        fill(property, value);
                    }
                }
            }
            let rest = schema.get("additionalProperties").filter(|rest| rest.is_object());
            for (name, value) in map.iter_mut() {
                let known = properties(schema).is_some_and(|properties| properties.contains_key(name));
                if let (false, Some(rest)) = (known, rest) {
                    fill(rest, value);
                }
            }
        }
        Json::Array(items) => {
            if let Some(schema) = schema.get("items") {
                items.iter_mut().for_each(|item| fill(schema, item));
            }
        }
        _ => {}
    }
}

/// The option of `anyOf` or `oneOf` that the value takes; the schema itself if it has none or none fits.
pub(super) fn option<'a>(schema: &'a Json, value: &Json) -> &'a Json {
    let options = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Json::as_array);
    let is = Types::of_value(value);
    let fitting: Vec<&Json> =
        options.into_iter().flatten().filter(|option| Types::of(option).intersects(is)).collect();
    match fitting.as_slice() {
        [only] => only,
        many => many.iter().find(|option| tags_agree(option, value)).copied().unwrap_or(schema),
    }
}

/// Whether the tag of a Rust enum says so: a constant property, or else the required names.
fn tags_agree(option: &Json, value: &Json) -> bool {
    let Json::Object(map) = value else { return true };
    let properties = option.get("properties").and_then(Json::as_object).into_iter().flatten();
    let constants: Vec<_> =
        properties.filter_map(|(name, property)| Some((name, property.get("const")?))).collect();
    if !constants.is_empty() {
        return constants.iter().all(|(name, constant)| map.get(*name) == Some(constant));
    }
    let required = option.get("required").and_then(Json::as_array).into_iter().flatten();
    required.filter_map(Json::as_str).all(|name| map.contains_key(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::unknown;
    use serde_json::json;

    #[test]
    fn fills_at_every_depth_and_leaves_unknowns() {
        let rule = json!({"type": "object", "properties": {"port": {"type": "integer", "default": 443}}});
        let schema = json!({"type": "object", "properties": {
            "versioning": {"type": "boolean", "default": false},
            "name": {"type": ["string", "null"]},
            "rules": {"type": "array", "items": rule},
            "main": {"anyOf": [rule, {"type": "null"}]},
            "named": {"type": "object", "additionalProperties": rule},
            "other": {"anyOf": [rule, {"type": "null"}]},
            "trust": {"x-policy": true},
        }});
        let mut value = json!({"rules": [{}, unknown("a.b.c")], "main": {}, "named": {"x": {}}, "other": unknown("a.b.c"),
            "trust": {"Statement": []}});
        fill(&schema, &mut value);
        assert_eq!(
            value,
            json!({"rules": [{"port": 443}, unknown("a.b.c")], "main": {"port": 443},
                "named": {"x": {"port": 443}}, "other": unknown("a.b.c"), "versioning": false,
                "trust": {"Version": "2012-10-17", "Statement": []}})
        );
        let before = value.clone();
        fill(&schema, &mut value);
        assert_eq!(value, before);
    }
}
