use super::change::nothing;
use crate::cli::failure::{Exit, Failure, Outcome};
use crate::cli::report;
use crate::cli::session::Session;

/// Prints the whole state as JSON
///
/// What an interrupted run has in its journal is folded in, and an encrypted state is decrypted. `stackctl state push`
/// takes it back. Secrets are not in it: a state holds digests of them.
#[derive(Debug, clap::Args)]
pub struct Args {}

pub async fn run(session: &Session) -> Outcome {
    let document = session.peek().await?.ok_or_else(nothing)?;
    let text = document.to_text().map_err(|error| Failure::user(error.to_string(), ""))?;
    report::document(text.trim_end());
    Ok(Exit::Done)
}
