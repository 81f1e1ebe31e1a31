//! What people see. Nothing else prints: data goes to stdout, all else to stderr; colour only where it is welcome.

mod bill;
#[cfg(test)]
mod bill_tests;
mod bug;
mod causes;
mod chaos;
mod cost;
mod document;
#[cfg(test)]
mod drift_tests;
mod during;
mod excerpt;
mod leaves;
mod lock;
mod log;
mod logged;
mod mistakes;
mod notes;
mod out;
mod permissions;
mod plan;
#[cfg(test)]
mod plan_tests;
mod preflight;
mod progress;
mod review;
mod screen;
mod site;
mod stack;
mod state;
pub mod stream;
mod style;
mod summary;
#[cfg(test)]
mod summary_tests;
mod value;
mod wrap;

pub use bug::bug;
pub use chaos::chaos;
pub use cost::cost;
pub use document::plan_json;
pub use during::{counting, during};
pub use lock::{holding, holding_json, lease};
pub use log::log_writer;
pub use logged::{logged, logged_json};
pub use mistakes::mistakes_json;
pub use permissions::permissions;
pub use plan::{plan, saved};
pub use preflight::{ahead, preflight, preflight_json};
pub use progress::Progress;
pub use review::{plan_html, plan_markdown};
pub use site::{site, site_note};
pub use stack::{Bytes, bytes, local_logs, local_status, pairs, resource, step};
pub use state::{
    by_the_state, census, elsewhere, encryption, former, history, history_json, lost, namesakes, recovered,
    resources, rollback, salvage,
};
pub use style::{Paint, table};
pub use summary::{Ending, ending};

use super::failure::Failure;
use crate::address::Address;
use crate::apply::Finding;
use crate::diagnostic::Diagnostics;
use crate::package;
use crate::visible::{visible, visible_json, visible_lines};
use std::io::{BufRead, IsTerminal};
use style::rendered;
use wrap::wrap;

