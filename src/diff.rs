//! The one diff of the project: two attribute trees and their schema to a list of changes.

use crate::path::Path;
use crate::schema::{as_unknown, has_unknown, is, key, policy, properties, rise, tree};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// What a change means for the object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// In the state alone: nothing is called.
    Recorded,
    InPlace,
    /// In place, with an interruption of the service that the text describes.
    Interrupts(String),
    Replace,
}

/// One attribute that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttrChange {
    pub path: Path,
    pub before: Json,
    /// May hold unknown values.
    pub after: Json,
    pub effect: Effect,
    pub sensitive: bool,
}

impl AttrChange {
    /// Whether it is this top-level attribute that differs.
    pub fn is_of(&self, name: &str) -> bool {
        self.path.is(name)
    }

    /// Whether it is this top-level attribute, or something in it.
    pub fn is_within(&self, name: &str) -> bool {
        self.path.head() == name
    }
}

/// The changes from `before` to `after`, in the order of the schema. Attributes without an opinion in `after`
/// (`x-computed` and unset) and those that no object has (`x-local`) never differ.
pub fn diff(schema: &Json, before: &Json, after: &Json) -> Vec<AttrChange> {
    let mut changes = vec![];
    walk(
        &Place { schema, path: Path::default(), effect: Effect::InPlace, sensitive: false },
        before,
        after,
        &mut changes,
    );
    changes
}

struct Place<'a> {
    schema: &'a Json,
    path: Path,
    effect: Effect,
    sensitive: bool,
}

impl<'a> Place<'a> {
    fn child(&self, name: &str, schema: &'a Json, before: &Json, after: &Json) -> Self {
        let path = self.path.with(name);
        let another_sort = || before.is_null() != after.is_null();
        let own = if is(schema, "x-replace")
            || schema.get("x-replace").is_some_and(|mode| mode == "sort") && another_sort()
        {
            Effect::Replace
        } else if let Some(text) = schema.get("x-interrupts").and_then(Json::as_str) {
            Effect::Interrupts(text.to_owned())
        } else {
            Effect::InPlace
        };
        let effect = own.max(self.effect.clone());
        Self { schema, path, effect, sensitive: self.sensitive || is(schema, "x-sensitive") }
    }
}

fn walk(place: &Place<'_>, before: &Json, after: &Json, changes: &mut Vec<AttrChange>) {
    let schema = place.schema;
    let unsaid = before.is_null() || after.is_null();
    if schema.get("x-identity").is_some() && unsaid {
        return;
    }
    if is(schema, "x-local") || (is(schema, "x-computed") && after.is_null()) || same(schema, before, after) {
        return;
    }
    if is(schema, "x-rises") && rise::is_reached(before, after) {
        return;
    }
    let opaque = is(schema, "x-policy") || as_unknown(after).is_some();
    if let (false, Json::Object(b), Json::Object(a)) = (opaque, before, after) {
        let known = properties(schema);
        let none = Map::new();
        for (name, sub) in known.unwrap_or(&none) {
            let (b, a) = (b.get(name).unwrap_or(&Json::Null), a.get(name).unwrap_or(&Json::Null));
            walk(&place.child(name, sub, b, a), b, a, changes);
        }
        let values = schema.get("additionalProperties").filter(|values| values.is_object());
        let is_known = |name: &String| known.is_some_and(|known| known.contains_key(name));
        let mut names: Vec<&String> = b.keys().chain(a.keys()).filter(|name| !is_known(name)).collect();
        names.sort();
        names.dedup();
        for name in names {
            let (b, a) = (b.get(name).unwrap_or(&Json::Null), a.get(name).unwrap_or(&Json::Null));
            walk(&place.child(name, values.unwrap_or(&Json::Null), b, a), b, a, changes);
        }
        return;
    }
    changes.push(AttrChange {
        path: place.path.clone(),
        before: before.clone(),
        after: after.clone(),
        effect: place.effect.clone(),
        sensitive: place.sensitive,
    });
}

