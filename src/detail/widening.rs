//! What a change lets through that nothing let through before, in words.

use super::grant::{Grant, Scope, grants, no_stricter};
use super::{glob, phrase, traffic};
use crate::path::Path;
use crate::schema::tree::child;
use crate::schema::{as_unknown, is, properties};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// One of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Widening {
    /// Of the attribute, and of the statement or rule in it.
    pub path: Path,
    /// `anyone on the internet may read arn:aws:s3:::site/* (s3:GetObject)`.
    pub says: String,
}

/// What the whole inputs of a resource let through after a change and did not before: null where it does not exist.
/// `account` is the one that the resource is in.
pub fn widenings(inputs: &Json, before: &Json, after: &Json, account: &str) -> Vec<Widening> {
    let mut found = vec![];
    if after.is_null() {
        return found;
    }
    let (was, now) = (policies(inputs, before), policies(inputs, after));
    for (group, after) in &now {
        let none = vec![];
        policy(was.get(group).unwrap_or(&none), after, account, &mut found);
    }
    // Whoever takes a policy away takes away what it denies, unless nothing is left to be denied.
    for before in was.iter().filter(|(group, _)| !now.contains_key(*group)).map(|(_, before)| before) {
        policy(before, &[], account, &mut found);
    }
    values(inputs, &Path::default(), before, after, &mut found);
    rules(inputs, before, after, &mut found);
    found
}

type Documents = BTreeMap<String, Vec<(Path, Json)>>;

/// The policies of a resource: those that add up to one are in one group.
fn policies(inputs: &Json, value: &Json) -> Documents {
    let mut out = Documents::new();
    for (name, schema) in properties(inputs).into_iter().flatten() {
        let value = &value[name];
        let path = Path::key(name);
        if let (Some(group), Some(service)) = (schema.get("x-trust").and_then(Json::as_str), value.as_str()) {
            let document = json!({ "Statement": [
                { "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" }
            ]});
            out.entry(group.to_owned()).or_default().push((path, document));
        } else if is(schema, "x-policy") && value.is_object() {
            out.entry(name.clone()).or_default().push((path, value.clone()));
        } else {
            for (key, value) in value.as_object().into_iter().flatten() {
                if child(schema, key).is_some_and(|schema| is(schema, "x-policy")) && value.is_object() {
                    out.entry(name.clone()).or_default().push((path.with(key), value.clone()));
                }
            }
        }
    }
    out
}

fn policy(before: &[(Path, Json)], after: &[(Path, Json)], account: &str, found: &mut Vec<Widening>) {
    let was: Vec<(&Path, Grant)> =
        before.iter().flat_map(|(path, one)| grants(one).into_iter().map(move |g| (path, g))).collect();
    let mut denials: Vec<Grant> = vec![];
    for (path, document) in after {
        if as_unknown(document).is_some() || as_unknown(&document["Statement"]).is_some() {
            let says = "cannot be judged: what it allows is known only after apply".to_owned();
            found.push(Widening { path: path.clone(), says });
            continue;
        }
        for (at, grant) in grants(document).into_iter().enumerate() {
            let path = statement(path, at, &grant);
            if !grant.allows {
                denials.push(grant);
                continue;
            }
            allows(&was, &grant, account, &mut |says| found.push(Widening { path: path.clone(), says }));
        }
    }
    for (path, grant) in was.iter().filter(|(_, grant)| !grant.allows) {
        let atoms = grant.atoms();
        let kept = |atom: &&Grant| {
            denials.iter().any(|deny| !deny.unknown && deny.reaches(atom) && no_stricter(deny, atom))
        };
        let gone: Vec<&Grant> = atoms.iter().filter(|atom| !kept(atom)).collect();
        if !gone.is_empty() {
            found.push(Widening { path: statement(path, 0, grant), says: phrase::denied(&gone) });
        }
    }
}

/// By its Sid, or by its place.
fn statement(document: &Path, at: usize, grant: &Grant) -> Path {
    use crate::path::Step;
    let step = grant.sid.as_ref().map_or(Step::Index(at), |sid| Step::Element(sid.clone()));
    document.with("Statement").then(step)
}

