//! What people see. Nothing else prints: data goes to stdout, all else to stderr; colour only where it is welcome.
#![expect(clippy::disallowed_macros, clippy::print_stderr, reason = "this is where the project prints")]

mod bug;
mod chaos;
mod lock;
mod log;
mod logged;
mod plan;
mod progress;
mod site;
mod stack;
mod state;
mod style;
mod summary;
mod value;

pub use bug::bug;
pub use chaos::chaos;
pub use lock::{holding, holding_json, lease};
pub use log::log_writer;
pub use logged::{logged, logged_json};
pub use plan::{plan, plan_json, saved};
pub use progress::Progress;
pub use site::{site, site_note};
pub use stack::{Bytes, bytes, local_logs, local_status, pairs, resource, step};
pub use state::{
    by_the_state, census, encryption, history, history_json, lost, recovered, resources, rollback, salvage,
};
pub use style::{Paint, table};
pub use summary::summary;

use super::failure::Failure;
use crate::address::Address;
use crate::apply::Finding;
use crate::diagnostic::Diagnostics;
use crate::package;
use anstream::{eprintln, println};
use std::io::{BufRead, IsTerminal, Write};

/// Columns of the terminal, or what reads well in a pipe.
pub fn width() -> usize {
    let given = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = console::Term::stderr().size_checked().map(|(_, columns)| usize::from(columns));
    given.or(terminal).unwrap_or(110).clamp(60, 140)
}

/// Columns of a terminal, however narrow; no end of them in a pipe.
fn room(stream: &impl IsTerminal) -> usize {
    if !stream.is_terminal() {
        return usize::MAX;
    }
    let given = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = console::Term::stderr().size_checked().map(|(_, columns)| usize::from(columns));
    given.or(terminal).unwrap_or(80)
}

/// A line of data.
pub fn data(line: &str) {
    println!("{line}");
}

/// A line for people.
pub fn note(line: &str) {
    eprintln!("{line}");
}

/// A line for whoever is still there to read it: the terminal may be what went away.
pub fn last_word(line: &str) {
    let _ = writeln!(anstream::stderr(), "{line}");
}

pub fn warning(text: &str) {
    eprintln!("{} {text}", Paint::Change.label("warning:"));
}

/// How a command failed, with its remedy.
pub fn failure(failure: &Failure) {
    if let Failure::Config(diagnostics) = failure {
        eprintln!("{}", diagnostics.render(width(), colour()));
        let count = diagnostics.len();
        let mistakes = if count == 1 { "mistake" } else { "mistakes" };
        eprintln!("{} {count} {mistakes} in stack.toml; nothing was changed", Paint::Bad.label("error:"));
        return;
    }
    eprintln!("{} {failure}", Paint::Bad.label("error:"));
    if let Some(help) = failure.help() {
        eprintln!("{} {help}", Paint::Good.label(" help:"));
    }
}

/// Whether stderr takes colours.
pub fn colour() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}

pub fn warnings(diagnostics: &Diagnostics) {
    if !diagnostics.is_empty() {
        eprintln!("{}", diagnostics.render(width(), colour()));
    }
}

/// Sensitive outputs whose values are not printed.
pub fn left_out<'a>(names: impl Iterator<Item = &'a String>) {
    let names: Vec<&str> = names.map(String::as_str).collect();
    if !names.is_empty() {
        note(&format!(
            "Left out, since sensitive: {}. `stackctl output NAME` says where such a value is.",
            names.join(", ")
        ));
    }
}

/// What was found of an interrupted run.
pub fn findings(findings: &[Finding]) {
    eprintln!("An earlier run was interrupted. Settled:");
    for finding in findings {
        match finding {
            Finding::Adopted { address, id } => {
                eprintln!("  {address}: was created as {id}; it is in the state now")
            }
            Finding::Nothing { address } => eprintln!("  {address}: had not been created"),
            Finding::Interrupted { address, verb } => {
                eprintln!("  {address}: {} was cut off; reading anew what is there", style::doing(*verb));
            }
        }
    }
}

/// A line of a build under way.
pub fn building(address: &Address, progress: package::Progress<'_>) {
    match progress {
        package::Progress::Waiting => {
            eprintln!("{address}: another stackctl builds the same crate; waiting for it")
        }
        package::Progress::Started(name) => eprintln!("{address}: building {name} (release)"),
        package::Progress::Cargo(line) if std::io::stderr().is_terminal() => {
            eprintln!("{}", Paint::Dim.label(&format!("  {}", line.trim_end())));
        }
        package::Progress::Cargo(_) => {}
    }
}

/// At most so many characters.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// Asks for a word; `None` where nobody can answer.
pub fn ask(question: &str) -> Option<String> {
    if !std::io::stdin().is_terminal() {
        return None;
    }
    eprint!("{question} ");
    std::io::stderr().flush().ok()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).ok()?;
    Some(answer.trim().to_owned())
}
