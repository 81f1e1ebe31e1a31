use super::fields::{Fields, plain, wrong_type};
use super::{Lifecycle, Node};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::schema::{suggest, tree};
use serde_json::Value as Json;

const KEYS: [&str; 3] = ["create_before_destroy", "prevent_destroy", "ignore_changes"];

impl Lifecycle {
    pub(super) fn read(node: &Node, inputs: &Json, found: &mut Diagnostics) -> Self {
        let fields = Fields::new(node, "`lifecycle`", &KEYS, found);
        let mut lifecycle = Self {
            create_before_destroy: fields.bool("create_before_destroy", found),
            prevent_destroy: fields.bool("prevent_destroy", found).unwrap_or_default(),
            ignore_changes: vec![],
        };
        let Some(ignored) = fields.get("ignore_changes").map(|entry| &entry.node) else { return lifecycle };
        let Some(paths) = ignored.as_list() else {
            found.push(wrong_type("`ignore_changes`", "a list of attributes", ignored));
            return lifecycle;
        };
        for node in paths {
            let Some(path) = plain("`ignore_changes`", node, found) else { continue };
            if path.is_empty() || tree::schema(inputs, path).is_none() {
                found.push(unknown(path, inputs).at(node.span, "unknown"));
                continue;
            }
            lifecycle.ignore_changes.push((path.to_owned(), node.span));
        }
        lifecycle
    }
}

fn unknown(path: &str, inputs: &Json) -> Diagnostic {
    let names = crate::schema::properties(inputs).into_iter().flatten().map(|(name, _)| name.as_str());
    let first = path.split('.').next().unwrap_or_default();
    Diagnostic::new(
        "stackctl::unknown_attribute",
        format!("`ignore_changes`: there is no attribute `{path}`"),
        suggest::help(first, names, "Attributes"),
    )
}
