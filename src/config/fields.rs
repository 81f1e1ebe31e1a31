use super::{Entry, Node, Span};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::reference::Expression;
use crate::schema::suggest;
use indexmap::IndexMap;

/// A table of fixed keys: `[stack]`, `lifecycle`, a param.
pub(super) struct Fields<'a> {
    entries: Option<&'a IndexMap<String, Entry>>,
    /// How messages call it: `[stack]`.
    name: String,
    filled: bool,
}

impl<'a> Fields<'a> {
    /// Reports keys that are not among `known`, and a value that is no table.
    pub(super) fn new(
        node: &'a Node,
        name: impl Into<String>,
        known: &[&str],
        found: &mut Diagnostics,
    ) -> Self {
        let name = name.into();
        let entries = node.as_table();
        if entries.is_none() {
            found.push(wrong_type(&name, "a table", node));
        }
        for (key, entry) in entries.into_iter().flatten() {
            if !known.contains(&key.as_str()) {
                found.push(
                    Diagnostic::new(
                        "stackctl::unknown_key",
                        format!("{name} has no `{key}`"),
                        suggest::help(key, known.iter().copied(), "It has"),
                    )
                    .at(entry.key, "unknown"),
                );
            }
        }
        Self { entries, name, filled: false }
    }

    /// Params are filled in: a reference that is left has been reported.
    pub(super) fn filled(self) -> Self {
        Self { filled: true, ..self }
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a Entry> {
        self.entries?.get(key)
    }

    /// Plain text: no references.
    pub(super) fn text(&self, key: &str, found: &mut Diagnostics) -> Option<(String, Span)> {
        let node = &self.get(key)?.node;
        let text = plain(&self.of(key), node, found)?;
        Some((text.to_owned(), node.span))
    }

    pub(super) fn bool(&self, key: &str, found: &mut Diagnostics) -> Option<bool> {
        let node = &self.get(key)?.node;
        if node.as_bool().is_none() && !(self.filled && is_reported(node)) {
            found.push(wrong_type(&self.of(key), "true or false", node));
        }
        node.as_bool()
    }

    fn of(&self, key: &str) -> String {
        format!("`{key}` of {}", self.name)
    }
}

/// A string without references; anything else is reported.
pub(super) fn plain<'a>(name: &str, node: &'a Node, found: &mut Diagnostics) -> Option<&'a str> {
    let text = node.as_str();
    match &node.value {
        super::Value::String(template) if text.is_none() => {
            let told = |expression: &Expression| matches!(expression, Expression::Unread(_));
            for (expression, span) in template.expressions().filter(|(expression, _)| !told(expression)) {
                found.push(
                    Diagnostic::new(
                        "stackctl::misplaced_reference",
                        format!("{name} takes no references"),
                        "Write plain text.",
                    )
                    .at(span, format!("`{expression}` is not known this early")),
                );
            }
        }
        _ if text.is_none() => found.push(wrong_type(name, "a string", node)),
        _ => {}
    }
    text
}

/// The text of a string in which params are filled in; anything but a string is reported.
pub(super) fn text<'a>(name: &str, node: &'a Node, found: &mut Diagnostics) -> Option<&'a str> {
    if is_reported(node) { None } else { plain(name, node, found) }
}

/// Whether references are left after filling in, which has been reported then.
fn is_reported(node: &Node) -> bool {
    matches!(&node.value, super::Value::String(template) if template.as_text().is_none())
}

pub(super) fn wrong_type(name: &str, wanted: &str, node: &Node) -> Diagnostic {
    let is = node.type_name();
    Diagnostic::new(
        "stackctl::wrong_type",
        format!("{name} takes {wanted}, not {is}"),
        format!("Write {wanted}."),
    )
    .at(node.span, format!("this is {is}"))
}
