//! Attribute trees and their schemas, by paths.

use super::{as_unknown, is, properties};
use crate::path::{Path, Step, splits};
use serde_json::{Map, Value as Json};

/// The value at a path.
pub fn get<'a>(value: &'a Json, path: &Path) -> Option<&'a Json> {
    down(value, path.steps())
}

fn down<'a>(value: &'a Json, steps: &[Step]) -> Option<&'a Json> {
    let Some(first) = steps.first() else { return Some(value) };
    match value {
        Json::Object(map) => splits(steps).find_map(|(key, rest)| down(map.get(key.as_ref())?, rest)),
        Json::Array(items) => down(items.get(position(items, first)?)?, &steps[1..]),
        _ => None,
    }
}

/// Where the element is that a step leads to.
fn position(items: &[Json], step: &Step) -> Option<usize> {
    match step {
        Step::Index(index) => (*index < items.len()).then_some(*index),
        Step::Element(name) => items.iter().position(|item| identity(item) == Some(name)),
        Step::Key(_) => None,
    }
}

/// The fields by which elements of lists are called.
pub const IDENTITIES: [&str; 3] = ["Sid", "id", "name"];

/// What an element of a list is called: the value of its `Sid`, `id` or `name`.
pub fn identity(element: &Json) -> Option<&str> {
    let fields = IDENTITIES.iter().filter_map(|field| element.get(field)?.as_str());
    fields.into_iter().find(|name| !name.is_empty())
}

/// The schema of the attribute at a path.
pub fn schema<'a>(root: &'a Json, path: &Path) -> Option<&'a Json> {
    below(root, path.steps())
}

fn below<'a>(root: &'a Json, steps: &[Step]) -> Option<&'a Json> {
    match steps {
        [] => Some(root),
        [element @ Step::Element(_), rest @ ..] => below(step(root, element)?, rest),
        _ => splits(steps).find_map(|(key, rest)| below(child(root, &key)?, rest)),
    }
}

/// The schema of what a step leads to.
fn step<'a>(schema: &'a Json, step: &Step) -> Option<&'a Json> {
    match step {
        Step::Element(_) => child(schema, "0").filter(|items| {
            IDENTITIES.iter().any(|field| properties(items).is_some_and(|own| own.contains_key(*field)))
        }),
        _ => child(schema, &step.as_key()?),
    }
}

/// The schema of one property, element or entry.
pub fn child<'a>(schema: &'a Json, step: &str) -> Option<&'a Json> {
    if let Some(property) = properties(schema).and_then(|properties| properties.get(step)) {
        return Some(property);
    }
    let options = |keyword| schema.get(keyword).and_then(Json::as_array).into_iter().flatten();
    for candidate in std::iter::once(schema).chain(options("anyOf")).chain(options("oneOf")) {
        if step.parse::<usize>().is_ok()
            && let Some(items) = candidate.get("items")
        {
            return Some(items);
        }
        if let Some(property) = candidate.get("properties").and_then(|properties| properties.get(step)) {
            return Some(property);
        }
        if let Some(values) = entries(candidate) {
            return Some(values);
        }
    }
    None
}

/// The schema of the values of a table with keys of the user's own.
fn entries(schema: &Json) -> Option<&Json> {
    schema.get("additionalProperties").filter(|values| values.is_object())
}

/// Why a path leads to no attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Astray {
    /// Nothing is there; below this path something was.
    Nowhere { whole: Path, step: String },
    /// It would be one key if it were written so.
    Unquoted(Path),
    /// It can be read in both ways.
    Ambiguous(Path, Path),
}

/// The path as the schema means it: keys that hold dots are put together where they can be nothing else, which is where
/// they hold a character that no attribute's name has (`tags.kubernetes.io/role`).
pub fn resolve(root: &Json, path: &Path) -> Result<Path, Astray> {
    let mut found = vec![];
    readings(root, &Path::default(), path.steps(), &mut found);
    let exact = found.iter().position(|reading| reading == path);
    match (exact, found.as_slice()) {
        (Some(_), _) => Ok(path.clone()),
        (None, []) => Err(nowhere(root, path)),
        (None, [only]) if only.steps().iter().any(is_no_name) => Ok(only.clone()),
        (None, [only]) => Err(Astray::Unquoted(only.clone())),
        (None, [one, other, ..]) => Err(Astray::Ambiguous(one.clone(), other.clone())),
    }
}

/// Whether no reader takes a key for the names of attributes, one in another.
fn is_no_name(step: &Step) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    matches!(step, Step::Key(key) if key.contains('.') && !key.chars().all(plain))
}

