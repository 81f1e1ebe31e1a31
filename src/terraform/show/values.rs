use crate::schema::as_unknown;
use crate::state::DIGEST_PREFIX;
use serde_json::{Map, Value as Json, json};

/// A value as Terraform tells it: what is known, and beside it what is not and what is secret.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Without what is not known, and null for what is secret.
    pub value: Json,
    /// `true` where it is not known; tables and lists that hold such.
    pub unknown: Json,
    /// `true` where it is secret.
    pub sensitive: Json,
}

pub fn told(value: &Json) -> Told {
    if as_unknown(value).is_some() {
        return Told { value: Json::Null, unknown: json!(true), sensitive: json!(false) };
    }
    match value {
        Json::String(text) if text == "(sensitive)" || text.contains(DIGEST_PREFIX) => {
            Told { value: Json::Null, unknown: json!(false), sensitive: json!(true) }
        }
        Json::Object(map) => {
            let mut all = [Map::new(), Map::new(), Map::new()];
            for (key, value) in map {
                let Told { value: known, unknown, sensitive } = told(value);
                if unknown != json!(true) {
                    all[0].insert(key.clone(), known);
                }
                for (into, mark) in [(1, unknown), (2, sensitive)] {
                    if mark != json!(false) {
                        all[into].insert(key.clone(), mark);
                    }
                }
            }
            let [value, unknown, sensitive] = all.map(Json::Object);
            Told { value, unknown, sensitive }
        }
        Json::Array(items) => {
            let all: Vec<Told> = items.iter().map(told).collect();
            Told {
                value: all.iter().map(|one| one.value.clone()).collect(),
                unknown: all.iter().map(|one| one.unknown.clone()).collect(),
                sensitive: all.iter().map(|one| one.sensitive.clone()).collect(),
            }
        }
        other => Told { value: other.clone(), unknown: json!(false), sensitive: json!(false) },
    }
}
