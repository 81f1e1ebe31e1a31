use super::{Action, Plan, Step};
use crate::address::Address;
use crate::resource::Id;
use petgraph::algo::has_path_connecting;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use std::collections::HashMap;

/// Which half of a step an operation is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Half {
    /// Create or update.
    Up,
    /// Delete the object that is there.
    Down,
    /// Delete an object that an earlier create-first replacement left behind.
    Deposed(Id),
}

/// One node of the apply: it starts when all that it waits for is done.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Operation {
    pub address: Address,
    pub half: Half,
}

/// The operations of a plan and what waits for what.
#[derive(Debug)]
pub struct Order {
    graph: DiGraph<Operation, ()>,
    /// Seconds from the start of this operation to the end of the longest chain that waits for it.
    remaining: Vec<u64>,
}

impl Order {
    /// # Panics
    /// Never: a plan comes from an acyclic stack, and each rule below keeps the order acyclic.
    pub fn new(plan: &Plan) -> Self {
        let mut graph = DiGraph::new();
        let mut up: HashMap<&Address, NodeIndex> = HashMap::new();
        let mut down: HashMap<&Address, NodeIndex> = HashMap::new();
        let mut deposed: Vec<(&Step, NodeIndex)> = vec![];
        for step in &plan.steps {
            let mut add = |half| graph.add_node(Operation { address: step.address.clone(), half });
            if step.action.creates() || step.action == Action::Update {
                up.insert(&step.address, add(Half::Up));
            }
            if step.action.deletes() {
                down.insert(&step.address, add(Half::Down));
            }
            for id in &step.deposed {
                deposed.push((step, add(Half::Deposed(id.clone()))));
            }
        }
        let mut edge = |from: Option<&NodeIndex>, to: Option<&NodeIndex>| {
            if let (Some(&from), Some(&to)) = (from, to) {
                graph.update_edge(from, to, ());
            }
        };
        let mut away: Vec<(NodeIndex, NodeIndex)> = vec![];
        let steps: HashMap<&Address, &Step> = plan.steps.iter().map(|step| (&step.address, step)).collect();
        for step in &plan.steps {
            let (my_up, my_down) = (up.get(&step.address), down.get(&step.address));
            for dependency in &step.depends_on {
                edge(up.get(dependency), my_up);
            }
            for dependency in &step.depended_on {
                if my_down.is_some() {
                    edge(my_down, down.get(dependency));
                } else if let (Some(&my_up), Some(&theirs)) = (my_up, down.get(dependency)) {
                    away.push((my_up, theirs));
                }
            }
            match step.action {
                Action::Replace => edge(my_down, my_up),
                Action::ReplaceCreateFirst => edge(my_up, my_down),
                _ => {}
            }
        }
        for (step, node) in &deposed {
            edge(up.get(&step.address), Some(node));
            // Dependants may still point at the old object.
            for dependant in plan.steps.iter().filter(|other| other.depends_on.contains(&step.address)) {
                edge(up.get(&dependant.address), Some(node));
            }
        }
        // Updated away from what goes, before it goes. This order does not exist where the new dependency can only be made
        // after the old one is gone, as with a destroy-first replacement.
        for (up, down) in away {
            if !has_path_connecting(&graph, down, up, None) {
                graph.update_edge(up, down, ());
            }
        }
        let seconds = |operation: &Operation| {
            steps.get(&operation.address).map_or(1, |step| u64::from(step.seconds.max(1)))
        };
        let mut remaining: Vec<u64> = graph.node_weights().map(seconds).collect();
        let sorted = petgraph::algo::toposort(&graph, None).unwrap_or_default();
        debug_assert_eq!(sorted.len(), graph.node_count(), "the order of a plan has a cycle");
        for node in sorted.into_iter().rev() {
            let longest = graph.edges(node).map(|edge| remaining[edge.target().index()]).max();
            remaining[node.index()] += longest.unwrap_or(0);
        }
        Self { graph, remaining }
    }

    pub fn len(&self) -> usize {
        self.graph.node_count()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn operation(&self, index: usize) -> &Operation {
        &self.graph[NodeIndex::new(index)]
    }

    /// Longest remaining path, in typical seconds.
    pub fn remaining(&self, index: usize) -> u64 {
        self.remaining[index]
    }

    /// Typical seconds of the longest chain of all.
    pub fn longest(&self) -> u64 {
        self.remaining.iter().copied().max().unwrap_or(0)
    }

    /// How many operations this one waits for.
    pub fn waits_for(&self, index: usize) -> usize {
        self.graph.edges_directed(NodeIndex::new(index), petgraph::Direction::Incoming).count()
    }

    /// The operations that wait for this one.
    pub fn followers(&self, index: usize) -> impl Iterator<Item = usize> {
        self.graph.edges(NodeIndex::new(index)).map(|edge| edge.target().index())
    }
}
