use super::change::hold;
use crate::cli::approve::approve;
use crate::cli::args::StackArgs;
use crate::cli::failure::{Exit, Failure, Outcome};
use crate::cli::report;
use crate::cli::session::Session;
use crate::state::{Document, Past};

/// Brings back an older state
///
/// Writes what that version says as the newest serial, after showing what the state would forget and what would
/// reappear in it. Nothing in the cloud changes: read the next plan, which compares with what is there.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A version of `stackctl state history`, or its serial.
    // Not `version`: that is the flag of every command.
    #[arg(value_name = "VERSION")]
    wanted: String,

    /// Does not ask.
    #[arg(long)]
    auto_approve: bool,
}

pub async fn run(session: &Session, stack: &StackArgs, args: &Args) -> Outcome {
    let store = session.store().await?;
    let (current, held) = hold(session, stack, "state rollback").await?;
    let history = store.history(usize::MAX).await?;
    let mut old = wanted(history, &args.wanted)?;
    if old.lineage != current.lineage {
        return Err(Failure::user(
            format!(
                "version {} is another state: its lineage is {}, not {}",
                args.wanted, old.lineage, current.lineage
            ),
            "It was another stack's, or of a time before a destroy. `stackctl state push --force` takes any.",
        ));
    }
    report::rollback(&current, &old);
    approve("Write the older state?", "this", args.auto_approve)?;
    old.serial = current.serial;
    held.write(&mut old).await?;
    report::note(&format!(
        "{} has serial {} now. Read the next plan before you apply.",
        store.name(),
        old.serial
    ));
    Ok(Exit::Done)
}

fn wanted(history: Vec<Past>, version: &str) -> Outcome<Document> {
    let serial: Option<u64> = version.parse().ok();
    let found = history.into_iter().find(|past| {
        past.version == version || past.content.as_ref().is_ok_and(|document| Some(document.serial) == serial)
    });
    match found.map(|past| past.content) {
        Some(Ok(document)) => Ok(document),
        Some(Err(what)) => Err(Failure::user(
            format!("version {version} cannot be used: {what}"),
            "`stackctl state history` shows the others.",
        )),
        None => Err(Failure::user(
            format!("there is no version {version}"),
            "`stackctl state history` shows which there are.",
        )),
    }
}