/// Whether both mean the same to AWS. An unknown value is never the same as anything.
pub fn same(schema: &Json, a: &Json, b: &Json) -> bool {
    !has_unknown(a) && !has_unknown(b) && canonical(schema, a) == canonical(schema, b)
}

/// A form that two values share exactly when AWS would not tell them apart: no nulls, sets sorted, policies by
/// meaning, `3.0` as `3`.
pub fn canonical(schema: &Json, value: &Json) -> Json {
    match value {
        Json::Object(_) if is(schema, "x-policy") => policy::canonical(value),
        Json::Object(map) => {
            let known = properties(schema);
            let values = schema.get("additionalProperties").unwrap_or(&Json::Null);
            let mut entries: Vec<(String, Json)> = map
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| {
                    let sub = known.and_then(|known| known.get(name)).unwrap_or(values);
                    (name.clone(), canonical(sub, value))
                })
                .collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Json::Object(entries.into_iter().collect())
        }
        Json::Array(items) => {
            let sub = items_schema(schema);
            let mut items: Vec<Json> = items.iter().map(|item| canonical(sub, item)).collect();
            if tree::is_set(schema) {
                items.sort_by_cached_key(ToString::to_string);
                items.dedup();
            }
            Json::Array(items)
        }
        Json::Number(number) => match number.as_f64() {
            #[expect(clippy::cast_possible_truncation, reason = "only whole numbers below 2^53 come here")]
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9e15 => {
                Json::from(float as i64)
            }
            _ => value.clone(),
        },
        Json::String(name) if is(schema, "x-key") => Json::from(key::tail(name)),
        _ => value.clone(),
    }
}

/// The schema of an array's elements, also below `Option`.
pub fn items_schema(schema: &Json) -> &Json {
    let options = schema.get("anyOf").and_then(Json::as_array).into_iter().flatten();
    std::iter::once(schema).chain(options).find_map(|option| option.get("items")).unwrap_or(&Json::Null)
}

/// Whether a read may say nothing of an attribute that an object has.
pub fn may_be_silent(schema: &Json) -> bool {
    ["x-write-only", "x-computed", "x-silent"].iter().any(|keyword| is(schema, keyword))
}

