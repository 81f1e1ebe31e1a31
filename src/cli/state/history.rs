use crate::cli::failure::{Exit, Outcome};
use crate::cli::report;
use crate::cli::session::Session;

/// Lists the states that were, newest first
///
/// In a bucket these are the versions of the object, as long as the bucket keeps them; in a folder the current one and
/// its backup. `stackctl state rollback VERSION` brings one back.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many.
    #[arg(long, default_value_t = 20, value_name = "N")]
    limit: usize,

    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

pub async fn run(session: &Session, args: &Args) -> Outcome {
    let history = session.store().await?.history(args.limit).await?;
    if args.json {
        report::history_json(&history);
    } else {
        report::history(&history);
        if history.is_empty() {
            report::note("Nothing is kept: nothing was applied yet, or the bucket has no versioning.");
        }
    }
    Ok(Exit::Done)
}
