use crate::census::{Census, census};
use crate::cli::approve::approve;
use crate::cli::args::StackArgs;
use crate::cli::failure::{Exit, Failure, Outcome};
use crate::cli::report;
use crate::cli::session::{Session, guard};
use crate::cloud::Cloud;
use crate::desired::Desired;
use crate::resource::registry;
use crate::state::{Document, Salvage, StateError};
use std::collections::HashMap;

/// Rebuilds a state that is damaged or lost
///
/// Takes the newest that verifies of the state, its backup, what a run has saved beside when its place was taken away, and (in
/// a bucket) its older versions, and folds in what the journal says. Where that may lack something, or where nothing verifies, the cloud is asked: every object that
/// stackctl creates carries the tags stackctl:stack and stackctl:address, and for every block of stack.toml the object
/// with its tags is looked for. An object whose block is gone from stack.toml is told where its kind can be listed by tags (all
/// of the network); of other kinds it is not found.
///
/// A state that only a newer stackctl can read is not damaged: it is left alone unless --force is given.
///
/// Shows what it would write and asks. The damaged files, and what runs have saved, stay beside the new ones under names of
/// their own, under which no command asks for them. A state that is whole is left alone.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Uses nothing but the ownership tags, whatever lies there.
    #[arg(long)]
    from_tags: bool,

    /// Also over a state of a newer stackctl, whose changes since are lost then.
    #[arg(long)]
    force: bool,

    /// Does not ask.
    #[arg(long)]
    auto_approve: bool,
}

pub async fn run(session: &Session, stack: &StackArgs, args: &Args) -> Outcome {
    let store = session.store().await?;
    let (salvage, held) = store.salvage("state recover", stack.patience()).await?;
    if salvage.is_sound() && !args.from_tags {
        report::note(&format!("{} is whole: there is nothing to recover.", store.name()));
        let aside =
            salvage.document.as_ref().map(|document| held.settle_rescued(document)).unwrap_or_default();
        if !aside.is_empty() {
            report::note(&format!(
                "What a run had saved is in it already, and is kept as {}.",
                aside.join(" and ")
            ));
        }
        return Ok(Exit::Done);
    }
    let Salvage { document, source, folded: _, left_out, behind, newer, elsewhere: _ } = salvage;
    if let Some(what) = newer.filter(|_| !args.force) {
        return Err(StateError::Newer { name: store.name(), what }.into());
    }
    let kept = document.filter(|_| !args.from_tags);
    report::salvage(&store.name(), kept.as_ref().map(|document| (source.as_str(), document)), &left_out);
    let (mut document, census) = match (kept, behind) {
        (Some(document), false) => (document, Census::default()),
        (Some(document), true) => match session.connect().await {
            Ok(cloud) => {
                guard(&document, &cloud, &store.name())?;
                complete(session, &cloud, document).await?
            }
            Err(failure) => {
                report::warning(&format!(
                    "the ownership tags were not looked at ({failure}), so what was applied after that is not in it"
                ));
                (document, Census::default())
            }
        },
        (None, _) => {
            let cloud = session.connect().await?;
            let new = Document::new(&session.stack.name, &cloud.account, &cloud.region);
            complete(session, &cloud, new).await?
        }
    };
    report::census(&census);
    if let Some((address, ids)) = census.ambiguous.first() {
        return Err(Failure::user(
            format!("{address} could be any of {}; nothing was changed", ids.join(", ")),
            "Delete the ones that it is not, or take their tag stackctl:address off, and call this again.",
        ));
    }
    if document.is_of_nothing() {
        return Err(Failure::user(
            format!(
                "no object of a block of stack.toml carries the tags of the stack {}",
                session.stack.name
            ),
            "There is nothing to recover: `stackctl apply` starts anew. If something is there all the same, compare account, \
             region, the name of the stack and the names in its blocks.",
        ));
    }
    report::recovered(&document);
    approve("Write this as the state?", "this", args.auto_approve)?;
    let aside = held.replace(&mut document).await?;
    report::note(&format!("{} has serial {} now.", store.name(), document.serial));
    if !aside.is_empty() {
        report::note(&format!("What lay there is kept as {}.", aside.join(" and ")));
    }
    report::note("Read the next `stackctl plan` before you apply.");
    Ok(Exit::Done)
}

/// Adds what the ownership tags tell.
async fn complete(session: &Session, cloud: &Cloud, mut document: Document) -> Outcome<(Document, Census)> {
    let desired = Desired::new(session.stack.clone(), &cloud.account, &cloud.region, HashMap::new());
    let found = census(cloud, registry(), &desired, &mut document)
        .await
        .map_err(Failure::while_doing("failed to look for the stack's objects; nothing was changed"))?;
    Ok((document, found))
}
