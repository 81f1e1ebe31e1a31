use super::args::StackArgs;
use super::failure::{Exit, Outcome};
use super::recorded::recorded;
use super::report;
use super::session::Session;
use crate::address::Address;
use serde_json::json;

/// Shows what the state says of one resource, or of all
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub(super) stack: StackArgs,

    /// Such as bucket.loans.
    address: Option<Address>,

    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

pub async fn run(args: &Args) -> Outcome {
    let session = Session::load(&args.stack)?;
    let Some(document) = session.peek().await? else {
        report::note("Nothing has been applied yet.");
        return Ok(Exit::Done);
    };
    let chosen = match &args.address {
        Some(address) => vec![(address, recorded(&document, address)?.1)],
        None => document.resources.iter().collect(),
    };
    if args.json {
        let all: serde_json::Map<_, _> =
            chosen.iter().map(|(address, record)| (address.to_string(), json!(record))).collect();
        report::document(&serde_json::Value::Object(all).to_string());
    } else {
        for (address, record) in chosen {
            report::resource(address, record);
        }
    }
    Ok(Exit::Done)
}