/// Columns of the terminal, or what reads well in a pipe.
pub fn width() -> usize {
    let given = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = console::Term::stderr().size_checked().map(|(_, columns)| usize::from(columns));
    given.or(terminal).unwrap_or(110).clamp(40, 400)
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

/// A line of data for people: what comes from outside is made visible.
pub fn data(line: &str) {
    if stream::is_on() {
        return note(line);
    }
    out::line(&rendered(line, colour_of(&std::io::stdout())));
}

/// One JSON document, or a line that is one; a value that hides something is written with escapes.
pub fn document(text: &str) {
    out::line(&visible_json(text));
}

/// Data for whoever asked for exactly that, such as the value of an output: a program gets it as it is, a terminal made
/// visible.
pub fn raw(text: &str) {
    match std::io::stdout().is_terminal() {
        true => out::line(&visible(text)),
        false => out::line(text),
    }
}

/// A line for people. At a terminal it breaks at words.
pub fn note(line: &str) {
    for line in folded(line, room(&std::io::stderr())) {
        out::error_line(&rendered(&line, colour()));
    }
}

/// A line that is longer than the terminal is wide, broken at words below its beginning. A painted one is as it should be.
fn folded(line: &str, room: usize) -> Vec<String> {
    let text = line.trim_start();
    let indent = line.chars().count() - text.chars().count();
    if line.chars().count() <= room || line.contains(['\u{1b}', '\n']) || indent * 2 > room {
        return vec![line.to_owned()];
    }
    wrap(text, room - indent).into_iter().map(|line| format!("{:indent$}{line}", "")).collect()
}

/// `error: …`, its further lines below the text.
fn labelled(paint: Paint, label: &str, text: &str) {
    let indent = label.chars().count() + 1;
    let room = room(&std::io::stderr()).saturating_sub(indent);
    for (at, line) in wrap(text, room).into_iter().enumerate() {
        match at {
            0 => note(&format!("{} {line}", paint.label(label))),
            _ => note(&format!("{:indent$}{line}", "")),
        }
    }
}

/// A line for whoever is still there to read it: the terminal may be what went away.
pub fn last_word(line: &str) {
    screen::close();
    note(line);
}

pub fn warning(text: &str) {
    stream::warning(text);
    labelled(Paint::Change, "warning:", text);
}

/// How a command failed, with its remedy.
pub fn failure(failure: &Failure) {
    stream::failure(failure);
    if let Failure::Config(diagnostics) = failure {
        block(&diagnostics.render(width(), colour()));
        let count = diagnostics.len();
        let mistakes = if count == 1 { "mistake" } else { "mistakes" };
        let file = diagnostics.iter().find_map(|one| Some(one.source.as_ref()?.name.as_str()));
        let found = match file {
            Some(file) => format!("{count} {mistakes} in {file}; nothing was changed"),
            // There is no file to have any.
            None => "nothing was changed".to_owned(),
        };
        note(&format!("{} {found}", Paint::Bad.label("error:")));
        return;
    }
    let text = failure.to_string();
    match failure {
        // These have lines: a compiler's, a log's. No line of theirs begins where ours do.
        Failure::Package(_) | Failure::Local(_) => {
            let mut lines = text.lines();
            labelled(Paint::Bad, "error:", lines.next().unwrap_or_default());
            lines.for_each(|line| note(&format!("  {line}")));
        }
        _ => labelled(Paint::Bad, "error:", &text),
    }
    if let Some(help) = failure.help() {
        labelled(Paint::Good, " help:", help);
    }
}

/// What was put together of parts that are visible, with colours and lines: a diagnostic, the help of a command.
fn block(text: &str) {
    let mut shown = String::new();
    for part in text.split_inclusive('m') {
        // Only `ESC [ digits m` stays.
        let (before, code) = match part.rsplit_once("\u{1b}[") {
            Some((before, code)) if is_colour(code) => (before, Some(code)),
            _ => (part, None),
        };
        shown.push_str(&visible_lines(before));
        if let Some(code) = code.filter(|_| colour()) {
            shown.push_str(&format!("\u{1b}[{code}"));
        }
    }
    out::error_line(&shown);
}

fn is_colour(code: &str) -> bool {
    let digits = code.strip_suffix('m');
    digits.is_some_and(|digits| digits.chars().all(|c| c.is_ascii_digit() || c == ';'))
}

/// What clap says of a command line; ends the process.
pub fn usage(error: &clap::Error) -> ! {
    if error.use_stderr() {
        block(error.render().ansi().to_string().trim_end());
        std::process::exit(error.exit_code());
    }
    error.exit()
}

/// Says that some of what was to be printed could not be, if that is so; whether it is.
pub fn is_cut() -> bool {
    let Some(why) = out::lost() else { return false };
    note(&format!("{} not everything could be printed: {why}", Paint::Bad.label("error:")));
    true
}

/// Whether stderr takes colours.
pub fn colour() -> bool {
    colour_of(&std::io::stderr())
}

fn colour_of(stream: &impl anstream::stream::RawStream) -> bool {
    anstream::AutoStream::choice(stream) != anstream::ColorChoice::Never
}

pub fn warnings(diagnostics: &Diagnostics) {
    if !diagnostics.is_empty() {
        block(&diagnostics.render(width(), colour()));
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
    note("An earlier run was interrupted. Settled:");
    for finding in findings {
        match finding {
            Finding::Adopted { address, id } => {
                note(&format!("  {address}: was created as {id}; it is in the state now"))
            }
            Finding::Nothing { address } => note(&format!("  {address}: had not been created")),
            Finding::Deleted { address } => note(&format!("  {address}: was deleted")),
            Finding::Interrupted { address, verb } => {
                let doing = style::doing(*verb);
                note(&format!("  {address}: {doing} was cut off; reading anew what is there"));
            }
        }
    }
}

/// A line of a build under way.
pub fn building(address: &Address, progress: package::Progress<'_>) {
    match progress {
        package::Progress::Waiting => {
            note(&format!("{address}: another stackctl builds the same crate; waiting for it"))
        }
        package::Progress::Started(name) => note(&format!("{address}: building {name} (release)")),
        package::Progress::Cargo(line) if std::io::stderr().is_terminal() => {
            note(&Paint::Dim.label(&format!("  {}", line.trim_end())));
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

/// Whose data would go, and that more than a `y` is asked for.
pub fn losses<'a>(losses: impl Iterator<Item = (&'a Address, usize, &'static str)>, place: &str) {
    note(&format!("Data would be lost on {place}:"));
    for (address, count, what) in losses {
        let several = if count > 1 { format!(" (all {count} that the plan has)") } else { String::new() };
        note(&format!("  {} {address}{several}: {what}", Paint::Bad.label("!")));
    }
    note("A `y` is not enough for that: what may go is typed in full.");
}

/// Whether somebody is there who could answer.
pub fn can_ask() -> bool {
    std::io::stdin().is_terminal() && !stream::is_on()
}

/// Asks for a word; `None` where nobody can answer.
pub fn ask(question: &str) -> Option<String> {
    if !can_ask() {
        return None;
    }
    out::question(&rendered(question, colour()));
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    if !std::io::stdin().is_terminal() {
        // The terminal is gone. A signal says so too, and whoever answers that ends the process.
        std::thread::sleep(std::time::Duration::from_secs(2));
    }
    read.ok()?;
    Some(answer.trim().to_owned())
}
