//! Policy documents leaf by leaf: statements by their Sid, else by likeness; actions, resources, principals and conditions
//! one by one, by meaning.

use super::Turn;
use super::likeness::{ALIKE, likeness};
use super::walk::{Place, Walk};
use crate::path::Path;
use crate::path::Step;
use crate::schema::{as_unknown, has_unknown, policy};
use serde_json::{Map, Value as Json};

pub(super) fn document(walk: &mut Walk, place: &Place<'_>, before: &Json, after: &Json) {
    for (name, b, a) in fields(before, after) {
        match name.as_str() {
            "Statement" => statements(walk, &place.path, b, a),
            // What the document is called means nothing.
            "Id" => {}
            _ => scalar(walk, &place.path.with(&name), b, a),
        }
    }
}

/// The fields of two tables, in the order of the second.
fn fields<'a>(before: &'a Json, after: &'a Json) -> Vec<(String, &'a Json, &'a Json)> {
    let none = Map::new();
    let (b, a) = (before.as_object().unwrap_or(&none), after.as_object().unwrap_or(&none));
    let get = |value: &'a Json, name: &str| value.get(name).unwrap_or(&Json::Null);
    super::likeness::names(b, a)
        .into_iter()
        .map(|name| (name.clone(), get(before, name), get(after, name)))
        .collect()
}

fn at(path: Path) -> Place<'static> {
    Place { schema: &Json::Null, path, sensitive: false, within: Json::Null }
}

fn scalar(walk: &mut Walk, path: &Path, before: &Json, after: &Json) {
    let turn = match (before, after) {
        _ if before == after && !has_unknown(after) => Turn::Same,
        (Json::Null, _) => Turn::Added,
        (_, Json::Null) => Turn::Removed,
        _ => Turn::Changed,
    };
    walk.leaf(&at(path.clone()), turn, before, after);
}

/// The statements of a document, one or many.
pub(super) fn list(statements: &Json) -> Vec<&Json> {
    match statements {
        Json::Array(all) => all.iter().collect(),
        Json::Null => vec![],
        one => vec![one],
    }
}

fn statements(walk: &mut Walk, document: &Path, before: &Json, after: &Json) {
    let path = document.with("Statement");
    if as_unknown(before).is_some() || as_unknown(after).is_some() {
        return scalar(walk, &path, before, after);
    }
    let (b, a) = (list(before), list(after));
    let step = |all: &[&Json], index: usize| {
        let sid = |one: &Json| {
            one.get("Sid").and_then(Json::as_str).filter(|sid| !sid.is_empty()).map(str::to_owned)
        };
        let own = sid(all[index])
            .filter(|own| all.iter().filter(|one| sid(one).as_ref() == Some(own)).count() == 1);
        own.map_or(Step::Index(index), Step::Element)
    };
    let partners = partners(&b, &a);
    for (index, partner) in partners.iter().enumerate() {
        let path = path.then(step(&a, index));
        match partner {
            None => walk.leaf(&at(path), Turn::Added, &Json::Null, a[index]),
            Some(other) if same(b[*other], a[index]) => walk.leaf(&at(path), Turn::Same, b[*other], a[index]),
            Some(other) => statement(walk, &path, b[*other], a[index]),
        }
    }
    for (index, one) in b.iter().enumerate().filter(|(index, _)| !partners.contains(&Some(*index))) {
        walk.leaf(&at(path.then(step(&b, index))), Turn::Removed, one, &Json::Null);
    }
}

fn same(one: &Json, other: &Json) -> bool {
    !has_unknown(one) && !has_unknown(other) && meaning(one) == meaning(other)
}

fn meaning(statement: &Json) -> Json {
    policy::canonical(&serde_json::json!({ "Statement": [statement] }))["Statement"][0].take()
}

/// For each statement of `after` the one of `before` that it was: the same, or the one with its Sid, or the most alike.
fn partners(before: &[&Json], after: &[&Json]) -> Vec<Option<usize>> {
    let mut partners: Vec<Option<usize>> = vec![None; after.len()];
    let mut free: Vec<usize> = (0..before.len()).collect();
    let mut take = |at: usize, found: usize, free: &mut Vec<usize>| {
        free.retain(|one| *one != found);
        partners[at] = Some(found);
    };
    let mut open: Vec<usize> = (0..after.len()).collect();
    open.retain(|at| {
        let found = free.iter().copied().find(|one| same(before[*one], after[*at]));
        found.map(|found| take(*at, found, &mut free)).is_none()
    });
    open.retain(|at| {
        let sid = after[*at].get("Sid").filter(|sid| sid.as_str() != Some(""));
        let found = free.iter().copied().find(|one| sid.is_some() && before[*one].get("Sid") == sid);
        found.map(|found| take(*at, found, &mut free)).is_none()
    });
    let mut scores: Vec<(f64, usize, usize)> = vec![];
    for &one in &free {
        for &at in &open {
            let score = likeness(&Json::Null, &meaning(before[one]), &meaning(after[at]));
            if score > ALIKE {
                scores.push((score, one, at));
            }
        }
    }
    scores.sort_by(|x, y| y.0.total_cmp(&x.0).then((x.2, x.1).cmp(&(y.2, y.1))));
    for (_, one, at) in scores {
        if free.contains(&one) && open.contains(&at) {
            open.retain(|other| *other != at);
            take(at, one, &mut free);
        }
    }
    partners
}

