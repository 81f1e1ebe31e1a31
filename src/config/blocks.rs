use super::document::{Document, RawBlock};
use super::fields::{text, wrong_type};
use super::for_each;
use super::room::weight;
use super::scope::Scope;
use super::{Block, Entry, Lifecycle, Node, Span, Value};
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::schema::{properties, tree};
use indexmap::IndexMap;

/// All resources, `for_each` expanded.
#[derive(Default)]
pub(super) struct Blocks {
    pub all: IndexMap<Address, Block>,
    pub families: IndexMap<Address, Vec<String>>,
    /// One for each block whose `for_each` cannot be told: its other mistakes are looked for all the same.
    pub suspects: Vec<Block>,
}

impl Blocks {
    /// `tags` are the default tags.
    pub(super) fn expand(
        document: &mut Document,
        tags: &IndexMap<String, Entry>,
        scope: Scope<'_>,
        found: &mut Diagnostics,
    ) -> Self {
        let mut blocks = Self::default();
        for (address, raw) in std::mem::take(&mut document.blocks) {
            let each = raw.node.as_table().and_then(|table| table.get("for_each"));
            let (count, at) = (blocks.all.len(), each.map_or(raw.span, |each| each.key));
            if !scope.room.has_seats(count + 1, at) {
                break;
            }
            let Some(each) = each else {
                let block = block(address.clone(), &raw, tags, scope, found);
                blocks.all.insert(address, block);
                continue;
            };
            let Some(elements) = for_each::elements(each, scope, found) else {
                let scope = Scope { any_each: true, ..scope };
                blocks.suspects.push(block(address.clone(), &raw, tags, scope, found));
                document.broken.insert(address);
                continue;
            };
            if !scope.room.has_seats(count + elements.len(), at) {
                break;
            }
            if elements.is_empty() {
                raw.node.templates(&mut |_, template| scope.uses(template));
            }
            for element in elements.iter().take_while(|_| !scope.room.is_over()) {
                let address = Address { key: Some(element.key.clone()), ..address.clone() };
                let block = block(address.clone(), &raw, tags, scope.with_each(element), found);
                blocks.all.insert(address, block);
            }
            blocks.families.insert(address, elements.into_iter().map(|element| element.key).collect());
        }
        blocks
    }
}

fn block(
    address: Address,
    raw: &RawBlock,
    tags: &IndexMap<String, Entry>,
    scope: Scope<'_>,
    found: &mut Diagnostics,
) -> Block {
    let schema = raw.kind.inputs();
    let mut inputs = Node::table(raw.span);
    let known = scope.known_only("has to be known before apply");
    let mut depends_on = vec![];
    let mut lifecycle = Lifecycle::default();
    for (key, entry) in raw.node.as_table().into_iter().flatten() {
        match key.as_str() {
            "for_each" => {}
            "depends_on" => depends_on = addresses(&known.fill(&entry.node, None, found), found),
            "lifecycle" => {
                lifecycle = Lifecycle::read(&known.fill(&entry.node, None, found), schema, found);
            }
            _ => {
                let node = scope.fill(&entry.node, tree::child(schema, key), found);
                if !scope.room.is_shallow(&node, entry.key) {
                    break;
                }
                if let Some(inputs) = inputs.as_table_mut() {
                    inputs.insert(key.clone(), Entry { key: entry.key, node });
                }
            }
        }
    }
    let takes_tags = properties(schema)
        .and_then(|properties| properties.get("tags"))
        .is_some_and(|tags| tree::child(tags, "any").is_some());
    let extra: u64 = tags.iter().map(|(key, entry)| key.len() as u64 + weight(&entry.node)).sum();
    if takes_tags && !tags.is_empty() && scope.room.takes(extra, raw.span) {
        merge_tags(&mut inputs, tags);
    }
    Block { address, kind: raw.kind, inputs, depends_on, lifecycle, span: raw.span }
}

/// The resource's own tags win; a reference to a whole table of tags stays as it is.
fn merge_tags(inputs: &mut Node, defaults: &IndexMap<String, Entry>) {
    let Some(inputs) = inputs.as_table_mut() else { return };
    let Some(first) = defaults.values().next() else { return };
    let own = inputs
        .entry("tags".to_owned())
        .or_insert_with(|| Entry { key: first.key, node: Node::table(first.key) });
    if let Value::Table(own) = &mut own.node.value {
        for (key, entry) in defaults {
            own.entry(key.clone()).or_insert_with(|| entry.clone());
        }
    }
}

fn addresses(node: &Node, found: &mut Diagnostics) -> Vec<(Address, Span)> {
    let Some(items) = node.as_list() else {
        found.push(wrong_type("`depends_on`", "a list of addresses", node));
        return vec![];
    };
    let mut addresses = vec![];
    for item in items {
        let Some(text) = text("`depends_on`", item, found) else { continue };
        match text.parse::<Address>() {
            Ok(address) => addresses.push((address, item.span)),
            Err(_) => found.push(
                Diagnostic::new(
                    "stackctl::bad_reference",
                    format!("`{text}` is not an address"),
                    "Write `KIND.NAME` or `KIND.NAME['KEY']`, without an attribute.",
                )
                .at(item.span, "has another form"),
            ),
        }
    }
    addresses
}
