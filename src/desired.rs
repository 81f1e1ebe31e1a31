//! What `stack.toml` wants, as the engine asks for it: resources in order, inputs as far as they are known.

use crate::address::Address;
use crate::cloud::naming;
use crate::config::{Lifecycle, Output, Resolved, Stack};
use crate::path::Path;
use crate::plan::Known;
use crate::reference::Reference;
use crate::resource::Kind;
use crate::schema::identity::{self, Identity};
use crate::schema::{as_unknown, defaults, fingerprint, properties};
use petgraph::graph::{DiGraph, NodeIndex};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, HashMap};

/// A built function: what the attribute with `x-package` became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The zip on this machine.
    pub artifact: String,
    /// SHA-256 of the zip in base64, as Lambda reports it.
    pub code_sha256: String,
}

/// A stack, ready to be planned.
#[derive(Debug)]
pub struct Desired {
    stack: Stack,
    account: String,
    region: String,
    /// Dependencies first.
    order: Vec<Address>,
    depends_on: HashMap<Address, Vec<Address>>,
    packages: HashMap<Address, Built>,
}

impl Desired {
    /// `packages` are the built functions, by the address that has the `x-package` attribute.
    pub fn new(stack: Stack, account: &str, region: &str, packages: HashMap<Address, Built>) -> Self {
        let depends_on: HashMap<Address, Vec<Address>> = stack
            .blocks
            .keys()
            .map(|address| (address.clone(), stack.dependencies(address).into_keys().collect()))
            .collect();
        let order = order(&stack, &depends_on);
        Self { stack, account: account.to_owned(), region: region.to_owned(), order, depends_on, packages }
    }

    pub fn stack(&self) -> &str {
        &self.stack.name
    }

    /// The configuration behind it, for reports that point into `stack.toml`.
    pub fn config(&self) -> &Stack {
        &self.stack
    }

    pub fn target(&self) -> Option<&str> {
        self.stack.target.as_ref().map(|target| target.name.as_str())
    }

    /// Every resource, dependencies first, by position in the file where that leaves a choice.
    pub fn order(&self) -> impl DoubleEndedIterator<Item = &Address> {
        self.order.iter()
    }

    pub fn contains(&self, address: &Address) -> bool {
        self.stack.blocks.contains_key(address)
    }

