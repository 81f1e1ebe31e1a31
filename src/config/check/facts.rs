use super::World;
use crate::config::header::Header;
use crate::config::{Node, Value};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::facts::{self, Finding};
use crate::schema::tree;
use serde_json::Value as Json;

/// Values that AWS has a list of (`x-fact`), as far as they are known.
pub(in crate::config) fn facts(world: &World<'_>, header: &Header, found: &mut Diagnostics) {
    let region = header.region.as_deref().unwrap_or_default();
    for block in world.blocks.all.values() {
        walk(&block.inputs, Some(block.kind.inputs()), None, &mut |node, table, text| {
            found.extend(
                facts::look(table, text, region)
                    .and_then(|finding| told(finding, text, header))
                    .map(|(mistake, reason)| mistake.at(node.span, reason)),
            );
        });
    }
}

/// Without its place; none if the file says that the value is newer than the tables.
pub(in crate::config) fn told(
    finding: Finding,
    value: &str,
    header: &Header,
) -> Option<(Diagnostic, String)> {
    if header.new.iter().any(|new| new == value) {
        return None;
    }
    let Finding { severity, message, reason, mut help, may_be_new } = finding;
    if may_be_new {
        help.push_str(&format!(" If AWS has it by now: `new = [\"{value}\"]` in `[stack]`."));
    }
    let mistake = Diagnostic::new("stackctl::not_at_aws", message, help);
    let code = if severity == Severity::Warning { "stackctl::outdated" } else { mistake.code };
    Some((Diagnostic { severity, code, ..mistake }, reason))
}

fn walk(
    node: &Node,
    schema: Option<&'static Json>,
    table: Option<&'static str>,
    each: &mut dyn FnMut(&Node, &'static str, &str),
) {
    let table = schema.and_then(|schema| schema.get("x-fact")).and_then(Json::as_str).or(table);
    match &node.value {
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, schema.and_then(|s| tree::child(s, &index.to_string())), table, each);
            }
        }
        Value::Table(entries) => {
            for (key, entry) in entries {
                walk(&entry.node, schema.and_then(|s| tree::child(s, key)), table, each);
            }
        }
        Value::String(template) => {
            if let (Some(table), Some(text)) = (table, template.as_text()) {
                each(node, table, text);
            }
        }
        _ => {}
    }
}
