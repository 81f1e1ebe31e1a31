//! Paths into attribute trees: `tags.owner`, `rules.0.cidr`.

use super::properties;
use serde_json::Value as Json;

/// The value at a dotted path.
pub fn get<'a>(value: &'a Json, path: &str) -> Option<&'a Json> {
    if path.is_empty() {
        return Some(value);
    }
    path.split('.').try_fold(value, |value, step| match value {
        Json::Object(map) => map.get(step),
        Json::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => None,
    })
}

/// The schema of the attribute at a dotted path.
pub fn schema<'a>(root: &'a Json, path: &str) -> Option<&'a Json> {
    if path.is_empty() {
        return Some(root);
    }
    path.split('.').try_fold(root, |schema, step| {
        if let Some(property) = properties(schema).and_then(|properties| properties.get(step)) {
            return Some(property);
        }
        let options = schema.get("anyOf").and_then(Json::as_array);
        let candidates = std::iter::once(schema).chain(options.into_iter().flatten());
        for candidate in candidates {
            if step.parse::<usize>().is_ok()
                && let Some(items) = candidate.get("items")
            {
                return Some(items);
            }
            if let Some(values) = candidate.get("additionalProperties").filter(|a| a.is_object()) {
                return Some(values);
            }
        }
        None
    })
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
