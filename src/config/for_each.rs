use super::scope::{Each, Scope};
use super::{Entry, Node, Span, Value};
use crate::diagnostic::{Diagnostic, Diagnostics};
use std::collections::HashMap;

/// The elements of `for_each`; None if it has a mistake.
pub(super) fn elements(entry: &Entry, scope: Scope<'_>, found: &mut Diagnostics) -> Option<Vec<Each>> {
    let before = found.len();
    let node = scope.fill(&entry.node, None, found);
    if scope.room.is_over() {
        return None;
    }
    let elements: Vec<(String, Node, Span)> = match &node.value {
        Value::Table(entries) => {
            entries.iter().map(|(key, entry)| (key.clone(), entry.node.clone(), entry.key)).collect()
        }
        Value::List(items) => {
            items.iter().filter_map(|item| Some((key(item, found)?, item.clone(), item.span))).collect()
        }
        Value::String(template) if template.as_text().is_none() => {
            // A param with a mistake of its own stays silent.
            if let Some((reference, span)) = template.references().next() {
                found.push(unknown(&reference.to_string(), span));
            }
            return None;
        }
        _ => {
            found.push(mistake(
                "stackctl::wrong_type",
                format!("`for_each` takes a table or a list, not {}", node.type_name()),
                node.span,
                "neither keys nor elements",
            ));
            return None;
        }
    };
    let mut seen: HashMap<&str, Span> = HashMap::new();
    for (key, _, span) in &elements {
        if key.is_empty() {
            found.push(mistake(
                "stackctl::wrong_value",
                "a key of `for_each` is empty".into(),
                *span,
                "empty",
            ));
        } else if let Some(first) = seen.insert(key, *span) {
            found.push(
                mistake(
                    "stackctl::wrong_value",
                    format!("`for_each` has {key:?} twice"),
                    *span,
                    "again here",
                )
                .at(first, "first here"),
            );
        }
    }
    (found.len() == before).then(|| elements.into_iter().map(|(key, value, _)| Each { key, value }).collect())
}

/// The key of a list's element: the string itself, or `key` of a table.
fn key(item: &Node, found: &mut Diagnostics) -> Option<String> {
    let (holder, place) = match item.as_table() {
        None => (Some(item), item.span),
        Some(_) => (item.get("key"), item.span),
    };
    match holder.map(|node| &node.value) {
        Some(Value::String(template)) => {
            if template.as_text().is_none() {
                let reference = template.expressions().next();
                found.extend(reference.map(|(reference, span)| unknown(&reference.to_string(), span)));
            }
            template.as_text().map(str::to_owned)
        }
        None => {
            found.push(mistake(
                "stackctl::missing_key",
                "an element of `for_each` has no `key`".to_owned(),
                place,
                "needs `key`",
            ));
            None
        }
        Some(_) => {
            let is = holder.map_or("nothing", Node::type_name);
            found.push(mistake(
                "stackctl::wrong_type",
                format!("a key of `for_each` is a string, not {is}"),
                place,
                &format!("this is {is}"),
            ));
            None
        }
    }
}

fn unknown(reference: &str, span: Span) -> Diagnostic {
    Diagnostic::new(
        "stackctl::misplaced_reference",
        "the keys of `for_each` have to be known before apply",
        "Write the keys themselves, or refer to a param; values may refer to resources.",
    )
    .at(span, format!("`{reference}` is known after apply"))
}

fn mistake(code: &'static str, message: String, span: Span, reason: &str) -> Diagnostic {
    let help = "Write a table `{ a = …, b = … }`, a list of strings, or a list of tables with `key`.";
    Diagnostic::new(code, message, help).at(span, reason)
}
