//! `stackctl state`: one file per subcommand.

mod change;
mod list;
mod mv;
mod recover;
mod rm;
mod show;

use super::args::StackArgs;
use super::failure::Outcome;
use super::session::Session;
use clap::Subcommand;

/// Looks at and mends the state
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    stack: StackArgs,

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
}

pub async fn run(args: &Args) -> Outcome {
    let session = Session::load(&args.stack)?;
    match &args.command {
        Command::List(_) => list::run(&session).await,
        Command::Show(own) => show::run(&session, own).await,
        Command::Rm(own) => rm::run(&session, &args.stack, own).await,
        Command::Mv(own) => mv::run(&session, &args.stack, own).await,
        Command::Recover(own) => recover::run(&session, &args.stack, own).await,
    }
}
