use super::args::StackArgs;
use super::failure::{Exit, Failure, Outcome};
use super::packages;
use super::report;
use super::session::{Session, path, root};
use crate::config;
use crate::resource::registry;
use crate::veil::veil_all;

/// Checks stack.toml without looking at the cloud
///
/// Shows every mistake at once, each with its place, the reason and what to do: what stack.toml says, whether it fits together, what
/// AWS is known not to have, and whether files, zips and crates that it names are there. docs/validate.md lists it all.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub(super) stack: StackArgs,

    /// Prints mistakes and warnings as one JSON document; exit codes stay the same.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> Outcome {
    let path = path(&args.stack);
    let loaded = config::load(&path, &Session::options(&args.stack)?, registry());
    let (stack, found) = match loaded {
        Ok(stack) => {
            stack.secrets().for_each(|secret| veil_all(&secret));
            let mut found = stack.warnings.clone();
            found.extend(packages::missing(&stack, &root(&path)));
            let found = found.finish(&stack.source);
            (Some(stack).filter(|_| !found.has_errors()), found)
        }
        Err(found) => (None, found),
    };
    if args.json {
        report::mistakes_json(&path.display().to_string(), stack.as_ref(), &found);
        return Ok(if found.has_errors() { Exit::Failed } else { Exit::Done });
    }
    let Some(stack) = stack else { return Err(Failure::Config(found.errors())) };
    report::warnings(&found);
    // What else a command would refuse before it begins.
    let session = Session::of(stack, root(&path))?;
    let count = session.stack.blocks.len();
    let resources = if count == 1 { "resource" } else { "resources" };
    report::note(&format!(
        "{} is valid: stack {}, {count} {resources}.",
        session.stack.source.name, session.stack.name
    ));
    Ok(Exit::Done)
}