/// What of a statement no statement before has allowed.
fn allows(was: &[(&Path, Grant)], grant: &Grant, account: &str, say: &mut dyn FnMut(String)) {
    if grant.unknown {
        return say("cannot be judged: what it allows is known only after apply".to_owned());
    }
    let allowed: Vec<&Grant> =
        was.iter().map(|(_, grant)| grant).filter(|grant| grant.allows && !grant.unknown).collect();
    let atoms = grant.atoms();
    let new: Vec<&Grant> = atoms
        .iter()
        .filter(|atom| !allowed.iter().any(|old| old.reaches(atom) && no_stricter(old, atom)))
        .collect();
    let (looser, fresh): (Vec<&Grant>, Vec<&Grant>) =
        new.into_iter().partition(|atom| allowed.iter().any(|old| old.reaches(atom)));
    let loud: Vec<&Grant> = fresh.into_iter().filter(|atom| is_loud(atom, &allowed, account)).collect();
    if !loud.is_empty() {
        say(phrase::allowed(&loud, account));
    }
    let old = looser.first().and_then(|atom| {
        let mut reaching = allowed.iter().filter(|old| old.reaches(atom));
        let same = reaching.clone().find(|old| old.sid == grant.sid);
        same.or_else(|| reaching.next())
    });
    if let Some(old) = old {
        let words = phrase::conditions(old, grant);
        let words = if words.is_empty() { vec!["its conditions are other ones".to_owned()] } else { words };
        say(format!("{}: {}", phrase::allowed(&looser, account), words.join("; ")));
    }
}

/// Whether a new permission is one of those that are said in words.
fn is_loud(atom: &Grant, before: &[&Grant], account: &str) -> bool {
    let stranger = atom.principals.as_ref().is_some_and(|who| phrase::is_stranger(who, account));
    let wide = |scope: &Scope, of: fn(&Grant) -> &Scope, all: fn(&str) -> bool| match scope {
        Scope::AllBut(_) => true,
        Scope::These(these) => these.iter().any(|one| {
            // In place of something narrower.
            let wider = || {
                before.iter().any(|old| match of(old) {
                    Scope::These(old) => old.iter().any(|old| old != one && glob::covers(one, old)),
                    Scope::AllBut(_) => false,
                })
            };
            all(one) || glob::is_pattern(one) && wider()
        }),
    };
    stranger
        || wide(&atom.actions, |grant| &grant.actions, |action| action == "*" || action.ends_with(":*"))
        || atom.on && wide(&atom.resources, |grant| &grant.resources, |resource| resource == "*")
}

/// Attributes whose schema says which value lets more through.
fn values(schema: &Json, path: &Path, before: &Json, after: &Json, found: &mut Vec<Widening>) {
    if let Some(words) =
        schema.get("x-widens").and_then(|words| words.get(after.to_string())).and_then(Json::as_str)
        && before != after
        && !(after.is_null() && before.is_null())
    {
        found.push(Widening { path: path.clone(), says: words.to_owned() });
    }
    let words = schema.get("x-widens").and_then(Json::as_object);
    for (element, words) in words.into_iter().flatten() {
        let has =
            |side: &Json| side.as_array().is_some_and(|all| all.iter().any(|one| is_same(one, element)));
        if let Some(words) = words.as_str().filter(|_| has(after) && !has(before)) {
            found.push(Widening { path: path.clone(), says: words.to_owned() });
        }
    }
    for (name, sub) in properties(schema).into_iter().flatten() {
        let at = |value: &Json| value.get(name).cloned().unwrap_or(Json::Null);
        values(sub, &path.with(name), &at(before), &at(after), found);
    }
}

/// Whether a value is this one, in whatever partition of AWS.
fn is_same(value: &Json, wanted: &str) -> bool {
    let Some(text) = value.as_str() else { return false };
    let partitioned =
        |text: &str| text.splitn(3, ':').nth(2).filter(|_| text.starts_with("arn:aws")).map(str::to_owned);
    text == wanted || partitioned(text).is_some_and(|rest| partitioned(wanted) == Some(rest))
}

fn rules(inputs: &Json, before: &Json, after: &Json, found: &mut Vec<Widening>) {
    if let Some(field) = inputs.get("x-traffic").and_then(Json::as_str) {
        let direction = after[field].as_str().unwrap_or_default();
        let was: Vec<&Json> = [before].into_iter().filter(|rule| rule[field] == after[field]).collect();
        let opened = traffic::opened(direction, &was, &[after]).into_iter();
        found.extend(opened.map(|(_, says)| Widening { path: Path::default(), says }));
    }
    for (name, schema) in properties(inputs).into_iter().flatten() {
        let Some(direction) = schema.get("x-traffic").and_then(Json::as_str) else { continue };
        let list = |value: &'_ Json| value[name].as_array().cloned().unwrap_or_default();
        let (was, now) = (list(before), list(after));
        let opened =
            traffic::opened(direction, &was.iter().collect::<Vec<_>>(), &now.iter().collect::<Vec<_>>());
        let at = |index: usize| Path::key(name).at(index);
        found.extend(opened.into_iter().map(|(index, says)| Widening { path: at(index), says }));
    }
}
