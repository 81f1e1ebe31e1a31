use super::change::hold;
use crate::address::Address;
use crate::cli::args::StackArgs;
use crate::cli::failure::{Exit, Failure, Outcome};
use crate::cli::recorded::recorded;
use crate::cli::report;
use crate::cli::session::Session;
use crate::plan::named;
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
    document.rename(&[(from.clone(), to.clone())]);
    let advice = advice(session, &document, to);
    held.write(&mut document).await?;
    report::note(&format!("{from} is {to} now."));
    if let Some(advice) = advice {
        report::note(&advice);
    }
    Ok(Exit::Done)
}

/// What the next plan will make of it.
fn advice(session: &Session, document: &Document, to: &Address) -> Option<String> {
    let Some(block) = session.stack.blocks.get(to) else {
        return Some(format!("stack.toml has no {to} yet: without its block the next apply deletes it."));
    };
    let name = named(block.kind).filter(|name| block.inputs.get(name).is_none());
    let there = name.and_then(|name| Some((name, document.resources.get(to)?.inputs.get(name)?.as_str()?)));
    there.map(|(name, there)| {
        format!(
            "Its {name} comes from its address, so the next apply would make another one in its place. Write {name} = \
             {there:?} in its block to keep it ({}).",
            session.stack.place(block.span)
        )
    })
}
