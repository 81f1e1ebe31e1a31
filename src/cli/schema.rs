use super::failure::{Exit, Outcome};
use super::report;
use crate::{config, resource};

/// Prints the JSON Schema of stack.toml, for editors
///
/// Save it as stack.schema.json and start stack.toml with the line `#:schema ./stack.schema.json`: editors with Taplo
/// (Even Better TOML) then complete and check every kind and attribute, with its documentation.
#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(_: &Args) -> Outcome {
    report::document(&format!("{:#}", config::json_schema(resource::registry())));
    Ok(Exit::Done)
}
