use crate::schema::{is, properties};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

/// Turns secrets into keyed digests, so that a change is seen and the value is not.
#[derive(Debug, Clone)]
pub struct Digest {
    key: String,
}

/// How a digest is told from a value.
pub const PREFIX: &str = "$digest:";

impl Digest {
    /// Keyed by the lineage: the same secret in two states has two digests.
    pub fn new(lineage: &str) -> Self {
        Self { key: lineage.to_owned() }
    }

    /// `value` with every sensitive attribute replaced. Stable: a digest stays what it is.
    pub fn redact(&self, schema: &Json, value: &Json) -> Json {
        if is(schema, "x-sensitive") {
            return self.of(value);
        }
        match value {
            Json::Object(map) => {
                let known = properties(schema);
                let values = schema.get("additionalProperties").unwrap_or(&Json::Null);
                let redacted = map.iter().map(|(name, value)| {
                    let sub = known.and_then(|known| known.get(name)).unwrap_or(values);
                    (name.clone(), self.redact(sub, value))
                });
                Json::Object(redacted.collect())
            }
            Json::Array(items) => {
                let sub = crate::diff::items_schema(schema);
                items.iter().map(|item| self.redact(sub, item)).collect()
            }
            other => other.clone(),
        }
    }

    /// `value` with the digests in it replaced by the secrets of `plain` that have those digests: an update must not
    /// take an unchanged secret for a changed one.
    pub fn reveal(&self, schema: &Json, value: &Json, plain: &Json) -> Json {
        if is(schema, "x-sensitive") {
            return if self.of(plain) == *value { plain.clone() } else { value.clone() };
        }
        let (Json::Object(map), Json::Object(plain)) = (value, plain) else { return value.clone() };
        let known = properties(schema);
        let values = schema.get("additionalProperties").unwrap_or(&Json::Null);
        let revealed = map.iter().map(|(name, value)| {
            let sub = known.and_then(|known| known.get(name)).unwrap_or(values);
            (name.clone(), self.reveal(sub, value, plain.get(name).unwrap_or(&Json::Null)))
        });
        Json::Object(revealed.collect())
    }

    fn of(&self, value: &Json) -> Json {
        match value {
            Json::Null => Json::Null,
            Json::String(text) if text.starts_with(PREFIX) => value.clone(),
            other if crate::schema::as_unknown(other).is_some() => value.clone(),
            other => {
                let text = other.as_str().map_or_else(|| other.to_string(), str::to_owned);
                // Twice with the key around it: no length extension, no bare hash of a short secret.
                let inner =
                    Sha256::new().chain_update(&self.key).chain_update([0]).chain_update(&text).finalize();
                let outer =
                    Sha256::new().chain_update(&self.key).chain_update([1]).chain_update(inner).finalize();
                Json::String(format!("{PREFIX}{}", hex::encode(outer)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_sensitive_values_change_and_only_once() {
        let schema = json!({"properties": {"user": {}, "password": {"x-sensitive": true},
            "list": {"items": {"properties": {"token": {"x-sensitive": true}}}}}});
        let digest = Digest::new("lineage");
        let value = json!({"user": "u", "password": "hunter2", "list": [{"token": "t"}]});
        let once = digest.redact(&schema, &value);
        assert_eq!(once["user"], "u");
        assert!(!once.to_string().contains("hunter2") && once["list"][0]["token"] != "t");
        assert_eq!(digest.redact(&schema, &once), once);
        assert_eq!(digest.reveal(&schema, &once, &value)["password"], "hunter2");
        assert_ne!(Digest::new("other").redact(&schema, &value)["password"], once["password"]);
    }
}
