use super::{Action, Plan, Step};
use crate::address::Address;
use crate::resource::Id;
use petgraph::algo::{has_path_connecting, kosaraju_scc};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use std::collections::{BTreeSet, HashMap, HashSet};

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
    /// Seconds of each operation alone.
    seconds: Vec<u64>,
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
            for holder in &step.held_by {
                edge(up.get(holder), my_down);
            }
            for other in &step.after {
                edge(down.get(other), my_up);
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

impl Halves<'_> {
    fn circles(&self) -> Vec<Vec<NodeIndex>> {
        kosaraju_scc(&self.graph).into_iter().filter(|circle| circle.len() > 1).collect()
    }
}

/// The steps that wait for each other, if there are any: the plan has no order.
pub(super) fn circle(steps: &[Step]) -> Option<Vec<usize>> {
    let halves = Halves::of(steps);
    let circle = halves.circles().pop()?;
    let of = |node: &NodeIndex| steps.iter().position(|step| step.address == halves.graph[*node].address);
    let mut at: Vec<usize> = circle.iter().filter_map(of).collect();
    at.sort_unstable();
    at.dedup();
    Some(at)
}

/// The first create-first replacement that would wait for itself, but for those that must be so: its old object stands in
/// the way of something that has to go before it can come anew, and on that the new object depends.
pub(super) fn waiting_for_itself(steps: &[Step], must: &BTreeSet<Address>) -> Option<usize> {
    let halves = Halves::of(steps);
    let circles = halves.circles();
    steps.iter().position(|step| {
        let (up, down) = (halves.up.get(&step.address), halves.down.get(&step.address));
        step.action == Action::ReplaceCreateFirst
            && !must.contains(&step.address)
            && circles
                .iter()
                .any(|circle| [up, down].iter().all(|half| half.is_some_and(|h| circle.contains(h))))
    })
}

