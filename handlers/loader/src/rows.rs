//! What becomes of each record of a file: loaded, rejected or left out.

use bytes::BytesMut;

use crate::copy;
use crate::error::ContentError;
use crate::header::Header;
use crate::records::{Item, Record, Records};

/// The header is looked for no further than this.
const HEADER_RECORDS: u64 = 50;

/// Beginnings of lines that belong to the file and not to its rows.
const FURNITURE: [&str; 3] = [
    "total amount funded in policy code",
    "loans that do not meet the credit policy",
    "notes offered by prospectus",
];

/// How many records went where: `read` = `loaded` + `rejected` + `left_out`. The header is none of them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Records and blank lines.
    pub read: u64,
    /// Rows for the table.
    pub loaded: u64,
    /// Bad rows.
    pub rejected: u64,
    /// Notes, blank lines, section titles, summary lines, repeated headers.
    pub left_out: u64,
}

/// A row that is not loaded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reject {
    /// Where it starts.
    pub line: u64,
    /// What is wrong.
    pub reason: String,
    /// Its fields.
    pub raw: String,
}

/// Turns a file's bytes into rows for `COPY`.
pub struct Rows {
    records: Records,
    sorter: Sorter,
}

struct Sorter {
    header: Option<Header>,
    seen: Option<String>,
    line: u64,
    counts: Counts,
    copy: BytesMut,
    rejects: Vec<Reject>,
    first_reject: Option<(u64, String)>,
}

enum Verdict {
    Load,
    LeaveOut,
    Reject(String),
}

impl Rows {
    /// Rows of a file whose records have at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            records: Records::new(limit),
            sorter: Sorter {
                header: None,
                seen: None,
                line: 0,
                counts: Counts::default(),
                copy: BytesMut::new(),
                rejects: Vec::new(),
                first_reject: None,
            },
        }
    }

    /// Takes the next bytes of the file.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), ContentError> {
        self.records.feed(chunk, &mut |item| self.sorter.take(item))
    }

    /// Takes note that the file is over, and fails if it has no header.
    pub fn finish(&mut self) -> Result<(), ContentError> {
        self.records.finish(&mut |item| self.sorter.take(item))?;
        match self.sorter.header {
            Some(_) => Ok(()),
            None => Err(self.sorter.no_header()),
        }
    }

    /// The header, once it was found.
    pub fn header(&self) -> Option<&Header> {
        self.sorter.header.as_ref()
    }

    /// What was counted so far.
    pub fn counts(&self) -> Counts {
        self.sorter.counts
    }

    /// Rows in `COPY`'s text format that wait to be sent.
    pub fn copy(&mut self) -> &mut BytesMut {
        &mut self.sorter.copy
    }

    /// Bad rows that wait to be written.
    pub fn rejects(&mut self) -> &mut Vec<Reject> {
        &mut self.sorter.rejects
    }

    /// Fails if more rows were rejected than the ratio allows.
    pub fn check_rejects(&self, max_ratio: f64) -> Result<(), ContentError> {
        let Counts { loaded, rejected, .. } = self.sorter.counts;
        let rows = loaded + rejected;
        match &self.sorter.first_reject {
            Some((line, reason)) if rejected as f64 > rows as f64 * max_ratio => {
                Err(ContentError::TooManyRejects {
                    rejected,
                    rows,
                    percent: format!("{:.4}", max_ratio * 100.0)
                        .trim_end_matches('0')
                        .trim_end_matches('.')
                        .to_owned(),
                    line: *line,
                    reason: reason.clone(),
                })
            }
            _ => Ok(()),
        }
    }
}

impl Sorter {
    fn take(&mut self, item: Item<'_>) -> Result<(), ContentError> {
        let record = match item {
            Item::Blank { line } => {
                self.line = line;
                self.counts.read += 1;
                self.counts.left_out += 1;
                return Ok(());
            }
            Item::Row(record) => record,
        };
        self.line = record.line;
        let Some(header) = &self.header else {
            return self.look_for_header(record);
        };
        self.counts.read += 1;
        match judge(record, header) {
            Verdict::Load => {
                self.counts.loaded += 1;
                copy::append(record, &mut self.copy);
            }
            Verdict::LeaveOut => self.counts.left_out += 1,
            Verdict::Reject(reason) => {
                self.counts.rejected += 1;
                if self.first_reject.is_none() {
                    self.first_reject = Some((record.line, reason.clone()));
                }
                self.rejects.push(Reject { line: record.line, reason, raw: record.joined() });
            }
        }
        Ok(())
    }

    fn look_for_header(&mut self, record: Record<'_>) -> Result<(), ContentError> {
        self.header = Header::recognise(record)?;
        if self.header.is_some() {
            return Ok(());
        }
        self.counts.read += 1;
        self.counts.left_out += 1;
        if self.seen.is_none() {
            self.seen = Some(record.joined().chars().take(100).collect());
        }
        if self.counts.read >= HEADER_RECORDS { Err(self.no_header()) } else { Ok(()) }
    }

    fn no_header(&self) -> ContentError {
        match &self.seen {
            None => ContentError::Empty,
            Some(seen) => {
                ContentError::NoHeader { records: self.counts.read, line: self.line, seen: seen.clone() }
            }
        }
    }
}

fn judge(record: Record<'_>, header: &Header) -> Verdict {
    if record.unclosed {
        return Verdict::Reject("the file ends within a quoted field".to_owned());
    }
    if is_furniture(record, header) {
        return Verdict::LeaveOut;
    }
    if record.ends.len() != header.columns.len() {
        return Verdict::Reject(format!(
            "{} fields, the header has {}",
            record.ends.len(),
            header.columns.len()
        ));
    }
    if record.bytes.contains(&0) {
        return Verdict::Reject("a NUL byte, which Postgres' text cannot hold".to_owned());
    }
    // Two fields that are no UTF-8 can make up valid UTF-8 when put together.
    let valid = std::str::from_utf8(record.bytes)
        .is_ok_and(|text| text.is_ascii() || record.ends.iter().all(|&end| text.is_char_boundary(end)));
    if !valid {
        return Verdict::Reject("bytes that are no UTF-8".to_owned());
    }
    Verdict::Load
}

/// Blank rows, section titles, summary lines, and the header once more. Spreadsheets pad them with empty fields, and
/// amounts in a summary line may have commas of their own.
fn is_furniture(record: Record<'_>, header: &Header) -> bool {
    let alone = record.ends.first() == Some(&record.bytes.len());
    if alone || record.ends.len() != header.columns.len() {
        let first = String::from_utf8_lossy(record.fields().next().unwrap_or_default());
        let first = first.trim();
        let begins = |title: &&str| {
            first.get(..title.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(title))
        };
        if FURNITURE.iter().any(begins) {
            return true;
        }
    }
    record.bytes == header.bytes || record.bytes.iter().all(u8::is_ascii_whitespace)
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
