use crate::schema::as_unknown;
use serde_json::Value as Json;

/// A value on one line, as in TOML, cut to `width`.
pub fn inline(value: &Json, width: usize) -> String {
    let mut text = write(value);
    if text.chars().count() > width {
        text = text.chars().take(width.saturating_sub(1)).collect::<String>() + "…";
    }
    text
}

fn write(value: &Json) -> String {
    if let Some(reference) = as_unknown(value) {
        return format!("(known after apply: {reference})");
    }
    match value {
        Json::Null => "unset".to_owned(),
        Json::Array(items) if items.len() > 1 && items.iter().all(|item| as_unknown(item).is_some()) => {
            let references: Vec<&str> = items.iter().filter_map(as_unknown).collect();
            format!("[(known after apply: {})]", references.join(", "))
        }
        Json::Array(items) => format!("[{}]", items.iter().map(write).collect::<Vec<_>>().join(", ")),
        Json::Object(map) => {
            let entries = map.iter().filter(|(_, value)| !value.is_null());
            let entries: Vec<String> =
                entries.map(|(key, value)| format!("{} = {}", name(key), write(value))).collect();
            if entries.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", entries.join(", ")) }
        }
        other => other.to_string(),
    }
}

fn name(key: &str) -> String {
    let bare = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if bare && !key.is_empty() { key.to_owned() } else { format!("{key:?}") }
}

/// Elements that only one side has: `(removed, added)`.
pub fn elements<'a>(before: &'a Json, after: &'a Json) -> Option<(Vec<&'a Json>, Vec<&'a Json>)> {
    let (Json::Array(before), Json::Array(after)) = (before, after) else { return None };
    let without = |these: &'a [Json], those: &[Json]| -> Vec<&'a Json> {
        these.iter().filter(|item| !those.iter().any(|other| write(other) == write(item))).collect()
    };
    Some((without(before, after), without(after, before)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_like_toml() {
        let value = json!({"a": [1, "x"], "b c": null, "d-e": {"$unknown": "vpc.main.id"}, "f": {}});
        assert_eq!(
            inline(&value, 200),
            r#"{ a = [1, "x"], d-e = (known after apply: vpc.main.id), f = {} }"#
        );
        assert_eq!(inline(&json!("a long text"), 8), "\"a long…");
    }
}
