use super::failure::{Failure, Outcome};
use super::report;

/// Asks whether to go on, unless `approved` says so already; `what` is what waits for the answer.
///
/// # Errors
/// The answer is no, or nobody is there to answer.
pub fn approve(question: &str, what: &str, approved: bool) -> Outcome<()> {
    if approved {
        return Ok(());
    }
    match report::ask(&format!("{question} [y/N]")).as_deref() {
        Some("y" | "yes" | "Y") => Ok(()),
        Some(_) => Err(Failure::Interrupted),
        None => Err(Failure::user(format!("nobody is there to approve {what}"), "Add --auto-approve.")),
    }
}
