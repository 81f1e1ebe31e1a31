use super::failure::{Failure, Outcome};
use super::report;
use super::site::Site;

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

/// As [`approve`] for a plan, which is carried out at `site`: a protected one has its name typed.
///
/// # Errors
/// As [`approve`], and where another name is typed.
pub fn approve_at(site: &Site, approved: bool) -> Outcome<()> {
    let Some(name) = site.password().filter(|_| !approved) else {
        return approve(&format!("Carry this out on {}?", site.short()), "the plan", approved);
    };
    let question = format!("{} is protected. Type its name, {name}, to carry this out:", site.short());
    match report::ask(&question).as_deref() {
        Some(typed) if typed == name => Ok(()),
        Some(_) => Err(Failure::user(
            format!("{name} is protected, and its name was not typed; nothing was changed"),
            format!("Type {name} and not y, or take `protected` out of [targets.{name}]."),
        )),
        None => Err(Failure::user("nobody is there to approve the plan", "Add --auto-approve.")),
    }
}
