use super::change::hold;
use crate::address::Address;
use crate::cli::args::StackArgs;
use crate::cli::failure::{Exit, Outcome};
use crate::cli::recorded::recorded;
use crate::cli::report;
use crate::cli::session::Session;

/// Forgets a resource without deleting it
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Such as bucket.loans.
    address: Address,
}

pub async fn run(session: &Session, stack: &StackArgs, args: &Args) -> Outcome {
    let (mut document, held) = hold(session, stack, "state rm").await?;
    let address = &args.address;
    let id = recorded(&document, address)?.0.clone();
    document.resources.remove(address);
    held.write(&mut document).await?;
    report::note(&format!("Forgot {address}. {id} still exists and is nobody's now."));
    Ok(Exit::Done)
}
