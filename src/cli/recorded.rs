use super::failure::{Failure, Outcome};
use crate::address::Address;
use crate::resource::Id;
use crate::schema::suggest::closest;
use crate::state::{Document, Record};

/// The id of a resource in the state, and its record; or what to do about its absence.
pub fn recorded<'a>(document: &'a Document, address: &Address) -> Outcome<(&'a Id, &'a Record)> {
    let record = document.resources.get(address).ok_or_else(|| {
        let known: Vec<Address> = document.resources.keys().cloned().collect();
        let help = near(address, &known, "`stackctl apply` creates it, if stack.toml has it.");
        Failure::user(format!("the state has no {address}"), help)
    })?;
    Ok((&record.id, record))
}

/// What the user probably meant, or else what to do.
pub fn near(address: &Address, known: &[Address], otherwise: &str) -> String {
    let names: Vec<String> = known.iter().map(ToString::to_string).collect();
    match closest(&address.to_string(), names.iter().map(String::as_str)) {
        Some(name) => format!("Did you mean {name}?"),
        None => otherwise.to_owned(),
    }
}
