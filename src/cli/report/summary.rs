use super::style::{Paint, count, doing, duration, some};
use super::wrap::{point, wrap};
use super::{data, note, room, stream};
use crate::address::Address;
use crate::apply::{Failure, Summary};
use crate::cli::site::Site;
use crate::plan::{Plan, Tally};
use crate::resource::Leftover;
use crate::state::{Verb, is_digest};
use crate::trouble::Trouble;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How an apply ended.
pub struct Ending<'a> {
    pub summary: &'a Summary,
    pub plan: &'a Plan,
    pub site: &'a Site,
    pub took: Duration,
    /// The command that goes on.
    pub again: &'a str,
    /// Whether the state has it. Where it does not, the error that follows says where it is.
    pub saved: bool,
    /// Outputs whose values are not printed.
    pub sensitive: BTreeSet<String>,
}

/// What an apply did, what failed, what is left to do, what stays of what was deleted, and the outputs.
pub fn ending(ending: &Ending<'_>) {
    if stream::is_on() {
        return stream::ending(ending);
    }
    note("");
    lines(ending, room(&std::io::stderr())).iter().for_each(|line| note(line));
    outputs(ending, room(&std::io::stdout())).iter().for_each(|line| data(line));
}

impl Ending<'_> {
    pub fn count(&self, verb: Verb) -> usize {
        self.summary.done.iter().filter(|(_, done)| *done == verb).count()
    }

    fn is_whole(&self) -> bool {
        let summary = self.summary;
        summary.failed.is_empty() && summary.not_started.is_empty() && summary.unsettled.is_empty()
    }

    fn has_done_something(&self) -> bool {
        !self.summary.done.is_empty() || self.summary.moved > 0
    }

    /// Of the state as it is now: name, value, and whether it is sensitive.
    pub fn outputs(&self) -> impl Iterator<Item = (&String, &Json, bool)> {
        let outputs = self.summary.document.outputs.iter();
        outputs.map(|(name, value)| (name, value, is_digest(value) || self.sensitive.contains(name)))
    }

    /// The command that deletes what stays, where it can be called as it is.
    pub fn deletion(&self, leftover: &Leftover) -> Option<String> {
        let endpoint = self.site.endpoint.as_ref().map(|url| format!(" --endpoint-url {url}"));
        let endpoint = endpoint.unwrap_or_default();
        (!self.site.local).then(|| format!("{} --region {}{endpoint}", leftover.delete, self.site.region))
    }
}

pub(super) fn lines(ending: &Ending<'_>, width: usize) -> Vec<String> {
    let summary = ending.summary;
    let mut lines = heading(ending, width);
    for (title, failures) in causes(&summary.failed) {
        let names: Vec<String> =
            failures.iter().map(|failure| format!("{} {}", doing(failure.verb), failure.address)).collect();
        lines.extend(point("  ✗", Paint::Bad, &format!("{title}: {}", some(&names)), width));
    }
    let list = |addresses: &[Address]| some(&addresses.iter().map(ToString::to_string).collect::<Vec<_>>());
    if !summary.unsettled.is_empty() {
        let text = format!(
            "left in flight: {}; the next command finds out what became of it",
            list(&summary.unsettled)
        );
        lines.extend(point("   ", Paint::Dim, &text, width));
    }
    if !summary.not_started.is_empty() {
        let text = format!("not started: {}", list(&summary.not_started));
        lines.extend(point("   ", Paint::Dim, &text, width));
    }
    if !ending.is_whole() && ending.saved {
        lines.extend(wrap(&next(ending), width));
    }
    if let Some(rest) = Tally::of(ending.plan).rest() {
        lines.extend(wrap(&format!("{rest}; `stackctl plan` shows what is to do there."), width));
    }
    lines.extend(leftovers(ending, width));
    lines
}

/// `Done: 13 created in 1.2 s, on …`, with its first word painted.
fn heading(ending: &Ending<'_>, width: usize) -> Vec<String> {
    let (word, paint, rest) = head(ending);
    let mut lines = wrap(&format!("{word} {rest}"), width);
    if let Some(first) = lines.first_mut() {
        *first = first.replacen(word, &paint.label(word), 1);
    }
    lines
}

