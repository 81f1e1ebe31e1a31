use super::failure::{Failure, Outcome};
use super::report;

/// Asks whether to go on, unless `approved` says so already.
///
/// # Errors
/// The answer is no, or nobody is there to answer.
pub fn approve(question: &str, approved: bool) -> Outcome<()> {
    if approved {
        return Ok(());
    }
    match report::ask(&format!("{question} [y/N]")).as_deref() {
        Some("y" | "yes" | "Y") => Ok(()),
        Some(_) => Err(Failure::Interrupted),
        None => Err(Failure::user("nobody is there to approve this", "Add --auto-approve.")),
    }
}
