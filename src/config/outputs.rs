use super::fields::{Fields, wrong_type};
use super::scope::Scope;
use super::{Node, Output};
use crate::address::is_identifier;
use crate::diagnostic::{Diagnostic, Diagnostics};
use indexmap::IndexMap;

const KEYS: [&str; 3] = ["value", "sensitive", "description"];

/// Reads `[outputs]`.
pub(super) fn outputs(
    node: Option<&Node>,
    scope: Scope<'_>,
    found: &mut Diagnostics,
) -> IndexMap<String, Output> {
    let mut outputs = IndexMap::new();
    let Some(node) = node else { return outputs };
    let Some(table) = node.as_table() else {
        found.push(wrong_type("`outputs`", "a table", node));
        return outputs;
    };
    for (name, entry) in table {
        if !is_identifier(name) {
            let help = "A name has letters, digits, `_` and `-` and starts with a letter.";
            found.push(
                Diagnostic::new("stackctl::bad_name", format!("`{name}` cannot be a name"), help)
                    .at(entry.key, "not a name"),
            );
            continue;
        }
        let long = entry.node.as_table().is_some_and(|t| t.keys().any(|key| KEYS.contains(&key.as_str())));
        let output = if long {
            let fields = Fields::new(&entry.node, format!("output `{name}`"), &KEYS, found);
            let Some(value) = fields.get("value") else {
                found.push(
                    Diagnostic::new(
                        "stackctl::missing_key",
                        format!("output `{name}` has no `value`"),
                        "Add `value = \"${KIND.NAME.ATTRIBUTE}\"`.",
                    )
                    .at(entry.key, "needs `value`"),
                );
                continue;
            };
            let sensitive = fields.bool("sensitive", found).unwrap_or_default();
            Output {
                value: scope.secret(sensitive).fill(&value.node, None, found),
                sensitive,
                description: fields.text("description", found).map(|(text, _)| text),
                span: entry.key,
            }
        } else {
            let value = scope.fill(&entry.node, None, found);
            Output { value, sensitive: false, description: None, span: entry.key }
        };
        if !scope.room.is_shallow(&output.value, entry.key) {
            break;
        }
        outputs.insert(name.clone(), output);
    }
    outputs
}