    /// # Panics
    /// If the address is not in the stack.
    pub fn kind(&self, address: &Address) -> &'static dyn Kind {
        self.stack.blocks[address].kind
    }

    pub fn depends_on(&self, address: &Address) -> &[Address] {
        self.depends_on.get(address).map_or(&[], Vec::as_slice)
    }

    /// # Panics
    /// If the address is not in the stack.
    pub fn lifecycle(&self, address: &Address) -> &Lifecycle {
        &self.stack.blocks[address].lifecycle
    }

    /// The wanted inputs in full: references resolved as far as `known` reaches, physical name, built package and
    /// defaults filled in. Holds secrets in plain.
    pub fn inputs(&self, address: &Address, known: &Known) -> Json {
        let Some(block) = self.stack.blocks.get(address) else { return Json::Null };
        let lookup = |reference: &Reference| look(known, reference);
        let mut inputs = self.stack.resolve(block, &lookup);
        let schema = block.kind.inputs();
        if let Json::Object(map) = &mut inputs {
            for (name, sub) in properties(schema).into_iter().flatten() {
                if let Some(rule) = sub.get("x-name")
                    && map.get(name).is_none_or(Json::is_null)
                {
                    let called = known.called(address).map(str::to_owned);
                    map.insert(
                        name.clone(),
                        Json::String(called.unwrap_or_else(|| self.name(address, rule))),
                    );
                }
            }
            if let Some(built) = self.packages.get(address) {
                map.insert("artifact".to_owned(), json!(built.artifact));
                map.insert("code_sha256".to_owned(), json!(built.code_sha256));
            }
        }
        self.identify(address, known, &mut inputs);
        defaults::fill(schema, &mut inputs);
        fingerprint::fill(schema, &mut inputs);
        inputs
    }

    /// Fills in which objects of the stack the attributes name (`x-identity`).
    fn identify(&self, address: &Address, known: &Known, inputs: &mut Json) {
        let Some(block) = self.stack.blocks.get(address) else { return };
        for identity in identity::all(block.kind.inputs()) {
            let Some(other) = self.identified(address, &identity) else { continue };
            if inputs.get(identity.name).is_none_or(Json::is_null) {
                inputs[identity.name] = known.get(&other, &Path::key(identity.output));
            }
        }
    }

    /// The resource that the attribute names whose identity this is.
    pub fn identified(&self, address: &Address, identity: &Identity<'_>) -> Option<Address> {
        let named = self.named(address, identity.of);
        let has = |kind: &dyn Kind| {
            properties(kind.outputs()).is_some_and(|outputs| outputs.contains_key(identity.output))
        };
        named.into_iter().find(|other| self.stack.blocks.get(other).is_some_and(|block| has(block.kind)))
    }

    /// The resources that an attribute refers to.
    pub fn named(&self, address: &Address, attribute: &str) -> Vec<Address> {
        let Some(block) = self.stack.blocks.get(address) else { return vec![] };
        let uses = block.references();
        let uses = uses.iter().filter(|used| used.path.head() == attribute);
        uses.flat_map(|used| self.stack.members(&used.reference.address)).collect()
    }

    /// Where the physical name is derived: its attribute, and the names that the object may have, in the order in which
    /// they are taken.
    pub fn derived(&self, address: &Address) -> Option<(&'static str, impl Iterator<Item = String>)> {
        let block = self.stack.blocks.get(address)?;
        let attributes = properties(block.kind.inputs()).into_iter().flatten();
        let mut named = attributes.filter_map(|(name, sub)| Some((name.as_str(), sub.get("x-name")?)));
        let (attribute, rule) = named.find(|(name, _)| block.inputs.get(name).is_none())?;
        let (first, max) = (self.name(address, rule), naming::longest(rule));
        let separator = if rule["underscores"] == true { '_' } else { '-' };
        let more = (2..).map({
            let first = first.clone();
            move |number| naming::successor(&first, max, number, separator)
        });
        Some((attribute, std::iter::once(first).chain(more)))
    }

    fn name(&self, address: &Address, rule: &Json) -> String {
        let place = Some((self.account.as_str(), self.region.as_str()));
        naming::derived(&self.stack.name, address, rule, place).unwrap_or_default()
    }

    pub fn has_output(&self, name: &str) -> bool {
        self.stack.outputs.contains_key(name)
    }

    /// The resources that an output speaks of, without duplicates.
    pub fn output_needs(&self, name: &str) -> Vec<Address> {
        let output = self.stack.outputs.get(name);
        let uses = output.map(Output::references).unwrap_or_default();
        let mut needs: Vec<Address> =
            uses.iter().flat_map(|used| self.stack.members(&used.reference.address)).collect();
        needs.sort();
        needs.dedup();
        needs
    }

    /// `[outputs]` with their values as far as they are known, and whether they are sensitive.
    pub fn outputs(&self, known: &Known) -> BTreeMap<String, (Json, bool)> {
        let lookup = |reference: &Reference| look(known, reference);
        let outputs = self.stack.outputs.iter().map(|(name, output)| {
            (name.clone(), (self.stack.resolve_output(output, &lookup), output.sensitive))
        });
        outputs.collect()
    }
}

fn look(known: &Known, reference: &Reference) -> Resolved {
    let value = known.get(&reference.address, &reference.path);
    if as_unknown(&value).is_some() { Resolved::Unknown } else { Resolved::Known(value) }
}

fn order(stack: &Stack, depends_on: &HashMap<Address, Vec<Address>>) -> Vec<Address> {
    let mut graph = DiGraph::new();
    let nodes: HashMap<&Address, NodeIndex> =
        stack.blocks.keys().map(|address| (address, graph.add_node(address))).collect();
    for (address, dependencies) in depends_on {
        for dependency in dependencies {
            if let (Some(&from), Some(&to)) = (nodes.get(dependency), nodes.get(address)) {
                graph.update_edge(from, to, ());
            }
        }
    }
    let mut waits: HashMap<&Address, usize> = stack
        .blocks
        .keys()
        .map(|address| (address, graph.edges_directed(nodes[address], petgraph::Incoming).count()))
        .collect();
    let mut left: Vec<&Address> = stack.blocks.keys().collect();
    let mut order = vec![];
    while let Some(at) = left.iter().position(|address| waits[*address] == 0) {
        let next = left.remove(at);
        for follower in graph.neighbors(nodes[next]) {
            if let Some(count) = waits.get_mut(graph[follower]) {
                *count -= 1;
            }
        }
        order.push(next.clone());
    }
    debug_assert!(left.is_empty(), "the configuration has refused cycles");
    order
}
