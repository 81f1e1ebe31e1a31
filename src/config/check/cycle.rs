use super::World;
use crate::address::Address;
use crate::config::Span;
use crate::diagnostic::{Diagnostic, Diagnostics};
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};

pub(super) type Graph<'a> = DiGraph<&'a Address, Span>;

/// Resources that need each other. Of those that hang together, the shortest way round is reported.
pub(in crate::config) fn cycles(world: &World<'_>, found: &mut Diagnostics) {
    let graph = graph(world);
    let mut reported: HashSet<Vec<Span>> = HashSet::new();
    // Not Tarjan's way, which goes as deep into the stack as the longest chain of resources has links.
    for component in kosaraju_scc(&graph).iter().filter(|component| component.len() > 1) {
        let shortest = component.iter().filter_map(|start| cycle(&graph, *start)).min_by_key(|cycle| {
            // The one that begins first in the file, so that the report is always the same.
            (cycle.len(), cycle.first().map(|(from, _, _)| *from))
        });
        let Some(cycle) = shortest else { continue };
        let mut spans: Vec<Span> = cycle.iter().map(|(_, span, _)| *span).collect();
        spans.sort();
        // Instances of a `for_each` go the same way round.
        if reported.insert(spans) {
            found.push(report(&graph, &cycle));
        }
    }
}

/// Who needs whom.
pub(super) fn graph<'a>(world: &'a World<'_>) -> Graph<'a> {
    let mut graph = Graph::new();
    let nodes: HashMap<&Address, NodeIndex> =
        world.blocks.all.keys().map(|address| (address, graph.add_node(address))).collect();
    for (address, block) in &world.blocks.all {
        let referred = block.references().into_iter().map(|used| (used.reference.address.clone(), used.span));
        for (needed, span) in referred.chain(block.depends_on.iter().cloned()) {
            let members = world.members(&needed);
            // A reference to itself is reported as such.
            if members.contains(address) {
                continue;
            }
            for to in members.iter().filter_map(|member| nodes.get(member)) {
                graph.update_edge(nodes[address], *to, span);
            }
        }
    }
    graph
}

type Edge = (NodeIndex, Span, NodeIndex);

/// The shortest way from a node back to it.
fn cycle(graph: &Graph<'_>, start: NodeIndex) -> Option<Vec<Edge>> {
    let mut came: HashMap<NodeIndex, Edge> = HashMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for edge in graph.edges(node) {
            let step = (node, *edge.weight(), edge.target());
            if edge.target() == start {
                let mut way = vec![step];
                let mut at = node;
                while let Some(step) = came.get(&at) {
                    way.push(*step);
                    at = step.0;
                }
                way.reverse();
                return Some(way);
            }
            if let Entry::Vacant(first) = came.entry(edge.target()) {
                first.insert(step);
                queue.push_back(edge.target());
            }
        }
    }
    None
}

fn report(graph: &Graph<'_>, cycle: &[Edge]) -> Diagnostic {
    let name = |node: NodeIndex| graph[node].to_string();
    let mut way: Vec<String> = cycle.iter().map(|(from, _, _)| name(*from)).collect();
    way.extend(way.first().cloned());
    let diagnostic = Diagnostic::new(
        "stackctl::cycle",
        format!("these need each other: {}", way.join(" → ")),
        "Remove one of the references, or move it into a resource of its own.",
    );
    cycle.iter().fold(diagnostic, |diagnostic, (from, span, to)| {
        diagnostic.at(*span, format!("{} needs {}", name(*from), name(*to)))
    })
}
