use super::args::StackArgs;
use super::failure::{Exit, Outcome};
use super::report;
use super::standin::{self, StateArgs};
use clap::Subcommand;

/// Shows who has the state's lock
///
/// Every command that may write the state has its lock meanwhile. In a folder that is a lock of the operating system,
/// which ends with its process; in a bucket it is a lease, an object that its owner renews and that runs out a minute
/// after its owner died. `stackctl unlock` frees one before that.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub(super) stack: StackArgs,

    #[command(flatten)]
    by: StateArgs,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Says who has the lock, since when, and for how long a lease is still good.
    Status {
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
}

pub async fn run(args: &Args) -> Outcome {
    let session = standin::load(&args.stack, &args.by, "lock").await?;
    let Command::Status { json } = args.command;
    let store = session.store().await?;
    let holding = store.holding().await?;
    if json {
        report::holding_json(&store.name(), &holding);
    } else {
        report::holding(&store.name(), &holding);
    }
    Ok(Exit::Done)
}
