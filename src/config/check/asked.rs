use super::World;
use crate::config::Node;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::path::Path;
use crate::schema::properties;
use serde_json::Value as Json;

/// What an attribute asks of the block that it names (`x-asks`), where that is written there.
pub(in crate::config) fn asked(world: &World<'_>, found: &mut Diagnostics) {
    for block in world.blocks.all.values() {
        for (name, schema) in properties(block.kind.inputs()).into_iter().flatten() {
            let Some(rule) = schema.get("x-asks") else { continue };
            let said = |key: &str| rule.get(key).and_then(Json::as_str).unwrap_or_default();
            let Ok(path) = said("of").parse::<Path>() else { continue };
            let named = block.references().into_iter().find(|used| used.path.is(name));
            let Some(other) = named.and_then(|used| world.blocks.all.get(&used.reference.address)) else {
                continue;
            };
            let mut node: Option<&Node> = Some(&other.inputs);
            for step in path.steps() {
                node = step.as_key().and_then(|key| node?.get(&key));
            }
            let number =
                node.and_then(|node| node.to_json(None, &|_| crate::config::Resolved::Unknown).as_f64());
            let most = rule.get("most").and_then(Json::as_f64).unwrap_or(f64::MAX);
            let (Some(node), Some(number)) = (node, number) else { continue };
            if number > most {
                let message = format!("`{path}` of {} is {number}, and {}", other.address, said("why"));
                found.push(
                    Diagnostic::new("stackctl::unfit", message, format!("Set it to at most {most}."))
                        .at(node.span, format!("more than {} takes", block.address)),
                );
            }
        }
    }
}
