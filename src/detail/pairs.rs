//! Which element of a list after a change is which one before it.

use super::likeness::{ALIKE, likeness};
use crate::diff::canonical;
use crate::schema::has_unknown;
use crate::schema::tree::identity;
use serde_json::Value as Json;
use similar::{Algorithm, DiffOp, capture_diff_slices};
use std::collections::HashSet;

/// Positions in both lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pair {
    Same(usize, usize),
    Changed(usize, usize),
    Removed(usize),
    Added(usize),
}

/// The elements of a list in which order means something: in the order of the list.
pub fn in_order(schema: &Json, before: &[Json], after: &[Json]) -> Vec<Pair> {
    let (b, a) = (keys(schema, before), keys(schema, after));
    let mut pairs = vec![];
    for op in capture_diff_slices(Algorithm::Myers, &b, &a) {
        let (removed, added) = (op.old_range(), op.new_range());
        if let DiffOp::Equal { .. } = op {
            pairs.extend(removed.zip(added).map(|(b, a)| Pair::Same(b, a)));
            continue;
        }
        // One scalar in place of another is a change; several are a matter of what went and what came.
        let one = removed.len() == 1
            && added.len() == 1
            && before[removed.start].is_object() == after[added.start].is_object();
        if one && !before[removed.start].is_object() {
            pairs.push(Pair::Changed(removed.start, added.start));
            continue;
        }
        pairs.extend(alike(schema, before, after, removed.collect(), added.collect()));
    }
    pairs
}

/// The elements of a set: those of `after` in their order, with what went before what came.
pub fn in_any_order(schema: &Json, before: &[Json], after: &[Json]) -> Vec<Pair> {
    let (b, a) = (keys(schema, before), keys(schema, after));
    let mut pairs = vec![];
    let mut added: Vec<usize> = vec![];
    for (at, key) in a.iter().enumerate() {
        match b.iter().position(|other| other == key) {
            Some(_) if a[..at].contains(key) => {}
            Some(other) => pairs.push(Pair::Same(other, at)),
            None => added.push(at),
        }
    }
    let removed = (0..b.len()).filter(|at| !a.contains(&b[*at]) && !b[..*at].contains(&b[*at])).collect();
    added.retain(|at| !a[..*at].contains(&a[*at]));
    pairs.extend(alike(schema, before, after, removed, added));
    pairs
}

/// Nothing equals what is not known yet.
fn keys(schema: &Json, items: &[Json]) -> Vec<String> {
    let key = |(at, item): (usize, &Json)| match has_unknown(item) {
        true => format!("unknown {at} {item}"),
        false => canonical(schema, item).to_string(),
    };
    items.iter().enumerate().map(key).collect()
}

/// Pairs tables that are called the same, then those that are most alike.
fn alike(
    schema: &Json,
    before: &[Json],
    after: &[Json],
    removed: Vec<usize>,
    added: Vec<usize>,
) -> Vec<Pair> {
    let mut changed: Vec<(usize, usize)> = vec![];
    let once =
        |items: &[Json], name: &str| items.iter().filter(|item| identity(item) == Some(name)).count() == 1;
    for &a in &added {
        let name = identity(&after[a]).filter(|name| once(before, name) && once(after, name));
        if let Some(b) = removed.iter().find(|b| name.is_some() && identity(&before[**b]) == name) {
            changed.push((*b, a));
        }
    }
    let mut scores: Vec<(f64, usize, usize)> = vec![];
    for &a in added.iter().filter(|a| after[**a].is_object()) {
        for &b in removed.iter().filter(|b| before[**b].is_object()) {
            let score = likeness(schema, &before[b], &after[a]);
            if score > ALIKE {
                scores.push((score, b, a));
            }
        }
    }
    scores.sort_by(|x, y| {
        y.0.total_cmp(&x.0).then(x.1.abs_diff(x.2).cmp(&y.1.abs_diff(y.2))).then(x.2.cmp(&y.2))
    });
    for (_, b, a) in scores {
        if !changed.iter().any(|(taken, other)| *taken == b || *other == a) {
            changed.push((b, a));
        }
    }
    changed.sort_by_key(|(_, a)| *a);
    let (gone, new): (HashSet<usize>, HashSet<usize>) = changed.iter().copied().unzip();
    let mut pairs: Vec<Pair> = changed.into_iter().map(|(b, a)| Pair::Changed(b, a)).collect();
    pairs.extend(removed.into_iter().filter(|b| !gone.contains(b)).map(Pair::Removed));
    pairs.extend(added.into_iter().filter(|a| !new.contains(a)).map(Pair::Added));
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(value: Json) -> Vec<Json> {
        value.as_array().unwrap().clone()
    }

    #[test]
    fn a_rule_with_another_port_is_that_rule_whatever_the_order() {
        let before = of(
            json!([{"port": 443, "cidr": "a", "protocol": "tcp"}, {"port": 80, "cidr": "b", "protocol": "tcp"}]),
        );
        let after = of(
            json!([{"protocol": "tcp", "cidr": "b", "port": 22}, {"protocol": "tcp", "cidr": "a", "port": 443}]),
        );
        assert_eq!(in_any_order(&Json::Null, &before, &after), [Pair::Same(0, 1), Pair::Changed(1, 0)]);
    }

    #[test]
    fn what_is_called_the_same_is_the_same() {
        let before = of(json!([{"id": "x", "a": 1, "b": 1}, {"id": "y", "a": 2, "b": 2}]));
        let after = of(json!([{"id": "y", "a": 1, "b": 1}]));
        assert_eq!(in_any_order(&Json::Null, &before, &after), [Pair::Changed(1, 0), Pair::Removed(0)]);
    }

    #[test]
    fn lists_keep_their_order() {
        let (before, after) = (of(json!(["a", "b", "c"])), of(json!(["a", "x", "c", "d"])));
        assert_eq!(
            in_order(&Json::Null, &before, &after),
            [Pair::Same(0, 0), Pair::Changed(1, 1), Pair::Same(2, 2), Pair::Added(3)]
        );
    }
}
