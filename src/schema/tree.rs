//! Paths into attribute trees: `tags.owner`, `rules.0.cidr`.

use super::properties;
use serde_json::Value as Json;

/// The value at a dotted path. Keys may hold dots themselves (`tags.kubernetes.io/role`).
pub fn get<'a>(value: &'a Json, path: &str) -> Option<&'a Json> {
    if path.is_empty() {
        return Some(value);
    }
    match value {
        Json::Object(map) => splits(path).find_map(|(step, rest)| get(map.get(step)?, rest)),
        Json::Array(items) => {
            let (step, rest) = path.split_once('.').unwrap_or((path, ""));
            get(items.get(step.parse::<usize>().ok()?)?, rest)
        }
        _ => None,
    }
}

/// The schema of the attribute at a dotted path.
pub fn schema<'a>(root: &'a Json, path: &str) -> Option<&'a Json> {
    if path.is_empty() {
        return Some(root);
    }
    splits(path).find_map(|(step, rest)| schema(child(root, step)?, rest))
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
        if let Some(values) = candidate.get("additionalProperties").filter(|a| a.is_object()) {
            return Some(values);
        }
    }
    None
}

/// Every way to take a first step: `a`, `a.b`, `a.b.c`.
fn splits(path: &str) -> impl Iterator<Item = (&str, &str)> {
    let dots = path.match_indices('.').map(|(at, _)| (&path[..at], &path[at + 1..]));
    dots.chain(std::iter::once((path, "")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_may_hold_dots() {
        let value = json!({"tags": {"kubernetes.io/role": "a"}, "rules": [{"cidr": "b"}]});
        assert_eq!(get(&value, "tags.kubernetes.io/role"), Some(&json!("a")));
        assert_eq!(get(&value, "rules.0.cidr"), Some(&json!("b")));
        assert_eq!(get(&value, "rules.1.cidr"), None);
        let text = json!({"type": "string"});
        let root = json!({"properties": {"tags": {"additionalProperties": text}}});
        assert_eq!(schema(&root, "tags.kubernetes.io/role"), Some(&text));
    }
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

/// Sets the attribute at `path` to what `from` has there.
pub fn copy(from: &Json, to: &mut Json, path: &str) {
    let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
    let Json::Object(map) = to else { return };
    let source = from.get(head).unwrap_or(&Json::Null);
    match rest {
        None => {
            map.insert(head.to_owned(), source.clone());
        }
        Some(rest) => {
            let inner = map.entry(head.to_owned()).or_insert_with(|| Json::Object(serde_json::Map::new()));
            copy(source, inner, rest);
            if source.get(rest).is_none()
                && let Json::Object(inner) = inner
            {
                inner.remove(rest);
            }
        }
    }
}
