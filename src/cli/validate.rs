use super::args::StackArgs;
use super::failure::{Exit, Outcome};
use super::report;
use super::session::Session;

/// Checks stack.toml without looking at the cloud
///
/// Shows every mistake at once, each with its place, the reason and what to do.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub(super) stack: StackArgs,
}

pub fn run(args: &Args) -> Outcome {
    let session = Session::load(&args.stack)?;
    let count = session.stack.blocks.len();
    report::note(&format!(
        "{} is valid: stack {}, {count} resources.",
        session.stack.source.name, session.stack.name
    ));
    Ok(Exit::Done)
}
