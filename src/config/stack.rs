use super::{Node, Param, Source, Span, Target, Value};
use crate::address::Address;
use crate::diagnostic::Diagnostics;
use crate::path::Path;
use crate::reference::Reference;
use crate::resource::Kind;
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A validated `stack.toml`: every reference leads somewhere, every value fits its attribute as far as it is known.
#[derive(Debug, Clone)]
pub struct Stack {
    pub source: Arc<Source>,
    pub name: String,
    pub region: String,
    /// The only account in which this stack may be applied.
    pub account: Option<String>,
    /// A folder, or `s3://bucket/key`.
    pub state: String,
    /// Where `state` stands, if anywhere.
    pub state_at: Option<Span>,
    /// Public keys of age for which state, journal and saved plans are encrypted; none: they are plain.
    pub encryption: Vec<String>,
    pub target: Option<Target>,
    /// With their final values.
    pub params: IndexMap<String, Param>,
    /// The default tags; blocks have them merged into their inputs already.
    pub tags: BTreeMap<String, String>,
    /// Every resource, `for_each` expanded, in the order of the file.
    pub blocks: IndexMap<Address, Block>,
    /// The keys of the blocks with `for_each`, by their address without a key.
    pub families: IndexMap<Address, Vec<String>>,
    pub outputs: IndexMap<String, Output>,
    /// Nothing that stops a run.
    pub warnings: Diagnostics,
}

/// One resource.
#[derive(Clone)]
pub struct Block {
    pub address: Address,
    pub kind: &'static dyn Kind,
    /// Always a table. Only references to resources are left in it; params, `each` and `stack` are filled in.
    pub inputs: Node,
    /// Addresses of single resources, `for_each` expanded.
    pub depends_on: Vec<(Address, Span)>,
    pub lifecycle: Lifecycle,
    /// Where the header `[kind.name]` stands.
    pub span: Span,
}

/// `[kind.name.lifecycle]`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lifecycle {
    /// None: as the kind does best.
    pub create_before_destroy: Option<bool>,
    pub prevent_destroy: bool,
    /// Paths of attributes whose differences are not looked at.
    pub ignore_changes: Vec<(Path, Span)>,
}

/// One entry of `[outputs]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    pub value: Node,
    pub sensitive: bool,
    pub description: Option<String>,
    /// Where its name stands.
    pub span: Span,
}

/// A reference as it stands in an attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Use<'a> {
    pub reference: &'a Reference,
    pub span: Span,
    /// Of the attribute that holds it.
    pub path: Path,
}

impl Stack {
    /// `stack.toml:12:5`.
    pub fn place(&self, span: Span) -> String {
        self.source.place(span)
    }

    /// Which line of the file to change so that the state is in another place.
    pub fn state_line(&self, place: &str) -> String {
        let target = self.target.as_ref().map(|target| format!(" (or to [targets.{}])", target.name));
        match self.state_at {
            Some(span) => format!("Now write in {}: state = \"{place}\"", self.place(span)),
            None => format!(
                "Now add to [stack]{} in {}: state = \"{place}\"",
                target.unwrap_or_default(),
                self.source.name
            ),
        }
    }

    /// The resources that a reference or a `depends_on` leads to: all of a family, where the address has no key.
    pub fn members(&self, address: &Address) -> Vec<Address> {
        match self.families.get(address) {
            Some(keys) => keys.iter().map(|key| Address::keyed(&address.kind, &address.name, key)).collect(),
            None => vec![address.clone()],
        }
    }

    /// What a resource needs before it: addresses and where `stack.toml` says so, without duplicates.
    pub fn dependencies(&self, address: &Address) -> IndexMap<Address, Span> {
        let mut needs = IndexMap::new();
        let Some(block) = self.blocks.get(address) else { return needs };
        for used in block.references() {
            for member in self.members(&used.reference.address) {
                needs.entry(member).or_insert(used.span);
            }
        }
        for (member, span) in &block.depends_on {
            needs.entry(member.clone()).or_insert(*span);
        }
        needs
    }
}

impl Block {
    /// Every reference to an attribute of a resource, in the order of the file.
    pub fn references(&self) -> Vec<Use<'_>> {
        references(&self.inputs)
    }

    /// Where the value of an attribute stands; for one that is not written, the header.
    pub fn span_of(&self, path: &Path) -> Span {
        let found = self.inputs.nearest(path);
        if found.key.is_some() || found.rest.is_root() { found.node.span } else { self.span }
    }
}

impl Output {
    pub fn references(&self) -> Vec<Use<'_>> {
        references(&self.value)
    }
}

fn references(node: &Node) -> Vec<Use<'_>> {
    let mut found = vec![];
    node.walk(&Path::default(), &mut |path, node| {
        if let Value::String(template) = &node.value {
            found.extend(template.references().map(|(reference, span)| Use {
                reference,
                span,
                path: path.clone(),
            }));
        }
    });
    found
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block")
            .field("address", &self.address.to_string())
            .field("kind", &self.kind.name())
            .field("inputs", &self.inputs)
            .field("depends_on", &self.depends_on)
            .field("lifecycle", &self.lifecycle)
            .finish_non_exhaustive()
    }
}
