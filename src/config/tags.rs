use super::fields::wrong_type;
use super::scope::Scope;
use super::{Entry, Node};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::schema::types::Types;
use indexmap::IndexMap;
use serde_json::json;

/// The default tags of `[tags]`.
pub(super) fn tags(
    node: Option<&Node>,
    scope: Scope<'_>,
    found: &mut Diagnostics,
) -> IndexMap<String, Entry> {
    let mut tags = IndexMap::new();
    let Some(node) = node else { return tags };
    let Some(table) = node.as_table() else {
        found.push(wrong_type("`tags`", "a table", node));
        return tags;
    };
    let text = json!({ "type": "string" });
    let scope = scope.known_only("default tags have to be known before apply");
    for (key, entry) in table {
        let node = scope.fill(&entry.node, Some(&text), found);
        if !matches!(node.value, super::Value::String(_)) {
            found.push(wrong_type(&format!("tag `{key}`"), &Types::STRING.describe(), &node));
            continue;
        }
        found.extend(reserved(key, entry));
        tags.insert(key.clone(), Entry { key: entry.key, node });
    }
    tags
}

/// AWS and stackctl keep some names for themselves.
pub(super) fn reserved(key: &str, entry: &Entry) -> Option<Diagnostic> {
    let prefix = ["aws:", "stackctl:"].into_iter().find(|prefix| key.to_lowercase().starts_with(prefix))?;
    let message = format!("a tag cannot begin with `{prefix}`");
    Some(
        Diagnostic::new("stackctl::reserved_tag", message, "Choose another name.")
            .at(entry.key, "kept for AWS and stackctl themselves"),
    )
}
