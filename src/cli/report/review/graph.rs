//! What is touched and what depends on it, in columns: whatever stands in a column needs something of those before it.

use crate::address::Address;
use crate::plan::{Action, Plan, Step};
use crate::visible::visible;
use petgraph::algo::{has_path_connecting, toposort, tred};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Nodes that can still be read in one picture.
const MOST: usize = 150;
/// Sweeps over the columns, each of which takes crossings away.
const SWEEPS: usize = 6;

/// One block of `stack.toml`, or several of its objects that fare alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub label: String,
    pub action: Action,
    /// From 0, left to right.
    pub column: usize,
    /// From 0, top to bottom.
    pub row: usize,
}

/// The picture, before it is drawn.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    pub nodes: Vec<Node>,
    /// From what is needed to what needs it, those left out that follow from others.
    pub edges: Vec<(usize, usize)>,
    /// Nodes that there is no room for.
    pub left_out: usize,
}

impl Graph {
    pub fn of(plan: &Plan) -> Self {
        let steps = chosen(plan);
        // Objects of one block that fare alike are one node.
        let mut groups: BTreeMap<(&str, &str, u8), Vec<&Step>> = BTreeMap::new();
        let mut order: Vec<(&str, &str, u8)> = vec![];
        for step in &steps {
            let Address { kind, name, .. } = &step.address;
            let key = (kind.as_str(), name.as_str(), step.action as u8);
            let group = groups.entry(key).or_default();
            if group.is_empty() {
                order.push(key);
            }
            group.push(step);
        }
        let left_out = order.len().saturating_sub(MOST);
        order.truncate(MOST);
        let mut graph: DiGraph<(String, Action), ()> = DiGraph::new();
        let mut of: HashMap<&Address, NodeIndex> = HashMap::new();
        for key in &order {
            let group = &groups[key];
            let first = &group[0].address;
            let label = match group.len() {
                1 => first.to_string(),
                count => format!("{}.{} ×{count}", first.kind, first.name),
            };
            let node = graph.add_node((visible(&label).into_owned(), group[0].action));
            of.extend(group.iter().map(|step| (&step.address, node)));
        }
        for step in &steps {
            let needs = if step.action == Action::Delete { &step.depended_on } else { &step.depends_on };
            for need in needs {
                if let (Some(&from), Some(&to)) = (of.get(need), of.get(&step.address))
                    && from != to
                    && !has_path_connecting(&graph, to, from, None)
                {
                    graph.update_edge(from, to, ());
                }
            }
        }
        Self { left_out, ..laid_out(&graph) }
    }
}

/// What changes, and what stays but depends on it.
fn chosen(plan: &Plan) -> Vec<&Step> {
    let touched: HashSet<&Address> =
        plan.steps.iter().filter(|step| step.is_pending()).map(|step| &step.address).collect();
    let depends = |step: &Step| step.depends_on.iter().any(|need| touched.contains(need));
    let mut chosen: Vec<&Step> = plan.steps.iter().filter(|step| touched.contains(&step.address)).collect();
    chosen.extend(plan.steps.iter().filter(|step| !touched.contains(&step.address) && depends(step)));
    chosen
}

fn laid_out(graph: &DiGraph<(String, Action), ()>) -> Graph {
    let sorted = toposort(graph, None).unwrap_or_default();
    let mut column = vec![0; graph.node_count()];
    for &node in &sorted {
        for edge in graph.edges(node) {
            column[edge.target().index()] = column[edge.target().index()].max(column[node.index()] + 1);
        }
    }
    // What needs nothing stands close to who needs it.
    for &node in sorted.iter().rev() {
        let next = graph.edges(node).map(|edge| column[edge.target().index()]).min();
        if let Some(next) =
            next.filter(|_| graph.edges_directed(node, petgraph::Direction::Incoming).next().is_none())
        {
            column[node.index()] = next - 1;
        }
    }
    let edges = reduced(graph, &sorted);
    let mut columns: Vec<Vec<usize>> = vec![vec![]; column.iter().max().map_or(0, |most| most + 1)];
    sorted.iter().for_each(|node| columns[column[node.index()]].push(node.index()));
    columns.retain(|nodes| !nodes.is_empty());
    let mut row = vec![0; graph.node_count()];
    place(&columns, &mut row);
    for sweep in 0..SWEEPS {
        let forwards = sweep % 2 == 0;
        let order: Vec<usize> =
            if forwards { (0..columns.len()).collect() } else { (0..columns.len()).rev().collect() };
        for at in order {
            let middle = |node: &usize| -> f64 {
                let neighbours = edges.iter().filter_map(|(from, to)| match forwards {
                    true => (to == node).then_some(*from),
                    false => (from == node).then_some(*to),
                });
                let rows: Vec<f64> = neighbours.map(|other| row[other] as f64).collect();
                if rows.is_empty() { row[*node] as f64 } else { rows.iter().sum::<f64>() / rows.len() as f64 }
            };
            let mut sorted: Vec<(f64, usize)> =
                columns[at].iter().map(|node| (middle(node), *node)).collect();
            sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
            columns[at] = sorted.into_iter().map(|(_, node)| node).collect();
            place(&columns, &mut row);
        }
    }
    let mut nodes: Vec<Node> = graph
        .node_weights()
        .map(|(label, action)| Node { label: label.clone(), action: *action, column: 0, row: 0 })
        .collect();
    for (at, all) in columns.iter().enumerate() {
        for (row, &node) in all.iter().enumerate() {
            (nodes[node].column, nodes[node].row) = (at, row);
        }
    }
    Graph { nodes, edges, left_out: 0 }
}

fn place(columns: &[Vec<usize>], row: &mut [usize]) {
    for nodes in columns {
        nodes.iter().enumerate().for_each(|(at, node)| row[*node] = at);
    }
}

/// Without the edges that a longer way says as well.
fn reduced(graph: &DiGraph<(String, Action), ()>, sorted: &[NodeIndex]) -> Vec<(usize, usize)> {
    let (list, _) = tred::dag_to_toposorted_adjacency_list::<_, u32>(graph, sorted);
    let (reduction, _) = tred::dag_transitive_reduction_closure(&list);
    let edges = petgraph::visit::IntoEdgeReferences::edge_references(&reduction);
    let at = |index: u32| sorted[index as usize].index();
    edges.map(|edge| (at(edge.source()), at(edge.target()))).collect()
}
