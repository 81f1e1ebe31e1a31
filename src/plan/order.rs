use super::{Action, Plan, Step};
use crate::address::Address;
use crate::resource::Id;
use petgraph::algo::{has_path_connecting, tarjan_scc};
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

/// The graph of a plan's operations without what gives way to it.
struct Halves<'a> {
    graph: DiGraph<Operation, ()>,
    up: HashMap<&'a Address, NodeIndex>,
    down: HashMap<&'a Address, NodeIndex>,
    /// From an update to the deletion of what it no longer refers to.
    away: Vec<(NodeIndex, NodeIndex)>,
}

impl<'a> Halves<'a> {
    fn of(steps: &'a [Step]) -> Self {
        let (mut graph, mut up, mut down, mut away) =
            (DiGraph::new(), HashMap::new(), HashMap::new(), vec![]);
        for step in steps {
            let mut add = |half| graph.add_node(Operation { address: step.address.clone(), half });
            if step.action.creates() || step.action == Action::Update {
                up.insert(&step.address, add(Half::Up));
            }
            if step.action.deletes() {
                down.insert(&step.address, add(Half::Down));
            }
        }
        for step in steps {
            let (my_up, my_down) = (up.get(&step.address), down.get(&step.address));
            for theirs in step.depended_on.iter().filter_map(|dependency| down.get(dependency)) {
                match (my_down, my_up) {
                    // In a state that was edited by hand two may depend on each other: one of them goes first.
                    (Some(&mine), _) if !has_path_connecting(&graph, *theirs, mine, None) => {
                        graph.update_edge(mine, *theirs, ());
                    }
                    (None, Some(&mine)) => away.push((mine, *theirs)),
                    _ => {}
                }
            }
        }
        for step in steps {
            let (my_up, my_down) = (up.get(&step.address), down.get(&step.address));
            let mut edge = |from: Option<&NodeIndex>, to: Option<&NodeIndex>| {
                if let (Some(&from), Some(&to)) = (from, to) {
                    graph.update_edge(from, to, ());
                }
            };
            for dependency in &step.depends_on {
                edge(up.get(dependency), my_up);
            }
            match step.action {
                Action::Replace => edge(my_down, my_up),
                Action::ReplaceCreateFirst => edge(my_up, my_down),
                _ => {}
            }
        }
        Self { graph, up, down, away }
    }
}

/// The first create-first replacement that would wait for itself: its old object stands in the way of something that
/// has to go before it can come anew, and on that the new object depends.
pub(super) fn waiting_for_itself(steps: &[Step]) -> Option<usize> {
    let halves = Halves::of(steps);
    let circles: Vec<Vec<NodeIndex>> =
        tarjan_scc(&halves.graph).into_iter().filter(|circle| circle.len() > 1).collect();
    steps.iter().position(|step| {
        let (up, down) = (halves.up.get(&step.address), halves.down.get(&step.address));
        step.action == Action::ReplaceCreateFirst
            && circles
                .iter()
                .any(|circle| [up, down].iter().all(|half| half.is_some_and(|h| circle.contains(h))))
    })
}

impl Order {
    /// # Panics
    /// Never: a plan comes from an acyclic stack, and each rule below keeps the order acyclic.
    pub fn new(plan: &Plan) -> Self {
        let Halves { mut graph, up, away, .. } = Halves::of(&plan.steps);
        for step in &plan.steps {
            for id in &step.deposed {
                let half = Half::Deposed(id.clone());
                let node = graph.add_node(Operation { address: step.address.clone(), half });
                // Dependants may still point at the old object.
                let dependants = plan.steps.iter().filter(|other| other.depends_on.contains(&step.address));
                for user in dependants.chain([step]).filter_map(|user| up.get(&user.address)) {
                    graph.update_edge(*user, node, ());
                }
            }
        }
        // Updated away from what goes, before it goes. This order does not exist where the new dependency can only be made
        // after the old one is gone, as with a destroy-first replacement.
        for (up, down) in away {
            if !has_path_connecting(&graph, down, up, None) {
                graph.update_edge(up, down, ());
            }
        }
        let steps: HashMap<&Address, &Step> = plan.steps.iter().map(|step| (&step.address, step)).collect();
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
