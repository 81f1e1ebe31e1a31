use super::World;
use crate::address::Address;
use crate::cloud::naming;
use crate::config::header::Header;
use crate::config::{Block, Span};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::path::Path;
use crate::resource::Kind;
use crate::schema::unique::{self, Part};
use crate::schema::{as_unknown, defaults, properties};
use indexmap::IndexMap;
use serde_json::Value as Json;

/// Two objects of a kind that AWS would not let stand beside each other: one name, overlapping networks, one subnet in two
/// route tables. The plan refuses the same once it knows all values; here it costs nothing to say.
pub(in crate::config) fn twins(world: &World<'_>, header: &Header, found: &mut Diagnostics) {
    let mut kinds: IndexMap<&str, Vec<&Block>> = IndexMap::new();
    for block in world.blocks.all.values() {
        kinds.entry(block.kind.name()).or_default().push(block);
    }
    for blocks in kinds.into_values().filter(|blocks| blocks.len() > 1) {
        let kind = blocks[0].kind;
        let key = unique::key(kind);
        if key.is_empty() || key.iter().any(Part::is_of_successors) {
            continue;
        }
        let objects: Vec<Object<'_>> =
            blocks.into_iter().filter_map(|block| Object::new(block, &key, world, header)).collect();
        // Those that are equal in what is compared as a whole.
        let mut groups: IndexMap<String, Vec<&Object<'_>>> = IndexMap::new();
        for object in &objects {
            groups.entry(object.plain.clone()).or_default().push(object);
        }
        for group in groups.into_values() {
            pairs(kind, &key, &group, found);
        }
    }
}

struct Object<'a> {
    block: &'a Block,
    /// Of the parts of the key.
    values: Vec<Json>,
    /// Of the plain parts, as text that is equal where they are.
    plain: String,
}

impl<'a> Object<'a> {
    /// None where a part of the key is not known well enough to be compared.
    fn new(block: &'a Block, key: &[Part<'_>], world: &World<'_>, header: &Header) -> Option<Self> {
        let schema = block.kind.inputs();
        let mut inputs = block.inputs.to_json(Some(schema), &|expression| world.lookup(expression));
        defaults::fill(schema, &mut inputs);
        let mut values = vec![];
        let mut plain = vec![];
        for part in key {
            let mut value = inputs.get(part.name).cloned().unwrap_or(Json::Null);
            let rule = properties(schema).and_then(|all| all.get(part.name)?.get("x-name"));
            if let (true, Some(rule)) = (value.is_null(), rule) {
                let place = header.account.as_deref().zip(header.region.as_deref());
                value = Json::String(naming::derived(header.name.as_deref()?, &block.address, rule, place)?);
            }
            match part.is_plain() {
                true => plain.push(part.canonical(&value)),
                // What is not there, or not known, overlaps with nothing.
                false if !value.is_string() && !value.is_array() => return None,
                false => {}
            }
            values.push(value);
        }
        Some(Self { block, values, plain: Json::Array(plain).to_string() })
    }

    fn span(&self, key: &[Part<'_>]) -> Span {
        // What tells the objects apart: the last part that is written.
        let written = key.iter().rev().find(|part| self.block.inputs.get(part.name).is_some());
        written.map_or(self.block.span, |part| self.block.span_of(&Path::key(part.name)))
    }
}

fn pairs(kind: &'static dyn Kind, key: &[Part<'_>], group: &[&Object<'_>], found: &mut Diagnostics) {
    let plain = key.iter().all(Part::is_plain);
    for (at, object) in group.iter().enumerate() {
        let collides = |other: &&&Object<'_>| {
            let parts: Vec<_> = key
                .iter()
                .zip(other.values.iter().zip(&object.values))
                .map(|(part, (a, b))| (*part, a, b))
                .collect();
            unique::collide(&parts)
        };
        // All of a group that is compared as a whole are alike.
        let before = if plain { &group[..at.min(1)] } else { &group[..at] };
        if let Some(first) = before.iter().find(collides) {
            found.push(told(kind, key, first, object));
        }
    }
}

fn told(kind: &'static dyn Kind, key: &[Part<'_>], first: &Object<'_>, second: &Object<'_>) -> Diagnostic {
    let (one, other): (&Address, &Address) = (&first.block.address, &second.block.address);
    let value = |object: &Object<'_>, part: &Part<'_>| {
        let at = key.iter().position(|own| own.name == part.name);
        at.map(|at| object.values[at].clone()).unwrap_or_default()
    };
    let special = key.iter().find(|part| !part.is_plain());
    let (message, help) = match special {
        Some(part) if part.is_network() => {
            let [a, b] =
                [first, second].map(|object| value(object, part).as_str().unwrap_or_default().to_owned());
            (
                format!("{one} and {other} overlap: {a} and {b}"),
                "Give one of them a network beside the other.".to_owned(),
            )
        }
        Some(part) => {
            let others = value(second, part);
            let items = value(first, part).as_array().cloned().unwrap_or_default();
            let both =
                items.into_iter().find(|item| others.as_array().is_some_and(|others| others.contains(item)));
            let both = both.map(|both| as_unknown(&both).map_or_else(|| both.to_string(), str::to_owned));
            (
                format!("`{}` of {one} and of {other} both name {}", part.name, both.unwrap_or_default()),
                format!("AWS takes it in one {} only: remove it from the other.", kind.name()),
            )
        }
        None => {
            let names: Vec<&str> = key.iter().map(|part| part.name).collect();
            let named = key
                .iter()
                .map(|part| value(second, part))
                .find_map(|value| value.as_str().map(str::to_owned));
            match (names.as_slice(), named) {
                ([_], Some(name)) => (
                    format!("{one} and {other} are both called `{name}`"),
                    "Give one of them another name; names that nobody gives are told apart by stackctl."
                        .to_owned(),
                ),
                _ => (
                    format!("{one} and {other} are the same to AWS: equal in `{}`", names.join("`, `")),
                    "Remove one of them, or change what they have in common.".to_owned(),
                ),
            }
        }
    };
    let mistake =
        Diagnostic::new("stackctl::twins", message, help).at(second.span(key), "in the way of the other");
    if first.span(key) == second.span(key) { mistake } else { mistake.at(first.span(key), "the other") }
}
