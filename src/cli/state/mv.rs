use super::change::hold;
use crate::address::Address;
use crate::cli::args::StackArgs;
use crate::cli::failure::{Exit, Failure, Outcome};
use crate::cli::report;
use crate::cli::session::{Session, recorded};
use crate::state::Document;

/// Renames a resource, when it was renamed in stack.toml
#[derive(Debug, clap::Args)]
pub struct Args {
    /// As the state has it.
    from: Address,
    /// As stack.toml has it now.
    to: Address,
}

pub async fn run(session: &Session, stack: &StackArgs, args: &Args) -> Outcome {
    let (mut document, held) = hold(session, stack, "state mv").await?;
    let Args { from, to } = args;
    recorded(&document, from)?;
    if document.resources.contains_key(to) {
        return Err(Failure::user(format!("the state has {to} already"), "Move that one away first."));
    }
    if from.kind != to.kind {
        return Err(Failure::user(
            format!("{from} and {to} are of different kinds"),
            "A resource keeps its kind; only the name and the key can change.",
        ));
    }
    rename(&mut document, from, to);
    held.write(&mut document).await?;
    report::note(&format!("{from} is {to} now."));
    Ok(Exit::Done)
}

fn rename(document: &mut Document, from: &Address, to: &Address) {
    if let Some(record) = document.resources.remove(from) {
        document.resources.insert(to.clone(), record);
    }
    for record in document.resources.values_mut() {
        for dependency in record.depends_on.iter_mut().filter(|dependency| *dependency == from) {
            *dependency = to.clone();
        }
    }
}
