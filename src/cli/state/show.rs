use super::change::nothing;
use crate::address::Address;
use crate::cli::failure::{Exit, Failure, Outcome};
use crate::cli::recorded::recorded;
use crate::cli::report;
use crate::cli::session::Session;

/// Shows one resource of the state as JSON
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Such as bucket.loans.
    address: Address,
}

pub async fn run(session: &Session, args: &Args) -> Outcome {
    let document = session.peek().await?.ok_or_else(nothing)?;
    let (_, record) = recorded(&document, &args.address)?;
    let text = serde_json::to_string_pretty(record).map_err(|error| Failure::user(error.to_string(), ""))?;
    report::document(&text);
    Ok(Exit::Done)
}
