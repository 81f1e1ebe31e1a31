//! What `--json` of apply and destroy prints: one event a line (docs/events.md). Nothing else goes to stdout then.

mod line;

use super::document::document as plan_document;
use super::summary::Ending;
use crate::address::Address;
use crate::apply::Standing;
use crate::cli::beside::Beside;
use crate::cli::failure::Failure;
use crate::cli::site::Site;
use crate::cloud::remedy;
use crate::event::Event;
use crate::plan::Plan;
use crate::state::Verb;
use line::{Line, Output};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

const FORMAT: u32 = 1;

/// What was said, as far as the last line needs it.
struct Stream {
    started: Instant,
    /// Started and not ended.
    flying: BTreeMap<usize, (Address, Verb)>,
    /// What failed before what was not started.
    because: HashMap<Address, Address>,
    counts: Counts,
    /// The last line is written.
    ended: bool,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    moved: usize,
    created: usize,
    updated: usize,
    deleted: usize,
    failed: usize,
    left: usize,
    not_started: usize,
}

static STREAM: Mutex<Option<Stream>> = Mutex::new(None);
/// Apart, since printing asks for it too.
static ON: AtomicBool = AtomicBool::new(false);

fn stream() -> MutexGuard<'static, Option<Stream>> {
    STREAM.lock().unwrap_or_else(PoisonError::into_inner)
}

fn say(line: &Line) {
    let mut line = json!(line);
    line["at"] = json!(format!("{:.3}", jiff::Timestamp::now()));
    super::document(&line.to_string());
}

/// From now on stdout is for programs.
pub fn begin(command: &str) {
    *stream() = Some(Stream {
        started: Instant::now(),
        flying: BTreeMap::new(),
        because: HashMap::new(),
        counts: Counts::default(),
        ended: false,
    });
    ON.store(true, Ordering::Relaxed);
    let stackctl = env!("CARGO_PKG_VERSION").to_owned();
    say(&Line::Started { format: FORMAT, stackctl, command: command.to_owned() });
}

pub fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// JSON Schema of a line.
pub fn schema() -> Json {
    schemars::schema_for!(Line).to_value()
}

pub fn place(site: &Site) {
    if is_on() {
        say(&Line::Place { on: json!(site) });
    }
}

pub fn plan(plan: &Plan, beside: &Beside) {
    say(&Line::Plan { plan: plan_document(plan, beside.cost.as_ref()) });
}

pub fn warning(message: &str) {
    if is_on() {
        say(&Line::Warning { message: message.to_owned() });
    }
}

pub fn progress(what: &str, standing: &Standing) {
    // Nothing comes after the last line.
    let stream = stream();
    if stream.as_ref().is_none_or(|stream| stream.ended) {
        return;
    }
    say(&Line::Progress {
        what: what.to_owned(),
        done: standing.finished,
        total: standing.total,
        failed: standing.failed,
        not_started: standing.skipped,
        in_flight: standing.flying,
        remaining_seconds: standing.remaining.map(|left| left.as_secs()),
    });
}

/// One of the engine; `place` is where the block of an address is.
pub fn event(event: &Event, place: impl Fn(&Address) -> Option<String>) {
    let mut stream = stream();
    let Some(stream) = stream.as_mut().filter(|stream| !stream.ended) else { return };
    let counts = &mut stream.counts;
    let line = match event {
        Event::Moved { from, to } => {
            counts.moved += 1;
            Line::Moved { from: from.to_string(), to: to.to_string() }
        }
        Event::Started { operation, address, verb } => {
            stream.flying.insert(*operation, (address.clone(), *verb));
            let (address, verb) = (address.to_string(), verb.to_string());
            Line::OperationStarted { operation: *operation, address, verb }
        }
        Event::Waiting { address, what } => {
            Line::OperationWaiting { address: address.to_string(), what: what.clone() }
        }
        Event::Finished { operation, address, verb, took } => {
            stream.flying.remove(operation);
            *match verb {
                Verb::Create => &mut counts.created,
                Verb::Update => &mut counts.updated,
                Verb::Delete => &mut counts.deleted,
            } += 1;
            Line::OperationDone {
                operation: *operation,
                address: address.to_string(),
                verb: verb.to_string(),
                seconds: rounded(took.as_secs_f64()),
            }
        }
        Event::Failed { operation, address, verb, trouble } => {
            stream.flying.remove(operation);
            counts.failed += 1;
            let (file, line, column) = parts(place(address));
            Line::OperationFailed {
                operation: *operation,
                address: address.to_string(),
                verb: verb.to_string(),
                message: trouble.message.clone(),
                code: trouble.code.clone(),
                call: trouble.call.clone(),
                request: trouble.request.clone(),
                help: trouble.code.as_deref().and_then(remedy).map(str::to_owned),
                file,
                line,
                column,
            }
        }
        Event::Left { operation, address, verb } => {
            stream.flying.remove(operation);
            counts.left += 1;
            let (address, verb) = (address.to_string(), verb.to_string());
            Line::OperationLeft { operation: *operation, address, verb }
        }
        // Told at the end, with what was not started for other reasons.
        Event::Skipped { address, because, .. } => {
            stream.because.insert(address.clone(), because.clone());
            return;
        }
        Event::LeftOver { .. } => return,
    };
    say(&line);
}

