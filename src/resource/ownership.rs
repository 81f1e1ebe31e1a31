//! The ownership tags on their way between a kind, which has them among its tags, and the engine, which has them apart.

use super::Owner;
use crate::diff::{AttrChange, Effect};
use crate::path::Path;
use crate::schema::properties;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// Takes the ownership tags out of the `tags` of an object as read. `None` where its kind has no tags.
pub fn take(schema: &Json, inputs: &mut Json) -> Option<BTreeMap<String, String>> {
    properties(schema)?.get("tags")?;
    let mut owned = BTreeMap::new();
    if let Some(tags) = inputs.get_mut("tags").and_then(Json::as_object_mut) {
        for key in Owner::KEYS {
            if let Some(Json::String(value)) = tags.remove(key) {
                owned.insert(key.to_owned(), value);
            }
        }
    }
    Some(owned)
}

/// `inputs` with the ownership tags among its `tags`, where the kind has tags.
pub fn with(schema: &Json, inputs: &Json, owned: &BTreeMap<String, String>) -> Json {
    let mut inputs = inputs.clone();
    if properties(schema).is_some_and(|known| known.contains_key("tags"))
        && let Some(map) = inputs.as_object_mut()
    {
        let tags = map.entry("tags").or_insert(Json::Null);
        if tags.is_null() {
            *tags = Json::Object(Map::new());
        }
        if let Some(tags) = tags.as_object_mut() {
            tags.extend(owned.iter().map(|(key, value)| (key.clone(), json!(value))));
        }
    }
    inputs
}

/// The other stack that an object belongs to, by its ownership tags.
pub fn stranger<'a>(stack: &str, seen: Option<&'a BTreeMap<String, String>>) -> Option<&'a str> {
    let said = seen?.get(Owner::STACK)?;
    (said != stack).then_some(said)
}

impl Owner {
    pub const KEYS: [&'static str; 3] = [Self::STACK, Self::ADDRESS, Self::INTENT];

    /// The ownership tags that an object lacks or has wrong.
    pub fn claims(&self, seen: Option<&BTreeMap<String, String>>) -> Vec<AttrChange> {
        let Some(seen) = seen else { return vec![] };
        let tags = self.tags().into_iter().filter(|(key, value)| seen.get(key) != Some(value));
        tags.map(|(key, value)| AttrChange {
            path: Path::key("tags").with(&key),
            before: seen.get(&key).map_or(Json::Null, |before| json!(before)),
            after: json!(value),
            effect: Effect::InPlace,
            sensitive: false,
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;

    #[test]
    fn what_is_taken_out_can_be_put_back() {
        let schema = json!({"properties": {"tags": {"type": "object"}}});
        let owner = Owner { intent: "i".to_owned(), ..Owner::any("loans", &Address::new("queue", "a")) };
        let plain = json!({"tags": {"team": "x"}});
        let mut tagged = with(&schema, &plain, &owner.tags());
        assert_eq!(take(&schema, &mut tagged), Some(owner.tags()));
        assert_eq!(tagged, plain);
        assert_eq!(take(&json!({"properties": {}}), &mut tagged), None);
        assert_eq!(owner.claims(Some(&owner.tags())), vec![]);
        assert_eq!(owner.claims(None), vec![]);
        assert_eq!(owner.claims(Some(&BTreeMap::new())).len(), 3);
        assert_eq!(stranger("loans", Some(&owner.tags())), None);
        assert_eq!(stranger("other", Some(&owner.tags())), Some("loans"));
        assert_eq!(stranger("other", Some(&BTreeMap::new())), None);
    }
}
