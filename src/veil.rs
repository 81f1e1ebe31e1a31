//! What may not be said. AWS quotes what it refuses, so a secret may stand in the text of an error, and that text goes to the
//! terminal, into the journal and into logs.

use crate::schema::{is, properties};
use serde_json::Value as Json;
use std::borrow::Cow;
use std::cmp::Reverse;
use std::sync::{PoisonError, RwLock};

/// Longest first: one may be part of another.
static VEILED: RwLock<Vec<String>> = RwLock::new(vec![]);

/// What is shorter cannot be told from words that mean no harm.
const SHORTEST: usize = 4;

/// From now on no error of this process has the secret in its text.
pub fn veil(secret: &str) {
    if secret.chars().count() < SHORTEST {
        return;
    }
    // As it stands in a quoted document.
    let escaped = Json::from(secret).to_string();
    let escaped = escaped.trim_matches('"');
    let mut veiled = VEILED.write().unwrap_or_else(PoisonError::into_inner);
    for form in [secret, escaped] {
        let at =
            veiled.binary_search_by_key(&(Reverse(form.len()), form), |known| (Reverse(known.len()), known));
        if let Err(at) = at {
            veiled.insert(at, form.to_owned());
        }
    }
}

/// [`veil`] for every leaf of it.
pub fn veil_all(value: &Json) {
    match value {
        Json::String(text) => veil(text),
        Json::Number(number) => veil(&number.to_string()),
        Json::Array(items) => items.iter().for_each(veil_all),
        Json::Object(map) => map.values().for_each(veil_all),
        Json::Null | Json::Bool(_) => {}
    }
}

/// [`veil`] for every sensitive attribute in `value`.
pub fn veil_sensitive(schema: &Json, value: &Json) {
    if is(schema, "x-sensitive") {
        return veil_all(value);
    }
    match value {
        Json::Object(map) => {
            let known = properties(schema);
            let values = schema.get("additionalProperties").unwrap_or(&Json::Null);
            for (name, value) in map {
                veil_sensitive(known.and_then(|known| known.get(name)).unwrap_or(values), value);
            }
        }
        Json::Array(items) => {
            let sub = crate::diff::items_schema(schema);
            items.iter().for_each(|item| veil_sensitive(sub, item));
        }
        _ => {}
    }
}

/// The text without secrets.
pub fn veiled(text: &str) -> Cow<'_, str> {
    let secrets = VEILED.read().unwrap_or_else(PoisonError::into_inner);
    secrets.iter().fold(Cow::Borrowed(text), |text, secret| {
        if text.contains(secret.as_str()) { text.replace(secret, "(sensitive)").into() } else { text }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_secret_is_said_in_none_of_its_forms() {
        let schema = json!({"properties": {"user": {}, "table": {"additionalProperties": {"x-sensitive": true}},
            "list": {"items": {"properties": {"token": {"x-sensitive": true}}}}}});
        let value = json!({"user": "veil-user", "table": {"a": "veil-one", "b": "veil-one-and-more"},
            "list": [{"token": "veil \"two\""}]});
        veil_sensitive(&schema, &value);
        veil("abc");
        let text = format!("abc: veil-user, veil-one-and-more, veil-one, veil \"two\", quoted: {value}");
        let said = veiled(&text);
        for secret in ["veil-one", "veil \"two\"", "and-more", "two\\\""] {
            assert!(!said.contains(secret), "{said}");
        }
        assert!(
            said.starts_with("abc: veil-user, (sensitive), (sensitive), (sensitive), quoted: {"),
            "{said}"
        );
        assert!(matches!(veiled("nothing of it"), Cow::Borrowed(_)));
    }
}
