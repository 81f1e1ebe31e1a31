use super::arn::{Block, Scene, named, values};
use super::condition::condition;
use super::purpose::{Purpose, Verb};
use super::tool;
use crate::address::Address;
use crate::desired::Desired;
use crate::plan::{Known, Value, keep_name};
use crate::resource::{Kind, Permit, When};
use crate::schema::{has_unknown, properties, unknown};
use crate::state::Document as State;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, HashSet};

/// One action on one resource, who needs it and for what.
#[derive(Debug, Clone, PartialEq)]
pub struct Need {
    pub action: &'static str,
    /// An ARN, a pattern of ARNs, or `*`.
    pub resource: String,
    /// As in a policy; none: always.
    pub condition: Option<Json>,
    pub by: By,
}

#[derive(Debug, Clone, PartialEq)]
pub struct By {
    /// None: stackctl itself.
    pub address: Option<Address>,
    pub verb: Verb,
    /// AWS asks for it within another call: why.
    pub along: Option<&'static str>,
}

/// Eight characters that only AWS's account number tells, or a later replacement.
const EIGHT: &str = "????????";

/// Everything that this purpose needs of the stack. `account` is that of the stack where it is known; `state` knows the names
/// of what was replaced.
pub fn needs(desired: &Desired, account: Option<&str>, state: Option<&State>, purpose: Purpose) -> Vec<Need> {
    let scene = scene(desired, account, state);
    let mut needs = tool::needs(&scene, &desired.config().state, desired.target());
    for (address, block) in &scene.blocks {
        for verb in purpose.verbs() {
            let permits = verb.of(&block.kind.profile().actions);
            for permit in permits.iter().filter(|permit| is_asked(permit, &block.inputs)) {
                needs.extend(of(&scene, address, block, *verb, permit));
            }
        }
    }
    needs
}

/// Everything that a block of that kind may need, whatever it says, in a stack of that name.
pub fn needs_of_kind(kind: &'static dyn Kind, stack: &str, region: &str, account: &str) -> Vec<Need> {
    let scene = Scene {
        stack: stack.to_owned(),
        region: region.to_owned(),
        account: account.to_owned(),
        blocks: BTreeMap::new(),
    };
    let address = Address::new(kind.name(), "any");
    let names = properties(kind.inputs()).into_iter().flatten().map(|(name, _)| name);
    let inputs = names.map(|name| (name.clone(), unknown(&format!("{address}.{name}")))).collect();
    let block = Block { kind, inputs: Json::Object(inputs), successors: None };
    let actions = &kind.profile().actions;
    let permits = Verb::ALL.iter().flat_map(|verb| verb.of(actions).iter().map(|permit| (*verb, permit)));
    permits.flat_map(|(verb, permit)| of(&scene, &address, &block, verb, permit)).collect()
}

fn of(scene: &Scene, address: &Address, block: &Block, verb: Verb, permit: &Permit) -> Vec<Need> {
    let mut needs = vec![];
    for target in permit.on.iter().flat_map(|declared| scene.expand(declared, Some(block))) {
        let when = if permit.when == When::Ours && !target.ours { When::Always } else { permit.when };
        for action in permit.actions {
            needs.push(Need {
                action,
                resource: target.arn.clone(),
                condition: condition(when, &scene.stack, &scene.region),
                by: By { address: Some(address.clone()), verb, along: permit.along },
            });
        }
    }
    needs
}

/// Whether the attribute that it hangs on is set, and so. What is not known yet may be.
fn is_asked(permit: &Permit, inputs: &Json) -> bool {
    // What is not known yet may be.
    let may_be = |attribute: &str| values(inputs, attribute).iter().any(has_unknown);
    if permit.unless.is_some_and(|attribute| !values(inputs, attribute).is_empty() && !may_be(attribute)) {
        return false;
    }
    let Some((attribute, wanted)) = permit.only else { return true };
    values(inputs, attribute).iter().any(|value| match (wanted, value) {
        (None, _) | (_, Json::Object(_)) => true,
        (Some(wanted), Json::String(text)) => wanted == text,
        (Some(wanted), other) => {
            let text = other.to_string();
            wanted == text
        }
    })
}

fn scene(desired: &Desired, account: Option<&str>, state: Option<&State>) -> Scene {
    let config = desired.config();
    let mut scene = Scene {
        stack: config.name.clone(),
        region: config.region.clone(),
        account: account.unwrap_or("*").to_owned(),
        blocks: BTreeMap::new(),
    };
    let mut known = Known::default();
    let first_made = first_made(desired);
    for address in desired.order() {
        let kind = desired.kind(address);
        if let Some(record) = state.and_then(|state| state.resources.get(address)) {
            keep_name(desired, &mut known, address, record);
        }
        let mut inputs = desired.inputs(address, &known);
        let mut successors = None;
        if let (Some((attribute, mut names)), Some(own)) = (desired.derived(address), named(kind))
            && let Some(first) = names.next()
        {
            let rule = properties(kind.inputs()).and_then(|all| all.get(attribute)?.get("x-name"));
            let global = rule.is_some_and(|rule| rule["global"] == true);
            // The end of a name that the whole world shares is a hash of the account too.
            if let (true, None, Json::Object(map)) = (global, account, &mut inputs) {
                map.insert(own.to_owned(), json!(open(&first)));
            }
            successors =
                first_made.contains(address).then(|| names.next()).flatten().map(|second| open(&second));
        }
        known.insert(address.clone(), Value::creating(address, kind, &inputs));
        scene.blocks.insert(address.clone(), Block { kind, inputs, successors });
    }
    scene
}

/// What is made before its predecessor goes, as its block says, and what that needs: while both are there they have two names.
fn first_made(desired: &Desired) -> HashSet<Address> {
    let mut first = HashSet::new();
    for address in desired.order().rev() {
        if first.contains(address) || desired.lifecycle(address).create_before_destroy == Some(true) {
            first.insert(address.clone());
            first.extend(desired.depends_on(address).iter().cloned());
        }
    }
    first
}

/// A name without the hash at its end.
fn open(name: &str) -> String {
    format!("{}{EIGHT}", &name[..name.len().saturating_sub(EIGHT.len())])
}
