//! `x-fingerprint`: one attribute that stands for others which AWS does not keep, so that what is recorded in the cloud
//! can be compared with what is wanted.

use super::{find_unknown, properties, unknown};
use crate::diff::canonical;
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

/// Fills in the fingerprints that are unset: SHA-256 in hex of the attributes that the keyword names, in a form that does
/// not depend on the order of keys; unknown while one of them is.
pub fn fill(schema: &Json, inputs: &mut Json) {
    let Json::Object(map) = inputs else { return };
    for (name, sub) in properties(schema).into_iter().flatten() {
        let Some(sources) = sub.get("x-fingerprint").and_then(Json::as_array) else { continue };
        if map.get(name).is_some_and(|given| !given.is_null()) {
            continue;
        }
        let sources = sources.iter().filter_map(Json::as_str);
        let whole: Map<String, Json> = sources
            .map(|source| (source.to_owned(), map.get(source).cloned().unwrap_or(Json::Null)))
            .collect();
        let whole = Json::Object(whole);
        let fingerprint = match find_unknown(&whole) {
            Some(reference) => unknown(reference),
            None => Json::String(hex::encode(Sha256::digest(canonical(schema, &whole).to_string()))),
        };
        map.insert(name.clone(), fingerprint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(mut inputs: Json) -> Json {
        let schema = json!({"properties": {"payload": {"type": "object"}, "triggers": {"type": "object"}, "other": {},
            "fingerprint": {"x-fingerprint": ["payload", "triggers"]}}});
        fill(&schema, &mut inputs);
        inputs["fingerprint"].take()
    }

    #[test]
    fn it_tells_what_it_stands_for_and_nothing_else() {
        let one = of(json!({"payload": {"a": {"x": 1, "y": [2, 3]}, "b": null}, "triggers": {}, "other": 1}));
        assert_eq!(one.as_str().unwrap().len(), 64);
        let same = of(json!({"triggers": {}, "payload": {"a": {"y": [2, 3], "x": 1}}, "other": 2}));
        assert_eq!(one, same);
        for other in [
            json!({"payload": {"a": {"x": 1, "y": [3, 2]}}, "triggers": {}}),
            json!({"payload": {"a": {"x": 1, "y": [2, 3]}}, "triggers": {"code": "1"}}),
            json!({"triggers": {"a": {"x": 1, "y": [2, 3]}}, "payload": {}}),
        ] {
            assert_ne!(one, of(other));
        }
    }

    #[test]
    fn it_is_unknown_with_its_sources_and_stays_as_it_was_given() {
        let waiting =
            json!({"payload": {"list": [{"secret": unknown("secret.a.arn")}]}, "fingerprint": null});
        assert_eq!(of(waiting), unknown("secret.a.arn"));
        assert_eq!(of(json!({"payload": {}, "fingerprint": "mine"})), json!("mine"));
    }
}
