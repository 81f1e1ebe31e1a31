use super::fields::{Fields, text, wrong_type};
use super::{Lifecycle, Node};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::path::{Path, PathError};
use crate::schema::tree::{self, Astray};
use crate::schema::{properties, suggest};
use serde_json::Value as Json;

const KEYS: [&str; 3] = ["create_before_destroy", "prevent_destroy", "ignore_changes"];

impl Lifecycle {
    pub(super) fn read(node: &Node, inputs: &Json, found: &mut Diagnostics) -> Self {
        let fields = Fields::new(node, "`lifecycle`", &KEYS, found).filled();
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
            let Some(path) = text("`ignore_changes`", node, found) else { continue };
            match ignored_path(path, inputs) {
                Ok(path) => lifecycle.ignore_changes.push((path, node.span)),
                Err(mistake) => found.push(mistake.at(node.span, "leads to no attribute")),
            }
        }
        lifecycle
    }
}

fn ignored_path(text: &str, inputs: &Json) -> Result<Path, Diagnostic> {
    let mistake = |message: String, help: String| {
        Diagnostic::new("stackctl::unknown_attribute", format!("`ignore_changes`: {message}"), help)
    };
    let path: Path = text.parse().map_err(|error: PathError| {
        let help = "Write it as in `tags.owner`, `tags.\"a.b\"` or `rules.0.cidr`.";
        mistake(error.to_string(), help.to_owned())
    })?;
    if path.is_root() {
        return Err(mistake("an empty text is no attribute".to_owned(), "Remove it.".to_owned()));
    }
    tree::resolve(inputs, &path).map_err(|astray| match astray {
        Astray::Unquoted(meant) => {
            let help = format!("If it is one key with dots in it, write {}.", toml(&meant));
            mistake(format!("`{text}` leads into what has no parts"), help)
        }
        Astray::Ambiguous(one, other) => {
            let help = format!("Write {} or {}.", toml(&one), toml(&other));
            mistake(format!("`{text}` can be read in two ways"), help)
        }
        Astray::Nowhere { whole, step } => {
            let schema = tree::schema(inputs, &whole);
            let names: Vec<&str> =
                schema.and_then(properties).into_iter().flatten().map(|(name, _)| name.as_str()).collect();
            let help = match names.is_empty() {
                true => format!("Write {}.", toml(&whole)),
                false => suggest::help(&step, names, "Attributes"),
            };
            mistake(format!("there is no attribute `{text}`"), help)
        }
    })
}

/// As a string of `stack.toml`.
fn toml(path: &Path) -> String {
    let text = path.to_string();
    if text.contains('\'') { Json::from(text).to_string() } else { format!("'{text}'") }
}
