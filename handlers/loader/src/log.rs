//! The only module that prints: JSON lines on stdout, progress on stderr.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::{Value, json};

use crate::error::Error;
use crate::lake::report::{Report, Status, Written};
use crate::load::Caller;

/// One line of the log.
#[derive(Debug, Serialize)]
pub struct Line<'a> {
    /// Address of the file.
    pub file: &'a str,
    /// What just happened to it.
    pub stage: &'a str,
    /// Rows so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Bytes so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Time since the load began.
    pub seconds: f64,
    /// Speed so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mb_per_s: Option<f64>,
    /// AWS request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<&'a str>,
    /// What follows the load through all systems.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<&'a str>,
    /// At the end, what became of the file's records.
    #[serde(flatten)]
    pub metrics: Option<Metrics>,
    /// At the end of an export, what was written.
    #[serde(flatten)]
    pub export: Option<ExportMetrics>,
    /// The same, by table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tables: Option<&'a [Written]>,
    /// At the end of a function's load, what CloudWatch makes metrics of (embedded metric format).
    #[serde(rename = "_aws", skip_serializing_if = "Option::is_none")]
    pub aws: Option<Value>,
    /// What a person would want to know besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Figures of a load that has ended.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Metrics {
    /// Records read.
    pub rows_read: u64,
    /// New versions.
    pub rows_loaded: u64,
    /// Rows that say what is known.
    pub rows_unchanged: u64,
    /// Bad rows.
    pub rows_rejected: u64,
    /// 1 if it failed.
    pub failures: u64,
}

/// Figures of an export that has ended. Their names are not those of loads, whose alarms they must not set off.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct ExportMetrics {
    /// Partitions written.
    pub export_partitions: u64,
    /// Rows written.
    pub export_rows: u64,
    /// Bytes written.
    pub export_bytes: u64,
    /// How long it took.
    pub export_seconds: f64,
    /// 1 if it failed.
    pub export_failures: u64,
}

/// The log of one file.
pub struct Log<'a> {
    file: &'a str,
    caller: Caller<'a>,
    began: Instant,
    shown: Option<Instant>,
}

impl<'a> Log<'a> {
    /// A log whose clock starts now. Progress is shown where no request asks for the load and somebody looks on.
    pub fn new(file: &'a str, caller: Caller<'a>) -> Self {
        let began = Instant::now();
        let watched = caller.request_id.is_none() && std::io::stderr().is_terminal();
        Self { file, caller, began, shown: watched.then_some(began) }
    }

    /// Seconds since the load began.
    pub fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    /// Writes one line about a stage without figures.
    pub fn stage(&self, stage: &str, message: Option<String>) {
        self.write(stage, None, None, None, message);
    }

    /// Writes one line about a stage with figures.
    pub fn figures(&self, stage: &str, rows: u64, bytes: u64, message: Option<String>) {
        self.write(stage, Some(rows), Some(bytes), None, message);
    }

    /// Writes the last line about a file.
    pub fn end(&self, stage: &str, bytes: u64, metrics: Metrics, message: String) {
        let rows = metrics.rows_loaded + metrics.rows_unchanged;
        self.write(stage, Some(rows), Some(bytes), Some(metrics), Some(message));
    }

    /// Writes the line about an export.
    pub fn exported(&self, outcome: Result<Report, Error>) -> Result<Report, Error> {
        let mut metrics = ExportMetrics { export_seconds: rounded(self.seconds()), ..Default::default() };
        let (stage, message, tables) = match &outcome {
            Ok(report) => {
                metrics.export_partitions = report.partitions();
                metrics.export_rows = report.rows();
                metrics.export_bytes = report.bytes();
                let stage = match report.status {
                    Status::Exported => "exported",
                    Status::Unchanged => "lake_unchanged",
                    Status::Left => "lake_left",
                };
                (stage, report.summary(), Some(report.tables.as_slice()))
            }
            Err(error) => {
                metrics.export_failures = 1;
                ("export_failed", error.to_string(), None)
            }
        };
        let aws = self.caller.request_id.map(|_| embedded_metrics(&EXPORT_METRICS));
        let line = Line { export: Some(metrics), tables, aws, message: Some(message), ..self.line(stage) };
        say(&line);
        outcome
    }

    /// Shows how far it is, at most twice a second.
    pub fn progress(&mut self, rows: u64, bytes: u64, size: u64) {
        if self.shown.is_none_or(|shown| shown.elapsed() < Duration::from_millis(500)) {
            return;
        }
        let seconds = self.seconds().max(0.001);
        let share = if size == 0 { 1.0 } else { bytes as f64 / size as f64 };
        let left = if share > 0.0 { seconds / share - seconds } else { 0.0 };
        note(&format!(
            "{}: {:.0} %, {rows} rows, {:.1} MB/s, {left:.0} s left",
            self.file,
            share * 100.0,
            bytes as f64 / 1e6 / seconds
        ));
        self.shown = Some(Instant::now());
    }

    fn write(
        &self,
        stage: &'a str,
        rows: Option<u64>,
        bytes: Option<u64>,
        metrics: Option<Metrics>,
        message: Option<String>,
    ) {
        let seconds = self.seconds();
        say(&Line {
            rows,
            bytes,
            mb_per_s: bytes.map(|bytes| (bytes as f64 / 1e5 / seconds.max(0.001)).round() / 10.0),
            metrics,
            aws: metrics
                .filter(|_| self.caller.request_id.is_some())
                .map(|_| embedded_metrics(&LOAD_METRICS)),
            message,
            ..self.line(stage)
        });
    }

    /// A line with nothing but who, what and when.
    fn line(&self, stage: &'a str) -> Line<'a> {
        Line {
            file: self.file,
            stage,
            rows: None,
            bytes: None,
            seconds: rounded(self.seconds()),
            mb_per_s: None,
            request_id: self.caller.request_id,
            trace_id: self.caller.trace_id,
            metrics: None,
            export: None,
            tables: None,
            aws: None,
            message: None,
        }
    }
}

fn say(line: &Line<'_>) {
    if let Ok(line) = serde_json::to_string(line) {
        print(&line);
    }
}

/// To milliseconds.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

const LOAD_METRICS: [(&str, &str); 7] = [
    ("rows_read", "Count"),
    ("rows_loaded", "Count"),
    ("rows_unchanged", "Count"),
    ("rows_rejected", "Count"),
    ("failures", "Count"),
    ("seconds", "Seconds"),
    ("bytes", "Bytes"),
];

const EXPORT_METRICS: [(&str, &str); 5] = [
    ("export_partitions", "Count"),
    ("export_rows", "Count"),
    ("export_bytes", "Bytes"),
    ("export_seconds", "Seconds"),
    ("export_failures", "Count"),
];

/// Says which members of the line are metrics. CloudWatch finds them by name, in the line itself.
fn embedded_metrics(metrics: &[(&str, &str)]) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let metrics =
        metrics.iter().map(|(name, unit)| json!({ "Name": name, "Unit": unit })).collect::<Vec<_>>();
    json!({
        "Timestamp": u64::try_from(now).unwrap_or_default(),
        "CloudWatchMetrics": [{ "Namespace": "LoanLoader", "Dimensions": [[]], "Metrics": metrics }],
    })
}

/// A line on stdout. Nobody is left to tell when stdout is closed.
pub fn print(line: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{line}");
}

/// A line on stderr, for people.
pub fn note(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
