use super::World;
use crate::cloud::naming;
use crate::config::Block;
use crate::config::header::Header;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::schema::{defaults, properties, validate};
use serde_json::Value as Json;

/// Names that stack and address make (`x-name`), against the schema of the attribute and the rules of the kind: AWS keeps some
/// to itself. Those for the whole world are known where account and region are.
pub(in crate::config) fn derived(world: &World<'_>, header: &Header, found: &mut Diagnostics) {
    let Some(stack) = &header.name else { return };
    for block in world.blocks.all.values() {
        for (name, schema) in properties(block.kind.inputs()).into_iter().flatten() {
            let Some(rule) = schema.get("x-name").filter(|_| block.inputs.get(name).is_none()) else {
                continue;
            };
            let place = header.account.as_deref().zip(header.region.as_deref());
            let Some(made) = naming::derived(stack, &block.address, rule, place) else { continue };
            if let Some(complaint) = complaint(world, block, name, &made) {
                let message =
                    format!("`{name}` would be `{made}`, from the names of stack and block, and {complaint}");
                found.push(
                    Diagnostic::new(
                        "stackctl::derived_name",
                        message,
                        format!("Set `{name}` in the block, or rename it."),
                    )
                    .at(block.span, format!("its {name} would be `{made}`")),
                );
            }
        }
    }
}

/// What is wrong with the name, and is not without it.
fn complaint(world: &World<'_>, block: &Block, name: &str, made: &str) -> Option<String> {
    let schema = block.kind.inputs();
    let mut inputs = block.inputs.to_json(Some(schema), &|expression| world.lookup(expression));
    let mut without = inputs.clone();
    defaults::fill(schema, &mut without);
    // What is wrong without it is said already.
    if !block.kind.check(&without).is_empty() {
        return None;
    }
    inputs.as_object_mut()?.insert(name.to_owned(), Json::String(made.to_owned()));
    let wrong = validate::validate(schema, &inputs).into_iter().find(|problem| problem.path.is(name));
    if let Some(wrong) = wrong {
        return Some(wrong.message);
    }
    defaults::fill(schema, &mut inputs);
    let said = block.kind.check(&inputs).into_iter().find(|(path, _)| path == name)?;
    Some(said.1)
}