impl Order {
    /// # Panics
    /// Never: a plan comes from an acyclic stack, and each rule below keeps the order acyclic.
    pub fn new(plan: &Plan) -> Self {
        let Halves { mut graph, up, down, away } = Halves::of(&plan.steps);
        let downs: HashSet<NodeIndex> = down.values().copied().collect();
        let mut left: HashMap<&Address, Vec<NodeIndex>> = HashMap::new();
        for step in &plan.steps {
            for id in &step.deposed {
                let half = Half::Deposed(id.clone());
                let node = graph.add_node(Operation { address: step.address.clone(), half });
                left.entry(&step.address).or_default().push(node);
                // Dependants may still point at the old object.
                let dependants = plan.steps.iter().filter(|other| other.depends_on.contains(&step.address));
                for user in dependants.chain([step]).filter_map(|user| up.get(&user.address)) {
                    graph.update_edge(*user, node, ());
                }
            }
        }
        // What an older object is named by is free once that is gone.
        for step in &plan.steps {
            let Some(mine) = up.get(&step.address) else { continue };
            for node in step.after.iter().filter_map(|other| left.get(other)).flatten() {
                if !has_path_connecting(&graph, *mine, *node, None) {
                    graph.update_edge(*node, *mine, ());
                }
            }
        }
        // Updated away from what goes, before it goes. This order does not exist where the new dependency can only be made
        // after the old one is gone, as with a destroy-first replacement. What stands around the old one goes no earlier:
        // the rules of a security group work until nobody is in it.
        for (up, old) in away {
            let around: Vec<NodeIndex> = graph
                .neighbors_directed(old, petgraph::Direction::Incoming)
                .filter(|node| downs.contains(node))
                .collect();
            for node in std::iter::once(old).chain(around) {
                if !has_path_connecting(&graph, node, up, None) {
                    graph.update_edge(up, node, ());
                }
            }
        }
        let later = freed(plan, &graph, &up, &down).into_iter().chain(around(plan, &down));
        for (first, then) in later.chain(older(plan, &left, &down)) {
            if first != then && !has_path_connecting(&graph, then, first, None) {
                graph.update_edge(first, then, ());
            }
        }
        let steps: HashMap<&Address, &Step> = plan.steps.iter().map(|step| (&step.address, step)).collect();
        let seconds = |operation: &Operation| {
            steps.get(&operation.address).map_or(1, |step| step.seconds_of(&operation.half))
        };
        let seconds: Vec<u64> = graph.node_weights().map(seconds).collect();
        let mut remaining = seconds.clone();
        let sorted = petgraph::algo::toposort(&graph, None).unwrap_or_default();
        debug_assert_eq!(sorted.len(), graph.node_count(), "the order of a plan has a cycle");
        for node in sorted.into_iter().rev() {
            let longest = graph.edges(node).map(|edge| remaining[edge.target().index()]).max();
            remaining[node.index()] += longest.unwrap_or(0);
        }
        Self { graph, remaining, seconds }
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

    /// Typical seconds of this operation alone.
    pub fn seconds(&self, index: usize) -> u64 {
        self.seconds[index]
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

/// An update gives free what another wants: it comes first, unless they want it of each other. Those run side by side, each
/// lets go first, and the refusals in between pass.
fn freed(
    plan: &Plan,
    graph: &DiGraph<Operation, ()>,
    up: &HashMap<&Address, NodeIndex>,
    down: &HashMap<&Address, NodeIndex>,
) -> Vec<(NodeIndex, NodeIndex)> {
    let mut found = vec![];
    for step in &plan.steps {
        let frees =
            step.after.iter().filter(|other| !down.contains_key(other)).filter_map(|other| up.get(other));
        found.extend(frees.filter_map(|other| Some((*other, *up.get(&step.address)?))));
    }
    if !found.is_empty() {
        let mut all = graph.clone();
        found.iter().for_each(|(first, then)| {
            all.update_edge(*first, *then, ());
        });
        let circles: Vec<Vec<NodeIndex>> = kosaraju_scc(&all);
        found.retain(|(a, b)| !circles.iter().any(|circle| circle.contains(a) && circle.contains(b)));
    }
    found
}

/// What goes has gone from around all that goes with it, also where what stands between the two stays.
fn around(plan: &Plan, down: &HashMap<&Address, NodeIndex>) -> Vec<(NodeIndex, NodeIndex)> {
    let mut found = vec![];
    if down.len() < 2 {
        return found;
    }
    let steps: HashMap<&Address, &Step> = plan.steps.iter().map(|step| (&step.address, step)).collect();
    for step in &plan.steps {
        let Some(mine) = down.get(&step.address) else { continue };
        let mut seen: HashSet<&Address> = HashSet::new();
        let mut way: Vec<&Address> = step.depended_on.iter().collect();
        while let Some(address) = way.pop() {
            if !seen.insert(address) {
                continue;
            }
            match (down.get(address), steps.get(address)) {
                (Some(theirs), _) => found.push((*mine, *theirs)),
                (None, Some(between)) => way.extend(&between.depended_on),
                (None, None) => {}
            }
        }
    }
    found
}

/// Older objects of a resource go before those of what it depends on, and before what that is now, if it goes.
fn older(
    plan: &Plan,
    left: &HashMap<&Address, Vec<NodeIndex>>,
    down: &HashMap<&Address, NodeIndex>,
) -> Vec<(NodeIndex, NodeIndex)> {
    let mut found = vec![];
    if left.is_empty() {
        return found;
    }
    for step in &plan.steps {
        let old = left.get(&step.address).map_or(&[][..], Vec::as_slice);
        let now = down.get(&step.address);
        for dependency in step.depended_on.iter().chain(&step.depends_on) {
            let theirs = left.get(dependency).map_or(&[][..], Vec::as_slice);
            for mine in old.iter().chain(now) {
                found.extend(theirs.iter().map(|theirs| (*mine, *theirs)));
            }
            found.extend(old.iter().zip(down.get(dependency).into_iter().cycle()).map(|(a, b)| (*a, *b)));
        }
    }
    found
}
