use super::World;
use super::fit::Fit;
use super::world::{attribute, unknown_attribute};
use crate::address::Address;
use crate::config::{Block, Output, Span};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::path::Path;
use crate::reference::Reference;
use indexmap::IndexMap;

/// Every reference and `depends_on` leads to something that fits.
pub(in crate::config) fn references(
    world: &World<'_>,
    outputs: &IndexMap<String, Output>,
    found: &mut Diagnostics,
) {
    for block in world.blocks.all.values().chain(&world.blocks.suspects) {
        if found.is_full() {
            return;
        }
        for used in block.references() {
            check(world, used.reference, used.span, Some(&block.address), found);
        }
        Fit::new(world, block, found).inputs();
        for (address, span) in &block.depends_on {
            depends_on(world, block, address, *span, found);
        }
    }
    for output in outputs.values() {
        for used in output.references() {
            check(world, used.reference, used.span, None, found);
        }
        Fit::output(world, &output.value, found);
    }
}

fn check(
    world: &World<'_>,
    reference: &Reference,
    span: Span,
    owner: Option<&Address>,
    found: &mut Diagnostics,
) {
    let Some(kind) = world.kind(&reference.address, span, found) else { return };
    if !world.key(reference, span, found) {
        return;
    }
    if attribute(kind, &reference.path).is_none() {
        return found.push(unknown_attribute(reference, kind, span));
    }
    if owner.is_some_and(|owner| world.members(&reference.address).contains(owner)) {
        found.push(itself(&reference.address, span));
    }
}

fn itself(address: &Address, span: Span) -> Diagnostic {
    let head = Address::new(&address.kind, &address.name);
    Diagnostic::new(
        "stackctl::self_reference",
        format!("`{head}` refers to itself"),
        "Write the value itself, or refer to another resource or a param.",
    )
    .at(span, "this is the block it stands in")
}

fn depends_on(world: &World<'_>, block: &Block, address: &Address, span: Span, found: &mut Diagnostics) {
    if world.kind(address, span, found).is_none() {
        return;
    }
    // Without a key it is the whole family.
    let reference =
        Reference { address: address.clone(), splat: address.key.is_none(), path: Path::key("id") };
    let family = world.blocks.families.contains_key(address);
    if (family || address.key.is_some()) && !world.key(&reference, span, found) {
        return;
    }
    if world.members(address).contains(&block.address) {
        found.push(itself(address, span));
    }
}
