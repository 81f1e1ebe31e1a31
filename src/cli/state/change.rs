use crate::cli::args::StackArgs;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::session::Session;
use crate::state::{Document, Held};

/// There is no state.
pub fn nothing() -> Failure {
    Failure::user("nothing has been applied yet", "`stackctl apply` makes the state.")
}

/// Takes the lock for a command that changes the state without the cloud. With work left open by a dead run, that must be
/// settled first.
pub async fn hold(session: &Session, args: &StackArgs, command: &str) -> Outcome<(Document, Held)> {
    let (document, held) = session.store().await?.open(command, args.patience()).await?;
    let mut document = document.ok_or_else(nothing)?;
    session.arrived(&document).await?;
    document.arriving = None;
    settled(&document)?;
    Ok((document, held))
}

/// # Errors
/// A dead run left work open.
pub fn settled(document: &Document) -> Outcome<()> {
    if document.open.is_empty() {
        return Ok(());
    }
    Err(Failure::user(
        "an interrupted run left work open",
        "`stackctl plan` settles it; then call this again.",
    ))
}