/// What was observed, completed from `recorded` where AWS gives no answer: attributes that it never returns
/// (`x-write-only`), that no object has (`x-local`), or that were not reported this time (null, and `x-computed` or
/// `x-silent`).
pub fn complete(schema: &Json, observed: &Json, recorded: &Json) -> Json {
    let (Some(known), Json::Object(observed)) = (properties(schema), observed) else {
        return observed.clone();
    };
    let mut out = observed.clone();
    for (name, sub) in known {
        let seen = out.get(name).unwrap_or(&Json::Null);
        let silent = is(sub, "x-local")
            || is(sub, "x-write-only")
            || (seen.is_null() && (is(sub, "x-computed") || is(sub, "x-silent")));
        let value = match recorded.get(name) {
            Some(recorded) if silent => recorded.clone(),
            Some(recorded) if seen.is_object() && properties(sub).is_some() => complete(sub, seen, recorded),
            _ => continue,
        };
        out.insert(name.clone(), value);
    }
    Json::Object(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Json {
        json!({"type": "object", "properties": {
            "name": {"type": "string", "x-replace": true},
            "zone": {"type": ["string", "null"], "x-computed": true},
            "class": {"type": "string", "x-interrupts": "a few minutes"},
            "source": {"type": "string", "x-local": true},
            "password": {"type": "string", "x-sensitive": true, "x-write-only": true},
            "groups": {"type": "array", "x-set": true, "items": {"type": "object", "properties": {"id": {}, "note": {}}}},
            "policy": {"x-policy": true},
            "tags": {"type": "object", "additionalProperties": {"type": "string"}},
            "nested": {"type": "object", "x-replace": true, "properties": {"size": {"type": "integer"}}},
            "cidr": {"type": ["string", "null"], "x-replace": "sort"},
            "version": {"type": ["string", "null"], "x-computed": true, "x-rises": true},
            "key": {"type": ["string", "null"], "x-key": true},
        }})
    }

    fn paths(before: Json, after: Json) -> Vec<(String, Effect)> {
        diff(&schema(), &before, &after)
            .into_iter()
            .map(|change| (change.path.to_string(), change.effect))
            .collect()
    }

    #[test]
    fn nothing_differs_from_what_means_the_same() {
        let before = json!({"name": "a", "zone": "x1", "source": "p", "groups": [{"id": "a", "note": null}, {"id": "b"}],
            "policy": {"Statement": [{"Effect": "Allow", "Action": ["s3:Get"]}]}, "nested": {"size": 3.0}});
        let after = json!({"name": "a", "zone": null, "source": "q", "groups": [{"id": "b"}, {"id": "a"}],
            "policy": {"Statement": {"Action": "S3:get", "Effect": "Allow"}}, "nested": {"size": 3}, "tags": null});
        assert_eq!(paths(before, after), vec![]);
    }

    #[test]
    fn every_change_says_what_it_means() {
        let before =
            json!({"name": "a", "class": "s", "tags": {"owner": "x", "old": "1"}, "nested": {"size": 3}});
        let after = json!({"name": {"$unknown": "vpc.main.id"}, "class": "l", "tags": {"owner": "y", "new": "1"}, "nested": {"size": 4}});
        assert_eq!(
            paths(before, after),
            vec![
                ("name".into(), Effect::Replace),
                ("class".into(), Effect::Interrupts("a few minutes".into())),
                ("tags.new".into(), Effect::InPlace),
                ("tags.old".into(), Effect::InPlace),
                ("tags.owner".into(), Effect::InPlace),
                ("nested.size".into(), Effect::Replace),
            ]
        );
    }

    #[test]
    fn another_sort_replaces_and_another_value_does_not() {
        let with = |cidr: Json| json!({"name": "a", "cidr": cidr});
        let path = || "cidr".to_owned();
        assert_eq!(paths(with(json!("a")), with(json!("b"))), [(path(), Effect::InPlace)]);
        assert_eq!(paths(with(json!("a")), with(Json::Null)), [(path(), Effect::Replace)]);
        assert_eq!(paths(with(Json::Null), with(json!("a"))), [(path(), Effect::Replace)]);
    }

    #[test]
    fn what_only_rises_never_differs_from_less() {
        let with = |version: &str| json!({"name": "a", "version": version});
        assert_eq!(paths(with("15.5"), with("15")), vec![]);
        assert_eq!(paths(with("15.5"), with("15.4")), vec![]);
        assert_eq!(paths(with("15.5"), with("16")), [("version".to_owned(), Effect::InPlace)]);
    }

    #[test]
    fn a_key_is_the_same_however_it_is_spelled() {
        let with = |key: &str| json!({"name": "a", "key": key});
        assert_eq!(paths(with("arn:aws:kms:eu-west-1:1:alias/a"), with("alias/a")), vec![]);
        assert_eq!(paths(with("1234"), with("arn:aws:kms:eu-west-1:1:key/1234")), vec![]);
        assert_eq!(paths(with("alias/a"), with("alias/b")), [("key".to_owned(), Effect::InPlace)]);
    }

    #[test]
    fn silence_of_aws_is_filled_from_the_record() {
        let observed = json!({"name": "a", "zone": null, "password": null, "source": null, "class": null});
        let recorded =
            json!({"name": "old", "zone": "x1", "password": "digest", "source": "p", "class": "s"});
        let expected = json!({"name": "a", "zone": "x1", "password": "digest", "source": "p", "class": null});
        assert_eq!(complete(&schema(), &observed, &recorded), expected);
    }

    #[test]
    fn a_sensitive_attribute_says_so() {
        let changes = diff(&schema(), &json!({"password": "a"}), &json!({"password": "b"}));
        assert!(changes[0].sensitive);
    }
}
