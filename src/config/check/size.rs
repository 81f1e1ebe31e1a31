use super::World;
use super::cycle::graph;
use crate::address::Address;
use crate::config::room::weight;
use crate::config::{Block, Output};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::limits::{self, EXPANDED, LINKS, VALUE};
use crate::reference::Reference;
use indexmap::IndexMap;
use petgraph::algo::toposort;
use std::collections::HashMap;

/// Whether resources refer to each other no more often than is taken: `[*]` of thousands in each of thousands would be millions.
pub(in crate::config) fn links(
    world: &World<'_>,
    outputs: &IndexMap<String, Output>,
    found: &mut Diagnostics,
) -> bool {
    let mut count = 0;
    let mut leads = |address: &Address| {
        count += world.blocks.families.get(address).map_or(1, Vec::len);
        count > LINKS
    };
    let block = world.blocks.all.values().find(|block| {
        let referred = block.references().into_iter().any(|used| leads(&used.reference.address));
        referred || block.depends_on.iter().any(|(address, _)| leads(address))
    });
    let output = || {
        let of = |output: &&Output| output.references().iter().any(|used| leads(&used.reference.address));
        outputs.values().find(of).map(|output| output.span)
    };
    let Some(span) = block.map(|block| block.span).or_else(output) else { return true };
    found.push(
        Diagnostic::limit(
            format!("resources refer to each other more than {LINKS} times, `[*]` counted as one to each"),
            "Refer to fewer of them, or make several stacks of this one.",
        )
        .at(span, "too many from here on"),
    );
    false
}

/// What the attributes of all resources come to once references to each other are put in: with two references each, forty resources
/// in a row would be a terabyte. What only AWS knows counts as one value.
pub(in crate::config) fn sizes(world: &World<'_>, found: &mut Diagnostics) {
    let graph = graph(world);
    // A circle is a mistake of its own.
    let Ok(order) = toposort(&graph, None) else { return };
    let mut sizes: HashMap<&Address, HashMap<&str, u64>> = HashMap::new();
    let mut total: u64 = 0;
    for address in order.into_iter().rev().map(|node| graph[node]) {
        let Some(block) = world.blocks.all.get(address) else { continue };
        let of_block = attributes(world, block, &sizes);
        let sum = of_block.values().fold(0, |sum: u64, size| sum.saturating_add(*size));
        total = total.saturating_add(sum);
        if total > EXPANDED {
            found.push(
                Diagnostic::limit(
                    format!(
                        "with what they refer to in each other, the attributes of all resources come to more than {}",
                        limits::size(EXPANDED)
                    ),
                    "Refer to less of it: to ids and names and not to whole texts.",
                )
                .at(block.span, "no room left here"),
            );
            return;
        }
        sizes.insert(address, of_block);
    }
}

fn attributes<'a>(
    world: &World<'_>,
    block: &'a Block,
    sizes: &HashMap<&Address, HashMap<&str, u64>>,
) -> HashMap<&'a str, u64> {
    let one = |reference: &Reference, address: &Address| {
        let known = sizes.get(address).and_then(|size| size.get(reference.path.head()));
        known.copied().unwrap_or(VALUE)
    };
    let mut of_block: HashMap<&str, u64> = HashMap::new();
    for (name, entry) in block.inputs.as_table().into_iter().flatten() {
        of_block.insert(name, weight(&entry.node));
    }
    for used in block.references() {
        let members = world.members(&used.reference.address);
        let sum = members.iter().fold(0, |sum: u64, member| sum.saturating_add(one(used.reference, member)));
        if let Some(size) = of_block.get_mut(used.path.head()) {
            *size = size.saturating_add(sum);
        }
    }
    of_block
}
