use super::failure::{Exit, Outcome};
use super::report;
use crate::{config, resource};

/// Prints the JSON Schema of stack.toml, for editors
///
/// Save it as stack.schema.json and start stack.toml with the line `#:schema ./stack.schema.json`: editors with Taplo
/// (Even Better TOML) then complete and check every kind and attribute, with its documentation.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// That of the events which `apply --json` and `destroy --json` print.
    #[arg(long)]
    events: bool,
}

pub fn run(args: &Args) -> Outcome {
    let schema = match args.events {
        true => report::stream::schema(),
        false => config::json_schema(resource::registry()),
    };
    report::document(&format!("{schema:#}"));
    Ok(Exit::Done)
}
