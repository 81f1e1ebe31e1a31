use super::change::nothing;
use crate::cli::approve::approve;
use crate::cli::args::StackArgs;
use crate::cli::failure::{Exit, Failure, Outcome};
use crate::cli::report;
use crate::cli::session::{Session, settle_open};
use crate::cloud::Cloud;
use crate::state::{Arriving, Document, Held, Moved, StateError, Store};

/// Where the state is, or where it goes.
#[derive(Debug, clap::Args)]
#[group(id = "place", required = true, multiple = true)]
pub struct Places {
    /// From where stack.toml says to this place: a folder, or s3://BUCKET/KEY.
    #[arg(long, value_name = "PLACE", conflicts_with = "from")]
    to: Option<String>,

    /// From this place to where stack.toml says: when the line has been changed already.
    #[arg(long, value_name = "PLACE")]
    from: Option<String>,

    /// The name that the stack had before, when `name` in stack.toml has been changed.
    #[arg(long, value_name = "NAME")]
    from_stack: Option<String>,
}

/// Moves the state to another place, or to another name of the stack
///
/// Copies the state under both locks, once nothing is left open, and reads it back; the copy is none but a copy until a marker has
/// taken the place of the old one. That marker sends a checkout whose stack.toml still names the old place on to the new one; the
/// old state stays as its backup. A move that was cut off leaves one of the two places as the state, says which, and is finished
/// by the same command. Tells which line of stack.toml to change.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    places: Places,

    /// Does not ask.
    #[arg(long)]
    auto_approve: bool,
}

pub async fn run(session: &Session, stack: &StackArgs, args: &Args) -> Outcome {
    let named = session.stack.state.clone();
    let (from, to) = match (&args.places.from, &args.places.to) {
        (Some(from), _) => (from.clone(), named),
        (None, to) => (named.clone(), to.clone().unwrap_or(named)),
    };
    let former = args.places.from_stack.as_deref().filter(|former| *former != session.stack.name);
    let source = match former {
        Some(former) => session.store_of(former, &from, None).await?,
        None => session.store_in(&from).await?,
    };
    let target = session.store_in(&to).await?;
    if source.name() == target.name() {
        return match former {
            Some(former) => rename(session, stack, &source, former).await,
            None => Err(Failure::user(
                format!("the state is in {} already", source.name()),
                "Name another place.",
            )),
        };
    }
    // What the marker says to whoever still has the old line.
    let told = match former {
        Some(_) => format!("{to} (as the stack {})", session.stack.name),
        None => to.clone(),
    };
    let (document, old) = match source.open("state migrate", stack.patience()).await {
        // Cut off after the marker, or called once more.
        Err(StateError::Moved { to: there, .. }) if there == told => return finish(&target, stack).await,
        opened => opened?,
    };
    let Some(mut document) = document else { return take_copy(&target, stack, args, &from).await };
    if former.is_none() {
        session.arrived(&document).await?;
    }
    if !document.open.is_empty() {
        let cloud = session.connect().await?;
        let cloud = old.warrant().into_iter().fold(cloud, Cloud::under);
        settle_open(&cloud, &mut document, &old).await?;
    }
    let (there, new) = target.open_onto("state migrate", stack.patience(), &document.lineage).await?;
    check(there.as_ref(), &document, &target)?;
    let count = report::resources(document.resources.len());
    report::note(&format!("Moving {count} from {} to {}.", source.name(), target.name()));
    approve("Move it?", "this", args.auto_approve)?;
    document.arriving = Some(Arriving { from, stack: document.stack.clone() });
    document.stack.clone_from(&session.stack.name);
    copy(&target, &new, &mut document).await?;
    old.retire(&Moved::new(&document, &told)).await?;
    document.arriving = None;
    new.write(&mut document).await?;
    report::note(&format!(
        "The state is in {} now. The old one stays as a backup beside a marker.",
        target.name()
    ));
    if args.places.to.is_some() {
        report::note(&session.stack.state_line(&to));
    }
    Ok(Exit::Done)
}

/// In a place whose name does not have the stack's.
async fn rename(session: &Session, stack: &StackArgs, store: &Store, former: &str) -> Outcome {
    let (document, held) = store.open("state migrate", stack.patience()).await?;
    let mut document = document.ok_or_else(nothing)?;
    super::change::settled(&document)?;
    document.stack.clone_from(&session.stack.name);
    held.write(&mut document).await?;
    report::note(&format!(
        "{} is the state of {} now, which was {former}.",
        store.name(),
        session.stack.name
    ));
    Ok(Exit::Done)
}

/// The old place says that it was moved: the copy is the state.
async fn finish(target: &Store, stack: &StackArgs) -> Outcome {
    let (document, held) = target.open("state migrate", stack.patience()).await?;
    let mut document = document.ok_or_else(nothing)?;
    if document.arriving.take().is_some() {
        held.write(&mut document).await?;
    }
    report::note(&format!("The state is in {}.", target.name()));
    Ok(Exit::Done)
}

/// There is nothing at the old place, not even a marker: somebody has removed it. What was copied before is all that there is.
async fn take_copy(target: &Store, stack: &StackArgs, args: &Args, from: &str) -> Outcome {
    let (document, held) = target.open("state migrate", stack.patience()).await?;
    let mut document = document
        .filter(|document| document.arriving.as_ref().is_some_and(|old| old.from == from))
        .ok_or_else(nothing)?;
    report::note(&format!(
        "There is no state in {from}; {} has a copy of it, with {}.",
        target.name(),
        report::resources(document.resources.len())
    ));
    approve("Take the copy as the state?", "this", args.auto_approve)?;
    document.arriving = None;
    held.write(&mut document).await?;
    report::note(&format!("The state is in {} now.", target.name()));
    Ok(Exit::Done)
}

/// Writes and reads back.
async fn copy(target: &Store, held: &Held, document: &mut Document) -> Outcome<()> {
    held.write(document).await?;
    let back = target.peek().await?;
    let text = |document: &Document| document.to_text().unwrap_or_default();
    if back.as_ref().map(text) == Some(text(document)) {
        return Ok(());
    }
    Err(Failure::user(
        format!("{} does not read back as it was written", target.name()),
        "The state is where it was, and nothing else was changed. Look at that place before you try again.",
    ))
}

/// The new place must be empty, or hold an older copy of this very state.
fn check(there: Option<&Document>, document: &Document, target: &Store) -> Outcome<()> {
    let Some(there) = there else { return Ok(()) };
    let copy = there.lineage == document.lineage
        && (there.arriving.is_some()
            || there.serial <= document.serial
            || there.resources == document.resources);
    if copy {
        return Ok(());
    }
    Err(Failure::user(
        format!(
            "{} holds another state already: serial {} of lineage {}",
            target.name(),
            there.serial,
            there.lineage
        ),
        "Name a place that is empty. Nothing was changed.",
    ))
}