/// What an apply came to.
pub fn ending(ending: &Ending<'_>) {
    let because = stream().as_mut().map(|stream| std::mem::take(&mut stream.because)).unwrap_or_default();
    let summary = ending.summary;
    for address in &summary.not_started {
        let because = because.get(address).map(ToString::to_string);
        say(&Line::NotStarted { address: address.to_string(), because });
    }
    for (address, leftover) in &summary.leftovers {
        say(&Line::LeftOver {
            address: address.to_string(),
            what: leftover.what.to_owned(),
            name: leftover.name.clone(),
            region: ending.site.region.clone(),
            delete: ending.deletion(leftover),
        });
    }
    let outputs = ending.outputs().map(|(name, value, sensitive)| {
        let value = if sensitive { Json::Null } else { value.clone() };
        (name.clone(), Output { sensitive, value })
    });
    say(&Line::Outputs { outputs: outputs.collect() });
    if let Some(stream) = stream().as_mut() {
        // By the engine's own book, and not by what was said here.
        stream.counts = Counts {
            moved: summary.moved,
            created: ending.count(Verb::Create),
            updated: ending.count(Verb::Update),
            deleted: ending.count(Verb::Delete),
            failed: summary.failed.len(),
            left: stream.counts.left,
            not_started: summary.not_started.len(),
        };
    }
}

/// Why the command ended early.
pub fn failure(failure: &Failure) {
    if !is_on() {
        return;
    }
    if let Failure::Config(diagnostics) = failure {
        for mistake in diagnostics.iter() {
            let (file, line, column) = parts(mistake.place());
            let help = Some(mistake.help.clone()).filter(|help| !help.is_empty());
            let code = Some(mistake.code.to_owned());
            say(&Line::Error { message: mistake.message.clone(), code, help, file, line, column });
        }
        return;
    }
    say(&Line::Error {
        message: failure.to_string(),
        code: failure.code().map(str::to_owned),
        help: failure.help().map(str::to_owned),
        file: None,
        line: None,
        column: None,
    });
}

/// The last line: what was started and has not ended is left to the next command.
pub fn conclude(exit: u8) {
    let mut stream = stream();
    let Some(stream) = stream.as_mut().filter(|stream| !stream.ended) else { return };
    stream.ended = true;
    for (operation, (address, verb)) in std::mem::take(&mut stream.flying) {
        stream.counts.left += 1;
        say(&Line::OperationLeft { operation, address: address.to_string(), verb: verb.to_string() });
    }
    let Counts { moved, created, updated, deleted, failed, left, not_started } = stream.counts;
    let outcome = match exit {
        0 => "done",
        4 => "partly_done",
        5 => "locked",
        128.. => "interrupted",
        _ => "failed",
    };
    say(&Line::Summary {
        outcome: outcome.to_owned(),
        exit,
        moved,
        created,
        updated,
        deleted,
        failed,
        left,
        not_started,
        seconds: rounded(stream.started.elapsed().as_secs_f64()),
    });
}

fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

/// `stack.toml:12:1` in its parts.
fn parts(place: Option<String>) -> (Option<String>, Option<u32>, Option<u32>) {
    let Some(place) = place else { return (None, None, None) };
    let mut parts = place.rsplitn(3, ':');
    let (column, line) = (parts.next(), parts.next());
    let number = |part: Option<&str>| part.and_then(|part| part.parse().ok());
    (parts.next().map(str::to_owned), number(line), number(column))
}