fn head(ending: &Ending<'_>) -> (&'static str, Paint, String) {
    let summary = ending.summary;
    let counts = [
        (summary.moved, "moved"),
        (ending.count(Verb::Create), "created"),
        (ending.count(Verb::Update), "updated"),
        (ending.count(Verb::Delete), "deleted"),
    ];
    let mut parts: Vec<String> = counts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{} {word}", count(*number)))
        .collect();
    if parts.is_empty() {
        parts.push(if ending.is_whole() { "nothing to do" } else { "nothing was finished" }.to_owned());
    }
    for (number, what) in [
        (summary.failed.len(), "failed"),
        (summary.unsettled.len(), "left in flight"),
        (summary.not_started.len(), "not started"),
    ] {
        if number > 0 {
            parts.push(format!("{} {what}", count(number)));
        }
    }
    let (word, paint) = match (ending.is_whole(), summary.stopped, ending.has_done_something()) {
        (true, ..) => ("Done:", Paint::Good),
        (false, true, _) => ("Stopped:", Paint::Change),
        (false, false, true) => ("Partly done:", Paint::Bad),
        (false, false, false) => ("Failed:", Paint::Bad),
    };
    (word, paint, format!("{} in {}, on {}.", parts.join(", "), duration(ending.took), ending.site.short()))
}

/// What comes next. Nobody need mend what was stopped by hand.
fn next(ending: &Ending<'_>) -> String {
    let state = if ending.has_done_something() { "What was done is in the state. " } else { "" };
    let again = ending.again;
    match ending.summary.failed.is_empty() {
        true => format!("{state}`{again}` goes on from here."),
        false => format!("{state}When the cause is mended, `{again}` goes on from here."),
    }
}

/// Failures by their cause, in the order in which they came.
fn causes(failed: &[Failure]) -> Vec<(String, Vec<&Failure>)> {
    let mut causes: Vec<(String, String, Vec<&Failure>)> = vec![];
    for failure in failed {
        let trouble = Trouble::from(&failure.error);
        let cause = trouble.cause();
        if let Some((.., same)) = causes.iter_mut().find(|(known, ..)| *known == cause) {
            same.push(failure);
        } else {
            let title = trouble.title().unwrap_or_else(|| "failed, as told above".to_owned());
            causes.push((cause, title, vec![failure]));
        }
    }
    causes
        .into_iter()
        .map(|(_, title, failures)| match failures.len() {
            1 => (title, failures),
            many => (format!("{} times {title}", count(many)), failures),
        })
        .collect()
}

/// What is paid for although it was deleted.
fn leftovers(ending: &Ending<'_>, width: usize) -> Vec<String> {
    if ending.summary.leftovers.is_empty() {
        return vec![];
    }
    let head = match ending.site.local {
        true => "Still there, on the local cloud:",
        false => "Still there, and paid for until somebody deletes it:",
    };
    let mut lines = wrap(head, width);
    for (address, leftover) in &ending.summary.leftovers {
        let Leftover { what, name, .. } = leftover;
        let text = format!("{what} {name} of {address}, in {}", ending.site.region);
        lines.extend(point("  !", Paint::Change, &text, width));
        // A command is copied: it is one line, however long.
        lines.extend(ending.deletion(leftover).map(|command| format!("      {command}")));
    }
    lines
}

pub(super) fn outputs(ending: &Ending<'_>, width: usize) -> Vec<String> {
    let shown: BTreeMap<&String, String> = ending
        .outputs()
        .map(|(name, value, sensitive)| match value {
            _ if sensitive => (name, "(sensitive)".to_owned()),
            Json::String(text) => (name, text.clone()),
            other => (name, other.to_string()),
        })
        .collect();
    if shown.is_empty() {
        return vec![];
    }
    let column = shown.keys().map(|name| name.chars().count()).max().unwrap_or(0).min(32).min(width / 3);
    let mut lines = vec![String::new(), Paint::Strong.label("Outputs")];
    for (name, value) in shown {
        let line = format!("  {name:<column$}  {value}");
        if line.chars().count() <= width {
            lines.push(line);
        } else {
            lines.push(format!("  {name}"));
            lines.extend(wrap(&value, width.saturating_sub(6)).iter().map(|line| format!("      {line}")));
        }
    }
    lines
}
