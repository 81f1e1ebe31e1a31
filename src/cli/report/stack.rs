use super::style::{Paint, table};
use super::value::{block, text};
use super::{data, note, width};
use crate::address::Address;
use crate::limits;
use crate::local;
use crate::state::{Record, is_digest};
use crate::visible::visible;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::io::{IsTerminal, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::time::Duration;

/// Aligned `name  value` lines.
pub fn pairs(pairs: &BTreeMap<String, Json>) {
    let rows: Vec<Vec<String>> = pairs
        .iter()
        .map(|(name, value)| vec![name.clone(), value.as_str().map_or_else(|| text(value), str::to_owned)])
        .collect();
    table(&rows).iter().for_each(|line| data(line));
}

/// One resource of the state.
pub fn resource(address: &Address, record: &Record) {
    let state = if record.incomplete { "  (not finished)" } else { "" };
    data(&format!("{}  {}{state}", Paint::Strong.label(&address.to_string()), record.id));
    for (title, tree) in [("inputs", &record.inputs), ("outputs", &record.outputs)] {
        let Some(map) = tree.as_object().filter(|map| map.values().any(|value| !value.is_null())) else {
            continue;
        };
        data(&format!("  {}", Paint::Dim.label(title)));
        let set = || map.iter().filter(|(_, value)| !value.is_null());
        let longest = set().map(|(name, _)| name.chars().count()).max().unwrap_or(0).min(32);
        for (name, value) in set() {
            let shown = shown(value, width().saturating_sub(longest + 6));
            for (at, line) in shown.iter().enumerate() {
                data(&format!("    {:<longest$}  {line}", if at == 0 { name } else { "" }));
            }
        }
    }
}

fn shown(value: &Json, room: usize) -> Vec<String> {
    if is_digest(value) { vec!["(sensitive)".to_owned()] } else { block(value, room) }
}

/// The local cloud and its parts.
pub fn local_status(status: &local::Status) {
    let state = match &status.supervisor {
        local::SupervisorState::Down => Paint::Dim.label("down"),
        local::SupervisorState::Running { .. } if status.is_ready() => Paint::Good.label("up"),
        local::SupervisorState::Running { .. } => Paint::Change.label("starting"),
        local::SupervisorState::Silent { .. } => Paint::Bad.label("not answering"),
    };
    data(&format!("local cloud  {state}  {}", status.folder.display()));
    let mut rows = vec![];
    if let Some(gateway) = &status.gateway {
        rows.push(vec!["  AWS APIs".to_owned(), gateway.endpoint.clone(), part(&gateway.state)]);
    }
    for database in &status.databases {
        rows.push(vec![
            format!("  PostgreSQL {}", database.identifier),
            format!("127.0.0.1:{}", database.port),
            part(&database.state),
        ]);
    }
    table(&rows).iter().for_each(|line| data(line));
    for problem in &status.problems {
        data(&format!("  {} {}", Paint::Bad.label("!"), problem.what));
        data(&format!("    {}", problem.remedy));
    }
}

fn part(state: &local::PartState) -> String {
    match state {
        local::PartState::Starting => "starting".to_owned(),
        local::PartState::Ready { .. } => "ready".to_owned(),
        local::PartState::Failing { reason } => format!("failing: {reason}"),
        local::PartState::Stopped => "stopped".to_owned(),
    }
}

/// The last lines of each log; with `follow`, new ones as they come, until interrupted.
pub async fn local_logs(logs: &BTreeMap<String, PathBuf>, lines: usize, follow: bool) {
    let longest = logs.keys().map(String::len).max().unwrap_or(0);
    let show = |part: &str, line: &str| {
        if logs.len() == 1 { data(line) } else { data(&format!("{part:<longest$} | {line}")) }
    };
    let mut ends: BTreeMap<&String, u64> = BTreeMap::new();
    for (part, path) in logs {
        ends.insert(part, std::fs::metadata(path).map(|meta| meta.len()).unwrap_or(0));
        local::tail(path, lines).lines().for_each(|line| show(part, line));
    }
    if !follow {
        return;
    }
    loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        for (part, path) in logs {
            let Some(end) = ends.get_mut(part) else { continue };
            let read = std::fs::File::open(path).and_then(|mut file| {
                // A log that was cut starts anew.
                let start = if file.metadata()?.len() < *end { 0 } else { *end };
                file.seek(SeekFrom::Start(start))?;
                let mut bytes = vec![];
                // The rest comes with the next look.
                let count = file.take(limits::LOG).read_to_end(&mut bytes)?;
                Ok((start + count as u64, bytes))
            });
            if let Ok((now, bytes)) = read {
                *end = now;
                String::from_utf8_lossy(&bytes).lines().for_each(|line| show(part, line));
            }
        }
    }
}

/// `42.1 MB`.
pub fn bytes(count: u64) -> String {
    indicatif::DecimalBytes(count).to_string()
}

/// A bar over bytes, on a terminal.
pub struct Bytes {
    bar: ProgressBar,
}

impl Bytes {
    pub fn new(what: &str) -> Self {
        let target = match std::io::stderr().is_terminal() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(0), target).with_message(visible(what).into_owned());
        let template = "{msg} {wide_bar} {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} {eta}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar }
    }

    pub fn at(&self, sent: u64, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(sent);
    }

    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// A heading of the demo.
pub fn step(text: &str) {
    note("");
    note(&Paint::Strong.label(text));
}
