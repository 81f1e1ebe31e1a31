use super::note;
use super::style::{Paint, doing, duration};
use crate::address::Address;
use crate::apply::Summary;
use crate::cli::site::Site;
use crate::state::Verb;
use std::time::Duration;

/// What an apply did (`saved`: the state has it), what failed and why, what was not started, and what comes next.
pub fn summary(summary: &Summary, site: &Site, took: Duration, again: &str, saved: bool) {
    let count = |verb| summary.done.iter().filter(|(_, done)| *done == verb).count();
    let parts: Vec<String> =
        [(Verb::Create, "created"), (Verb::Update, "updated"), (Verb::Delete, "deleted")]
            .into_iter()
            .filter(|(verb, _)| count(*verb) > 0)
            .map(|(verb, word)| format!("{} {word}", count(verb)))
            .collect();
    let moved = (summary.moved > 0).then(|| format!("{} moved", summary.moved));
    let parts: Vec<String> = moved.into_iter().chain(parts).collect();
    let what = if parts.is_empty() { "nothing to do".to_owned() } else { parts.join(", ") };
    note("");
    let left =
        |addresses: &[Address]| addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let whole = summary.failed.is_empty() && summary.not_started.is_empty() && summary.unsettled.is_empty();
    let head = match (whole, summary.stopped) {
        (true, _) => Paint::Good.label("Done:"),
        (false, true) => Paint::Change.label("Stopped:"),
        (false, false) => Paint::Bad.label("Partly done:"),
    };
    note(&format!("{head} {what} in {}, on {}.", duration(took), site.short()));
    for failure in &summary.failed {
        note(&format!(
            "  {} {} {}: {}",
            Paint::Bad.label("✗"),
            doing(failure.verb),
            failure.address,
            failure.error
        ));
    }
    if !summary.unsettled.is_empty() {
        let names = left(&summary.unsettled);
        note(&format!("  left in flight: {names}; the next command finds out what became of it"));
    }
    if !summary.not_started.is_empty() {
        note(&format!("  not started: {}", left(&summary.not_started)));
    }
    // Where it is not in the state, the error that follows says where it is.
    if !whole && saved {
        note(&format!(
            "What was done is in the state. When the cause is mended, `{again}` goes on from here."
        ));
    }
}
