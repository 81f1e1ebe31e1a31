//! What commands on a running stack need to know of it, out of its state.

use super::failure::{Failure, Outcome};
use super::recorded::recorded;
use crate::address::Address;
use crate::state::Document;
use serde_json::Value as Json;

/// An attribute of a resource in the state: an output, else an input.
pub fn attribute(document: &Document, address: &Address, name: &str) -> Outcome<String> {
    let (id, record) = recorded(document, address)?;
    if name == "id" {
        return Ok(id.0.clone());
    }
    let found = [&record.outputs, &record.inputs].into_iter().find_map(|tree| match tree.get(name)? {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    });
    found
        .ok_or_else(|| Failure::user(format!("{address} has no {name} yet"), "`stackctl apply` finishes it."))
}

/// The only resource of that kind, or the one that is named.
pub fn only(document: &Document, kind: &str, named: Option<&Address>) -> Outcome<Address> {
    let all: Vec<&Address> = document.resources.keys().filter(|address| address.kind == kind).collect();
    match (named, all.as_slice()) {
        (Some(address), _) if address.kind == kind => Ok(address.clone()),
        (Some(address), _) => {
            Err(Failure::user(format!("{address} is no {kind}"), format!("Name a {kind}.")))
        }
        (None, [one]) => Ok((*one).clone()),
        (None, []) => Err(Failure::user(format!("the stack has no {kind}"), "`stackctl apply` creates it.")),
        (None, many) => {
            let names: Vec<String> = many.iter().map(ToString::to_string).collect();
            Err(Failure::user(
                format!("the stack has several of the kind {kind}"),
                format!("Name one: {}", names.join(", ")),
            ))
        }
    }
}
