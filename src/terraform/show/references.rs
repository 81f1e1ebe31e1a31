use super::kinds;
use crate::address::Address;
use crate::plan::{Plan, Step};
use crate::schema::as_unknown;
use serde_json::{Map, Value as Json, json};

/// `aws_vpc.main`, without the key of `for_each`.
pub fn block_name(sort: &str, address: &Address) -> String {
    format!("{sort}.{}", address.name)
}

/// `configuration.root_module.resources[].expressions`: which attributes name other resources. What is not known says so
/// itself; of what is known, a value that is the id of something that the resource depends on.
pub fn expressions(values: &Map<String, Json>, step: &Step, plan: &Plan) -> Map<String, Json> {
    let mut out = Map::new();
    for (name, value) in values {
        let mut found: Vec<String> = vec![];
        gather(value, step, plan, &mut found);
        if !found.is_empty() {
            out.insert(name.clone(), json!({ "references": found }));
        }
    }
    out
}

fn gather(value: &Json, step: &Step, plan: &Plan, found: &mut Vec<String>) {
    let mut add = |more: Vec<String>| {
        more.into_iter().for_each(|one| {
            if !found.contains(&one) {
                found.push(one)
            }
        })
    };
    if let Some(reference) = as_unknown(value) {
        return add(theirs(reference));
    }
    match value {
        Json::String(text) => {
            let named =
                step.depends_on.iter().filter_map(|address| plan.step(address)).find(|other| is(text, other));
            let named = named.and_then(|other| Some((other, kinds::of(&other.address.kind)?)));
            if let Some((other, mapping)) = named {
                let name = block_name(mapping.sort, &other.address);
                add(vec![format!("{name}.id"), name]);
            }
        }
        Json::Array(items) => items.iter().for_each(|item| gather(item, step, plan, found)),
        Json::Object(map) => map.values().for_each(|item| gather(item, step, plan, found)),
        _ => {}
    }
}

/// Whether a text is the id of this resource, its name, or an ARN that ends with one of them.
fn is(text: &str, other: &Step) -> bool {
    let names = ["name", "identifier"].into_iter().filter_map(|name| other.inputs.get(name)?.as_str());
    other.id.iter().map(|id| id.0.as_str()).chain(names).any(|own| {
        let tail = text.strip_suffix(own).filter(|head| head.starts_with("arn:"));
        text == own || tail.is_some_and(|head| head.ends_with([':', '/']))
    })
}

/// `vpc.main.id` in Terraform's words, and without the attribute, as Terraform lists both.
fn theirs(reference: &str) -> Vec<String> {
    let Some((address, attribute)) = reference.rsplit_once('.') else { return vec![] };
    let bare = address.split('[').next().unwrap_or(address);
    let Ok(address) = bare.parse::<Address>() else { return vec![] };
    let Some(mapping) = kinds::of(&address.kind) else { return vec![] };
    let name = block_name(mapping.sort, &address);
    vec![format!("{name}.{attribute}"), name]
}
