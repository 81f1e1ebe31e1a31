use super::change::nothing;
use crate::cli::approve::approve;
use crate::cli::args::StackArgs;
use crate::cli::failure::{Exit, Failure, Outcome};
use crate::cli::report;
use crate::cli::session::{Session, settle_open};
use crate::state::{Document, Held, Moved, Store};

/// Where the state is, or where it goes.
#[derive(Debug, clap::Args)]
#[group(id = "place", required = true, multiple = false)]
pub struct Places {
    /// From where stack.toml says to this place: a folder, or s3://BUCKET/KEY.
    #[arg(long, value_name = "PLACE")]
    to: Option<String>,

    /// From this place to where stack.toml says: when the line has been changed already.
    #[arg(long, value_name = "PLACE")]
    from: Option<String>,
}

/// Moves the state to another place
///
/// Copies the state under both locks, once nothing is left open, and reads it back. Then a marker takes the place of the
/// old one, so that a checkout whose stack.toml still names the old place is refused with a pointer to the new one; the
/// old state stays as its backup. Tells which line of stack.toml to change.
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
        (None, to) => (named, to.clone().unwrap_or_default()),
    };
    let (source, target) = (session.store_in(&from).await?, session.store_in(&to).await?);
    if source.name() == target.name() {
        return Err(Failure::user(
            format!("the state is in {} already", source.name()),
            "Name another place.",
        ));
    }
    let (document, old) = source.open("state migrate", stack.patience()).await?;
    let mut document = document.ok_or_else(nothing)?;
    if !document.open.is_empty() {
        settle_open(&session.connect().await?, &mut document, &old).await?;
    }
    let (there, new) = target.open_onto("state migrate", stack.patience(), &document.lineage).await?;
    check(there.as_ref(), &document, &target)?;
    let count = report::resources(document.resources.len());
    report::note(&format!("Moving {count} from {} to {}.", source.name(), target.name()));
    approve("Move it?", "this", args.auto_approve)?;
    copy(&target, &new, &document).await?;
    old.retire(&Moved::new(&document, &to)).await?;
    report::note(&format!(
        "The state is in {} now. The old one stays as a backup beside a marker.",
        target.name()
    ));
    if args.places.to.is_some() {
        report::note(&session.stack.state_line(&to));
    }
    Ok(Exit::Done)
}

/// Writes and reads back.
async fn copy(target: &Store, held: &Held, document: &Document) -> Outcome<()> {
    let mut copied = document.clone();
    held.write(&mut copied).await?;
    let back = target.peek().await?;
    let text = |document: &Document| document.to_text().unwrap_or_default();
    if back.as_ref().map(text) == Some(text(&copied)) {
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
        && (there.serial <= document.serial || there.resources == document.resources);
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
