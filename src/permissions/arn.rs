//! From a declared ARN and a block to the ARNs that a policy names.

use crate::address::Address;
use crate::cloud::naming;
use crate::resource::Kind;
use crate::schema::{as_unknown, has_unknown, properties};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// A block as far as it is known offline.
pub struct Block {
    pub kind: &'static dyn Kind,
    pub inputs: Json,
    /// The names that the next objects of this block may have, as a pattern, where they are not all the same.
    pub successors: Option<String>,
}

/// A stack as far as it is known offline.
pub struct Scene {
    pub stack: String,
    pub region: String,
    /// `*` where it is not known.
    pub account: String,
    pub blocks: BTreeMap<Address, Block>,
}

/// A resource of a policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    pub arn: String,
    /// It stands for an object that only AWS knows by name, and that is the stack's.
    pub ours: bool,
}

/// What a placeholder stands for.
enum Part {
    Known(String),
    /// What another block of the stack makes.
    Made(String),
    /// The block names none.
    Any,
}

impl Scene {
    /// The ARNs that the declared one stands for.
    pub fn expand(&self, declared: &str, block: Option<&Block>) -> Vec<Target> {
        if declared == "*" {
            return vec![Target { arn: "*".to_owned(), ours: false }];
        }
        if let Some(attribute) = declared.strip_prefix("={").and_then(|rest| rest.strip_suffix('}')) {
            let values = block.map(|block| values(&block.inputs, attribute)).unwrap_or_default();
            return values.iter().flat_map(|value| self.whole(value)).collect();
        }
        let start = format!("arn:{}:", naming::partition(&self.region));
        // A `*` of the declaration itself is the id of the stack's own object.
        let own = declared.ends_with("/*") || declared.ends_with(":*");
        let mut targets = vec![Target { arn: start, ours: own }];
        let mut rest = declared;
        while let Some((text, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else { break };
            let parts = self.parts(name, block);
            targets = targets
                .iter()
                .flat_map(|target| {
                    parts.iter().map(move |part| match part {
                        Part::Known(value) => {
                            Target { arn: format!("{}{text}{value}", target.arn), ours: target.ours }
                        }
                        Part::Made(value) => {
                            Target { arn: format!("{}{text}{value}", target.arn), ours: true }
                        }
                        Part::Any => Target { arn: format!("{}{text}*", target.arn), ours: target.ours },
                    })
                })
                .collect();
            rest = after;
        }
        targets.iter_mut().for_each(|target| target.arn.push_str(rest));
        targets
    }

    fn parts(&self, name: &str, block: Option<&Block>) -> Vec<Part> {
        match name {
            "region" => return vec![Part::Known(self.region.clone())],
            "account" => return vec![Part::Known(self.account.clone())],
            "stack" => return vec![Part::Known(self.stack.clone())],
            _ => {}
        }
        let Some(block) = block else { return vec![Part::Any] };
        let mut parts: Vec<Part> = values(&block.inputs, name).iter().map(|value| self.part(value)).collect();
        if named(block.kind).is_some_and(|own| own == name) {
            parts.extend(block.successors.clone().map(Part::Known));
        }
        if parts.is_empty() { vec![Part::Any] } else { parts }
    }

    fn part(&self, value: &Json) -> Part {
        match value {
            Json::String(text) => Part::Known(text.clone()),
            Json::Null => Part::Any,
            _ => match as_unknown(value) {
                Some(reference) => Part::Made(self.id(reference).unwrap_or_else(|| "*".to_owned())),
                None if has_unknown(value) => Part::Made("*".to_owned()),
                None => Part::Any,
            },
        }
    }

    /// What `kind.name.id` or `kind.name.name` will be, where names are ids.
    fn id(&self, reference: &str) -> Option<String> {
        let (block, attribute) = self.referred(reference)?;
        let own = named(block.kind)?;
        let template = block.kind.profile().actions.arn;
        let is_id = attribute == own || attribute == "id" && template.ends_with(&format!("{{{own}}}"));
        is_id.then(|| block.inputs.get(own)?.as_str().map(str::to_owned))?
    }

    /// A whole ARN.
    fn whole(&self, value: &Json) -> Vec<Target> {
        let any = |ours| vec![Target { arn: "*".to_owned(), ours }];
        if let Some(text) = value.as_str() {
            let arn = if text.starts_with("arn:") { text } else { "*" };
            return vec![Target { arn: arn.to_owned(), ours: false }];
        }
        let Some(reference) = as_unknown(value) else { return any(false) };
        match self.referred(reference) {
            Some((block, "arn")) if !block.kind.profile().actions.arn.is_empty() => {
                self.expand(block.kind.profile().actions.arn, Some(block))
            }
            _ => any(true),
        }
    }

    fn referred<'a>(&self, reference: &'a str) -> Option<(&Block, &'a str)> {
        let (address, attribute) = reference.rsplit_once('.')?;
        Some((self.blocks.get(&address.parse().ok()?)?, attribute))
    }
}

/// The attribute that names the objects of a kind, where stackctl derives such names.
pub fn named(kind: &dyn Kind) -> Option<&'static str> {
    let own = properties(kind.inputs())?.iter().find(|(_, schema)| schema.get("x-name").is_some());
    // Every kind calls it so, but for the database.
    match own?.0.as_str() {
        "identifier" => Some("identifier"),
        _ => Some("name"),
    }
}

/// What stands at `a.b`, for every element of the lists on the way.
pub fn values(inputs: &Json, path: &str) -> Vec<Json> {
    let mut found = vec![inputs.clone()];
    for key in path.split('.') {
        found = found
            .into_iter()
            .flat_map(|value| if as_unknown(&value).is_some() { vec![value] } else { flat(value.get(key)) })
            .collect();
    }
    found.into_iter().filter(|value| !value.is_null()).collect()
}

fn flat(value: Option<&Json>) -> Vec<Json> {
    match value {
        Some(Json::Array(items)) => items.clone(),
        Some(value) => vec![value.clone()],
        None => vec![],
    }
}
