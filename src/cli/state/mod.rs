//! `stackctl state`: one file per subcommand.

mod change;
mod history;
mod list;
mod migrate;
mod mv;
mod pull;
mod push;
mod recover;
mod rm;
mod rollback;
mod show;

use super::args::StackArgs;
use super::failure::Outcome;
use super::session::Session;
use super::standin::{self, StateArgs};
use clap::Subcommand;

/// Looks at and mends the state
///
/// The state is where `state` in stack.toml says: a folder, or s3://BUCKET/KEY. One that is encrypted (`encryption` in
/// stack.toml) is read with the secret key in STACKCTL_AGE_IDENTITY, or in the file that STACKCTL_AGE_IDENTITY_FILE names.
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
    List(list::Args),
    Show(show::Args),
    Rm(rm::Args),
    Mv(mv::Args),
    Recover(recover::Args),
    Pull(pull::Args),
    Push(push::Args),
    Migrate(migrate::Args),
    History(history::Args),
    Rollback(rollback::Args),
}

pub async fn run(args: &Args) -> Outcome {
    let session = match &args.command {
        // These two go by what stack.toml says.
        Command::Recover(_) | Command::Migrate(_) => Session::load(&args.stack)?,
        _ => standin::load(&args.stack, &args.by, "state").await?,
    };
    match &args.command {
        Command::List(_) => list::run(&session).await,
        Command::Show(own) => show::run(&session, own).await,
        Command::Rm(own) => rm::run(&session, &args.stack, own).await,
        Command::Mv(own) => mv::run(&session, &args.stack, own).await,
        Command::Recover(own) => recover::run(&session, &args.stack, own).await,
        Command::Pull(_) => pull::run(&session).await,
        Command::Push(own) => push::run(&session, &args.stack, own).await,
        Command::Migrate(own) => migrate::run(&session, &args.stack, own).await,
        Command::History(own) => history::run(&session, own).await,
        Command::Rollback(own) => rollback::run(&session, &args.stack, own).await,
    }
}
