//! The only module that prints: JSON lines on stdout, progress on stderr.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use serde::Serialize;

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
    /// What a person would want to know besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The log of one file.
pub struct Log<'a> {
    file: &'a str,
    request_id: Option<&'a str>,
    began: Instant,
    shown: Option<Instant>,
}

impl<'a> Log<'a> {
    /// A log whose clock starts now. Progress is shown where no request asks for the load and somebody looks on.
    pub fn new(file: &'a str, request_id: Option<&'a str>) -> Self {
        let began = Instant::now();
        let watched = request_id.is_none() && std::io::stderr().is_terminal();
        Self { file, request_id, began, shown: watched.then_some(began) }
    }

    /// Seconds since the load began.
    pub fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    /// Writes one line about a stage without figures.
    pub fn stage(&self, stage: &str, message: Option<String>) {
        self.write(stage, None, None, message);
    }

    /// Writes one line about a stage with figures.
    pub fn figures(&self, stage: &str, rows: u64, bytes: u64, message: Option<String>) {
        self.write(stage, Some(rows), Some(bytes), message);
    }

    /// Shows how far it is, at most twice a second.
    pub fn progress(&mut self, rows: u64, bytes: u64, size: u64) {
        if self.shown.is_none_or(|shown| shown.elapsed() < Duration::from_millis(500)) {
            return;
        }
        let percent = if size == 0 { 100.0 } else { bytes as f64 * 100.0 / size as f64 };
        note(&format!(
            "{}: {percent:.0} %, {rows} rows, {:.1} MB/s",
            self.file,
            bytes as f64 / 1e6 / self.seconds().max(0.001)
        ));
        self.shown = Some(Instant::now());
    }

    fn write(&self, stage: &str, rows: Option<u64>, bytes: Option<u64>, message: Option<String>) {
        let seconds = self.seconds();
        let line = Line {
            file: self.file,
            stage,
            rows,
            bytes,
            seconds: (seconds * 1000.0).round() / 1000.0,
            mb_per_s: bytes.map(|bytes| (bytes as f64 / 1e5 / seconds.max(0.001)).round() / 10.0),
            request_id: self.request_id,
            message,
        };
        if let Ok(line) = serde_json::to_string(&line) {
            print(&line);
        }
    }
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