fn readings(schema: &Json, above: &Path, steps: &[Step], found: &mut Vec<Path>) {
    let [first, rest @ ..] = steps else { return found.push(above.clone()) };
    if let Some(child) = step(schema, first) {
        readings(child, &above.then(first.clone()), rest, found);
    }
    let options = schema.get("anyOf").and_then(Json::as_array).into_iter().flatten();
    if let Some(values) = std::iter::once(schema).chain(options).find_map(entries) {
        for (key, rest) in splits(steps).skip(1) {
            readings(values, &above.with(&key), rest, found);
        }
    }
}

fn nowhere(root: &Json, path: &Path) -> Astray {
    let steps = path.steps();
    let taken = (0..steps.len()).rev().find(|count| schema(root, &Path::from(&steps[..*count])).is_some());
    let taken = taken.unwrap_or(0);
    let step = Path::from(&steps[taken..=taken.min(steps.len() - 1)]).to_string();
    Astray::Nowhere { whole: Path::from(&steps[..taken]), step }
}

/// Whether order means nothing in an array of this schema.
pub fn is_set(schema: &Json) -> bool {
    is(schema, "x-set") || is(schema, "uniqueItems")
}

/// What is wanted, completed with what AWS filled in.
pub fn merge(observed: &Json, wanted: &Json) -> Json {
    match (observed, wanted) {
        (Json::Object(observed), Json::Object(wanted)) => {
            let mut out = observed.clone();
            for (name, value) in wanted.iter().filter(|(_, value)| !value.is_null()) {
                out.insert(name.clone(), value.clone());
            }
            Json::Object(out)
        }
        (_, wanted) => wanted.clone(),
    }
}

/// Makes the attribute at `path` what `from` has there; where `from` has nothing, it goes.
pub fn copy(from: &Json, to: &mut Json, path: &Path) {
    put(down(from, path.steps()), from, to, path.steps());
}

/// Makes the attribute at `path`, which leads through tables only, this value; with null it goes.
pub fn set(to: &mut Json, path: &Path, value: &Json) {
    put(Some(value).filter(|value| !value.is_null()), &Json::Null, to, path.steps());
}

