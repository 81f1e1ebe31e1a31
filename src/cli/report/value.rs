use super::wrap::wrap;
use crate::schema::as_unknown;
use serde_json::Value as Json;

/// A value on one line, as in TOML.
pub fn text(value: &Json) -> String {
    if let Some(reference) = as_unknown(value) {
        return format!("(known after apply: {reference})");
    }
    match value {
        Json::Null => "unset".to_owned(),
        Json::String(text) if text == "(sensitive)" => text.clone(),
        Json::Array(items) if items.len() > 1 && items.iter().all(|item| as_unknown(item).is_some()) => {
            let references: Vec<&str> = items.iter().filter_map(as_unknown).collect();
            format!("[(known after apply: {})]", references.join(", "))
        }
        Json::Array(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(", ")),
        Json::Object(map) => {
            let entries = map.iter().filter(|(_, value)| !value.is_null());
            let entries: Vec<String> =
                entries.map(|(key, value)| format!("{} = {}", name(key), text(value))).collect();
            if entries.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", entries.join(", ")) }
        }
        other => other.to_string(),
    }
}

/// The same, cut to `width`: for what does not change.
pub fn inline(value: &Json, width: usize) -> String {
    super::cut(&text(value), width)
}

/// All of a value in lines of at most `width` characters: on one if it fits there, else entry by entry, element by
/// element.
pub fn block(value: &Json, width: usize) -> Vec<String> {
    let width = width.max(16);
    let whole = text(value);
    if whole.chars().count() <= width {
        return vec![whole];
    }
    let mut lines = vec![];
    match value {
        Json::Object(map) if as_unknown(value).is_none() => {
            for (key, value) in map.iter().filter(|(_, value)| !value.is_null()) {
                let line = format!("{} = {}", name(key), text(value));
                if line.chars().count() <= width {
                    lines.push(line);
                    continue;
                }
                lines.extend(wrap(&format!("{} =", name(key)), width));
                lines.extend(block(value, width - 2).into_iter().map(|line| format!("  {line}")));
            }
        }
        Json::Array(items) => {
            for item in items {
                for (at, line) in block(item, width - 2).into_iter().enumerate() {
                    lines.push(format!("{} {line}", if at == 0 { "-" } else { " " }));
                }
            }
        }
        _ => return wrap(&whole, width),
    }
    lines
}

/// A key as in TOML.
pub fn name(key: &str) -> String {
    let bare = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if bare && !key.is_empty() { key.to_owned() } else { Json::from(key).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_like_toml() {
        let value = json!({"a": [1, "x"], "b c": null, "d-e": {"$unknown": "vpc.main.id"}, "f": {}});
        assert_eq!(text(&value), r#"{ a = [1, "x"], d-e = (known after apply: vpc.main.id), f = {} }"#);
        assert_eq!(inline(&json!("a long text"), 8), "\"a long…");
    }

    #[test]
    fn what_does_not_fit_is_broken_and_not_cut() {
        let value = json!({"port": 80, "cidr": "10.0.0.0/16", "why": ["for the web", "and more"]});
        assert_eq!(block(&value, 200).len(), 1);
        assert_eq!(
            block(&value, 24),
            ["port = 80", "cidr = \"10.0.0.0/16\"", "why =", "  - \"for the web\"", "  - \"and more\""]
        );
    }
}
