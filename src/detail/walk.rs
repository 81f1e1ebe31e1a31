//! Two values and their schema to leaves.

use super::likeness::names;
use super::pairs::{Pair, in_any_order, in_order};
use super::{Detail, Leaf, Turn, statement};
use crate::diff::{AttrChange, items_schema, same};
use crate::path::{Path, Step};
use crate::schema::tree::{child, identity, is_set};
use crate::schema::{as_unknown, is};
use crate::state::is_digest;
use serde_json::{Map, Value as Json};

/// A change of the plan in detail. `inputs` is the schema of the kind's inputs; null where there is none.
pub fn detail(inputs: &Json, change: &AttrChange) -> Detail {
    let schema = crate::schema::tree::schema(inputs, &change.path).unwrap_or(&Json::Null);
    let mut walk = Walk { leaves: vec![] };
    let place = Place { schema, path: change.path.clone(), sensitive: change.sensitive, within: Json::Null };
    walk.value(&place, &change.before, &change.after);
    Detail { leaves: walk.leaves }
}

/// The same for values without a resource around them.
pub fn leaves(schema: &Json, before: &Json, after: &Json) -> Vec<Leaf> {
    let mut walk = Walk { leaves: vec![] };
    walk.value(&Place { schema, path: Path::default(), sensitive: false, within: Json::Null }, before, after);
    walk.leaves
}

/// Where a value is.
pub(super) struct Place<'a> {
    pub schema: &'a Json,
    pub path: Path,
    pub sensitive: bool,
    /// What stays the same in the element of a list that this is in.
    pub within: Json,
}

impl<'a> Place<'a> {
    fn key(&self, key: &str) -> Place<'a> {
        let schema = child(self.schema, key).unwrap_or(&Json::Null);
        let sensitive = self.sensitive || is(schema, "x-sensitive");
        Place { schema, path: self.path.with(key), sensitive, within: self.within.clone() }
    }
}

pub(super) struct Walk {
    pub leaves: Vec<Leaf>,
}

impl Walk {
    pub(super) fn value(&mut self, place: &Place<'_>, before: &Json, after: &Json) {
        let schema = place.schema;
        if same(schema, before, after) {
            if !after.is_null() {
                self.leaf(place, Turn::Same, before, after);
            }
            return;
        }
        let turn = match (before, after) {
            (Json::Null, _) => Turn::Added,
            (_, Json::Null) => Turn::Removed,
            _ => Turn::Changed,
        };
        let whole = place.sensitive
            || is(schema, "x-sensitive")
            || turn != Turn::Changed
            || as_unknown(before).is_some()
            || as_unknown(after).is_some();
        let here = self.leaves.len();
        match (before, after) {
            _ if whole => self.leaf(place, turn, before, after),
            (Json::Object(_), Json::Object(_)) if is(schema, "x-policy") => {
                statement::document(self, place, before, after);
            }
            (Json::Object(b), Json::Object(a)) => self.table(place, b, a),
            (Json::Array(b), Json::Array(a)) => self.list(place, b, a),
            _ => self.leaf(place, turn, before, after),
        }
        // Where only the whole differs: an empty table instead of none, a repetition in a list.
        if self.leaves[here..].iter().all(|leaf| leaf.turn == Turn::Same) {
            self.leaves.truncate(here);
            self.leaf(place, turn, before, after);
        }
    }

    pub(super) fn leaf(&mut self, place: &Place<'_>, turn: Turn, before: &Json, after: &Json) {
        let sensitive = place.sensitive || is(place.schema, "x-sensitive");
        // A digest is no value, and says something about one.
        let shown = |value: &Json| if sensitive { Json::Null } else { masked(place.schema, value) };
        self.leaves.push(Leaf {
            path: place.path.clone(),
            turn,
            before: shown(before),
            after: shown(after),
            sensitive,
            within: place.within.clone(),
        });
    }

    fn table(&mut self, place: &Place<'_>, before: &Map<String, Json>, after: &Map<String, Json>) {
        for name in in_order_of(place.schema, names(before, after)) {
            let at = |map: &Map<String, Json>| map.get(name).cloned().unwrap_or(Json::Null);
            self.value(&place.key(name), &at(before), &at(after));
        }
    }

    fn list(&mut self, place: &Place<'_>, before: &[Json], after: &[Json]) {
        let schema = items_schema(place.schema);
        let pairs = match is_set(place.schema) {
            true => in_any_order(schema, before, after),
            false => in_order(schema, before, after),
        };
        for pair in pairs {
            let at = |items: &[Json], index: usize| Place {
                schema,
                path: place.path.then(step(items, index)),
                sensitive: place.sensitive,
                within: Json::Null,
            };
            match pair {
                Pair::Same(b, a) => self.leaf(&at(after, a), Turn::Same, &before[b], &after[a]),
                Pair::Changed(b, a) => {
                    let within = common(schema, &before[b], &after[a]);
                    self.value(&Place { within, ..at(after, a) }, &before[b], &after[a]);
                }
                Pair::Removed(b) => self.leaf(&at(before, b), Turn::Removed, &before[b], &Json::Null),
                Pair::Added(a) => self.leaf(&at(after, a), Turn::Added, &Json::Null, &after[a]),
            }
        }
    }
}

/// Names that the schema knows come in its order, others as they are.
fn in_order_of<'a>(schema: &Json, mut names: Vec<&'a String>) -> Vec<&'a String> {
    if let Some(known) = crate::schema::properties(schema) {
        names.sort_by_key(|name| known.keys().position(|known| known == *name).unwrap_or(usize::MAX));
    }
    names
}

/// How an element is called: by its name if no other has it, else by its place.
fn step(items: &[Json], index: usize) -> Step {
    let name = identity(&items[index]);
    let once = name.filter(|name| items.iter().filter(|item| identity(item) == Some(name)).count() == 1);
    once.map_or(Step::Index(index), |name| Step::Element(name.to_owned()))
}

/// What two tables have in common, of which neither is secret.
fn common(schema: &Json, before: &Json, after: &Json) -> Json {
    let (Json::Object(before), Json::Object(after)) = (before, after) else { return Json::Null };
    let kept = after.iter().filter(|(name, value)| {
        let sub = child(schema, name).unwrap_or(&Json::Null);
        let other = before.get(*name).unwrap_or(&Json::Null);
        !value.is_null() && !is(sub, "x-sensitive") && same(sub, other, value)
    });
    let kept: Map<String, Json> = kept
        .map(|(name, value)| (name.clone(), masked(child(schema, name).unwrap_or(&Json::Null), value)))
        .collect();
    if kept.is_empty() { Json::Null } else { Json::Object(kept) }
}

/// The value with `(sensitive)` for what the schema says is secret, and for digests.
pub fn masked(schema: &Json, value: &Json) -> Json {
    match value {
        Json::Null => Json::Null,
        _ if is(schema, "x-sensitive") => Json::from("(sensitive)"),
        Json::String(text) if is_digest(value) || text.starts_with("$digest:") => Json::from("(sensitive)"),
        Json::Object(map) if as_unknown(value).is_none() => map
            .iter()
            .map(|(name, value)| (name.clone(), masked(child(schema, name).unwrap_or(&Json::Null), value)))
            .collect::<Map<_, _>>()
            .into(),
        Json::Array(items) => items.iter().map(|item| masked(items_schema(schema), item)).collect(),
        other => other.clone(),
    }
}