fn statement(walk: &mut Walk, path: &Path, before: &Json, after: &Json) {
    if !before.is_object()
        || !after.is_object()
        || as_unknown(after).is_some()
        || as_unknown(before).is_some()
    {
        return scalar(walk, path, before, after);
    }
    for (name, b, a) in fields(before, after) {
        let path = path.with(&name);
        match name.as_str() {
            "Action" | "NotAction" => texts(walk, &path, b, a, str::to_lowercase),
            "Resource" | "NotResource" => texts(walk, &path, b, a, str::to_owned),
            "Principal" | "NotPrincipal" => principals(walk, &path, b, a),
            "Condition" => conditions(walk, &path, b, a),
            "Sid" if a == &Json::from("") || b == &Json::from("") => {
                let none = |sid: &Json| if sid == &Json::from("") { Json::Null } else { sid.clone() };
                if none(b) != none(a) {
                    scalar(walk, &path, &none(b), &none(a));
                }
            }
            _ => scalar(walk, &path, b, a),
        }
    }
}

/// One text or many, of which `meaning` is compared.
fn texts(walk: &mut Walk, path: &Path, before: &Json, after: &Json, meaning: fn(&str) -> String) {
    let plain = |value: &Json| value.is_array() || !value.is_object();
    if !plain(before) || !plain(after) {
        return scalar(walk, path, before, after);
    }
    let key = |one: &&Json| one.as_str().map_or_else(|| one.to_string(), meaning);
    let (b, a) = (list(before), list(after));
    let without = |these: &[&Json], those: &[&Json]| -> Vec<Json> {
        let those: Vec<String> = those.iter().filter(|one| !has_unknown(one)).map(key).collect();
        let mut seen = vec![];
        let mut out = vec![];
        for one in these {
            if !those.contains(&key(one)) && !seen.contains(&key(one)) {
                seen.push(key(one));
                out.push((*one).clone());
            }
        }
        out
    };
    let (removed, added) = (without(&b, &a), without(&a, &b));
    for one in a.iter().filter(|one| !added.contains(one)) {
        walk.leaf(&at(path.clone()), Turn::Same, one, one);
    }
    match (removed.as_slice(), added.as_slice()) {
        ([removed], [added]) => walk.leaf(&at(path.clone()), Turn::Changed, removed, added),
        (removed, added) => {
            for one in removed {
                walk.leaf(&at(path.clone()), Turn::Removed, one, &Json::Null);
            }
            for one in added {
                walk.leaf(&at(path.clone()), Turn::Added, &Json::Null, one);
            }
        }
    }
    // An empty list is something else than none.
    if removed.is_empty() && added.is_empty() && before.is_null() != after.is_null() {
        scalar(walk, path, before, after);
    }
}

fn principals(walk: &mut Walk, path: &Path, before: &Json, after: &Json) {
    // `"*"` is `{ AWS = "*" }`.
    let table = |value: &Json| match value {
        Json::String(star) if star == "*" => serde_json::json!({ "AWS": "*" }),
        other => other.clone(),
    };
    let (b, a) = (table(before), table(after));
    let tables =
        [&b, &a].iter().all(|side| (side.is_object() || side.is_null()) && as_unknown(side).is_none());
    if !tables || b.is_null() || a.is_null() {
        return scalar(walk, path, before, after);
    }
    for (kind, b, a) in fields(&b, &a) {
        texts(walk, &path.with(&kind), b, a, policy::account);
    }
}

fn conditions(walk: &mut Walk, path: &Path, before: &Json, after: &Json) {
    let open = |value: &Json| value.is_object() && as_unknown(value).is_none();
    if !open(before) || !open(after) {
        return scalar(walk, path, before, after);
    }
    for (operator, b, a) in fields(before, after) {
        let path = path.with(&operator);
        if !open(b) || !open(a) {
            scalar(walk, &path, b, a);
            continue;
        }
        for (key, b, a) in fields(b, a) {
            texts(walk, &path.with(&key), b, a, str::to_owned);
        }
    }
}
