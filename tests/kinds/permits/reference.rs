//! Every declaration against AWS's Service Authorization Reference: that the actions are some, that they know the resources
//! and conditions that are declared, and that no resource is missing without which AWS would refuse.
//!
//! `authorization.json` holds the facts for the actions that stackctl declares, with their source and its date.

use serde_json::Value as Json;
use stackctl::permissions::needs_of_kind;
use stackctl::resource::registry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

static FACTS: LazyLock<Json> =
    LazyLock::new(|| serde_json::from_str(include_str!("authorization.json")).unwrap());

/// `arn:aws:ec2:eu-west-1:000000000000:vpc/*` against `arn:${Partition}:ec2:${Region}:${Account}:vpc/${VpcId}`.
fn fits(arn: &str, form: &str) -> bool {
    // The path of a role that is not known begins with a slash all the same.
    let arn = arn.replace("role**", "role/*");
    let mut pieces = form.split("${").map(|piece| piece.split_once('}').map_or(piece, |(_, text)| text));
    let Some(mut rest) = arn.strip_prefix(pieces.next().unwrap_or_default()) else { return false };
    for piece in pieces {
        if piece.is_empty() {
            // The last one. Only what stands behind a bucket is an object.
            let inner = rest.strip_suffix(":*").unwrap_or(rest);
            let is_object = form.ends_with(":::${BucketName}") && inner.contains('/');
            return !inner.contains(':') && !is_object;
        }
        let Some((value, after)) = rest.split_once(piece) else { return false };
        if value.contains(':') {
            return false;
        }
        rest = after;
    }
    rest.is_empty()
}

#[test]
fn aws_knows_every_declaration_so() {
    let mut wrong = vec![];
    for kind in registry() {
        let needs = needs_of_kind(*kind, "kinds", "eu-west-1", "000000000000");
        let mut asked: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for need in &needs {
            let fact = &FACTS["actions"][need.action];
            if fact.is_null() {
                wrong.push(format!("{}: AWS has no action {}", kind.name(), need.action));
                continue;
            }
            let service = need.action.split(':').next().unwrap();
            let forms = &FACTS["resources"][service];
            let sorts = fact.as_object().unwrap();
            let fit = |sort: &&String| {
                need.resource == "*"
                    || forms[sort.as_str()].as_str().is_some_and(|form| fits(&need.resource, form))
            };
            let fitting: Vec<&String> = sorts.keys().filter(|sort| !sort.is_empty()).filter(fit).collect();
            let anywhere = sorts.keys().all(String::is_empty);
            if fitting.is_empty() && !(anywhere && need.resource == "*") {
                wrong.push(format!("{}: {} is not asked on {}", kind.name(), need.action, need.resource));
            }
            if anywhere && need.resource != "*" {
                wrong.push(format!(
                    "{}: {} knows no resource, and {} is declared",
                    kind.name(),
                    need.action,
                    need.resource
                ));
            }
            asked.entry(need.action).or_default().extend(fitting.iter().map(|sort| (*sort).clone()));
            let keys = need
                .condition
                .iter()
                .flat_map(|condition| condition["StringEquals"].as_object().unwrap().keys());
            for key in keys {
                let base = key.split('/').next().unwrap();
                let of = fitting.iter().map(|sort| sort.as_str()).chain([""]);
                let mut known = of.flat_map(|sort| {
                    sorts.get(sort).and_then(|sort| sort["conditions"].as_array()).into_iter().flatten()
                });
                if !known.any(|known| known.as_str().unwrap().split('/').next() == Some(base)) {
                    wrong.push(format!(
                        "{}: {} on {} knows no {key}",
                        kind.name(),
                        need.action,
                        need.resource
                    ));
                }
            }
        }
        for (action, sorts) in asked {
            let Some(all) = FACTS["actions"][action].as_object() else { continue };
            let required = all.iter().filter(|(_, sort)| sort["required"] == true).map(|(name, _)| name);
            let missing: Vec<_> = required.filter(|sort| !sorts.contains(*sort)).collect();
            if !missing.is_empty() {
                wrong.push(format!("{}: {action} is asked on {missing:?} too", kind.name()));
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