fn put(value: Option<&Json>, from: &Json, to: &mut Json, steps: &[Step]) {
    let [first, rest @ ..] = steps else {
        if let Some(value) = value {
            *to = value.clone();
        }
        return;
    };
    match to {
        Json::Array(items) => {
            let Some(source) = from.as_array().and_then(|from| from.get(position(from, first)?)) else {
                return;
            };
            if let Some(at) = position(items, first) {
                put(value, source, &mut items[at], rest);
            }
        }
        // What is not known yet has no parts.
        _ if as_unknown(to).is_some() => {}
        Json::Object(_) | Json::Null => {
            let Some(key) = first.as_key() else { return };
            let source = from.get(key.as_ref()).unwrap_or(&Json::Null);
            match (value, rest) {
                (None, []) => {
                    to.as_object_mut().map(|map| map.shift_remove(key.as_ref()));
                }
                (None, rest) => {
                    if let Some(inner) = to.get_mut(key.as_ref()) {
                        put(None, source, inner, rest);
                    }
                }
                (Some(_), rest) => {
                    if to.is_null() {
                        *to = Json::Object(Map::new());
                    }
                    if let Json::Object(map) = to {
                        put(value, source, map.entry(key.into_owned()).or_insert(Json::Null), rest);
                    }
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn path(text: &str) -> Path {
        text.parse().unwrap()
    }

    fn root() -> Json {
        let policy = json!({"x-policy": true});
        let file = json!({"type": "object", "properties": {"path": {"type": "string"}}});
        json!({"type": "object", "properties": {
            "name": {"type": "string"},
            "tags": {"type": "object", "additionalProperties": {"type": "string"}},
            "labels": {"anyOf": [{"type": "object", "additionalProperties": {"type": "string"}}, {"type": "null"}]},
            "policies": {"type": "object", "additionalProperties": policy},
            "files": {"type": "object", "additionalProperties": file},
            "rules": {"type": "array", "items": {"type": "object", "properties": {"id": {}, "cidr": {"type": "string"}}}},
            "ports": {"type": "array", "items": {"type": "integer"}},
        }})
    }

    #[test]
    fn keys_may_hold_dots() {
        let value = json!({"tags": {"kubernetes.io/role": "a"}, "rules": [{"cidr": "b", "id": "x"}]});
        assert_eq!(get(&value, &path("tags.kubernetes.io/role")), Some(&json!("a")));
        assert_eq!(get(&value, &path("tags.\"kubernetes.io/role\"")), Some(&json!("a")));
        assert_eq!(get(&value, &path("rules.0.cidr")), Some(&json!("b")));
        assert_eq!(get(&value, &path("rules[x].cidr")), Some(&json!("b")));
        assert_eq!(get(&value, &path("rules.1.cidr")), None);
        assert_eq!(schema(&root(), &path("tags.kubernetes.io/role")), Some(&json!({"type": "string"})));
    }

    #[test]
    fn a_path_is_read_as_the_schema_means_it() {
        for (written, meant) in [
            ("name", "name"),
            ("tags", "tags"),
            ("tags.owner", "tags.owner"),
            ("tags.\"a.b\"", "tags.\"a.b\""),
            ("tags.kubernetes.io/cluster/dev", "tags.\"kubernetes.io/cluster/dev\""),
            ("labels.kubernetes.io/cluster/dev", "labels.\"kubernetes.io/cluster/dev\""),
            ("policies.p", "policies.p"),
            ("files.a.path", "files.a.path"),
            ("rules.0.cidr", "rules.0.cidr"),
            ("rules[x].cidr", "rules[x].cidr"),
            ("ports.3", "ports.3"),
            ("tags.1.2/x", "tags.\"1.2/x\""),
        ] {
            assert_eq!(resolve(&root(), &path(written)), Ok(path(meant)), "{written}");
        }
    }

    #[test]
    fn a_path_that_no_schema_has_leads_astray() {
        let nowhere = |whole: &str, step: &str| Astray::Nowhere { whole: path(whole), step: step.to_owned() };
        for (written, why) in [
            ("nme", nowhere("", "nme")),
            ("name.x", nowhere("name", "x")),
            ("ports.0.x", nowhere("ports.0", "x")),
            ("ports[x]", nowhere("ports", "[x]")),
            ("policies.p.Statement", Astray::Unquoted(path("policies.\"p.Statement\""))),
            ("tags.nothing.here.nested", Astray::Unquoted(path("tags.\"nothing.here.nested\""))),
        ] {
            assert_eq!(resolve(&root(), &path(written)), Err(why), "{written}");
        }
        let either = Astray::Ambiguous(path("files.\"lib/a.so\".path"), path("files.\"lib/a.so.path\""));
        assert_eq!(resolve(&root(), &path("files.lib/a.so.path")), Err(either));
    }

    #[test]
    fn what_is_copied_is_exactly_what_the_path_names() {
        let copied = |from: Json, mut to: Json, at: &str| {
            copy(&from, &mut to, &path(at));
            to
        };
        let dotted = "tags.\"a.b/c\"";
        assert_eq!(
            copied(
                json!({"tags": {"a.b/c": "2", "x": "y"}}),
                json!({"tags": {"a.b/c": "1", "o": "p"}}),
                dotted
            ),
            json!({"tags": {"a.b/c": "2", "o": "p"}})
        );
        assert_eq!(
            copied(json!({"tags": {"a.b/c": "2"}}), json!({}), dotted),
            json!({"tags": {"a.b/c": "2"}})
        );
        assert_eq!(
            copied(json!({"tags": {"a.b/c": "2"}}), json!({"tags": null}), dotted),
            json!({"tags": {"a.b/c": "2"}})
        );
        assert_eq!(
            copied(json!({"tags": {}}), json!({"tags": {"a.b/c": "1", "o": "p"}}), dotted),
            json!({"tags": {"o": "p"}})
        );
        assert_eq!(copied(json!({}), json!({"tags": {"o": "p"}}), dotted), json!({"tags": {"o": "p"}}));
        assert_eq!(copied(json!({}), json!({}), dotted), json!({}));
        assert_eq!(copied(json!({"a": [1, 2]}), json!({"a": [3, 4]}), "a.1"), json!({"a": [3, 2]}));
        assert_eq!(
            copied(
                json!({"a": [{"id": "y", "v": 1}, {"id": "x", "v": 2}]}),
                json!({"a": [{"id": "x", "v": 3}]}),
                "a[x].v"
            ),
            json!({"a": [{"id": "x", "v": 2}]})
        );
        assert_eq!(
            copied(json!({"a": []}), json!({"a": [{"id": "x"}]}), "a[x].v"),
            json!({"a": [{"id": "x"}]})
        );
        assert_eq!(
            copied(json!({"tags": {"a": "1"}}), json!({"tags": {"$unknown": "x"}}), "tags"),
            json!({"tags": {"a": "1"}})
        );
    }
}
