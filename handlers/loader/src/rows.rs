//! What becomes of each record of a file: a row, rejected or left out.

use crate::copy;
use crate::error::ContentError;
use crate::header::Header;
use crate::records::{Item, Record, Records};
use crate::settings::Settings;
use crate::totals::Totals;
use crate::typed::encoder::{Bad, Encoder};

/// The header is looked for no further than this.
const HEADER_RECORDS: u64 = 50;

/// Beginnings of lines that belong to the file and not to its rows.
const FURNITURE: [&str; 4] = [
    "total amount funded in policy code",
    "loans that do not meet the credit policy",
    "notes offered by prospectus",
    "notes: every loan in this file is invented",
];

/// How many records went where: `read` = `accepted` + `rejected` + `left_out`. The header is none of them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Records and blank lines.
    pub read: u64,
    /// Rows for the tables.
    pub accepted: u64,
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
    /// The column at fault, where it is one.
    pub column: Option<String>,
    /// What is wrong.
    pub reason: String,
    /// Its fields.
    pub raw: String,
}

/// Turns a file's bytes into rows for two `COPY` streams: as delivered, and typed.
pub struct Rows {
    records: Records,
    sorter: Sorter,
}

struct Sorter {
    settings: Settings,
    header: Option<(Header, Encoder)>,
    seen: Option<String>,
    line: u64,
    counts: Counts,
    text: Vec<u8>,
    typed: Vec<u8>,
    totals: Totals,
    rejects: Vec<Reject>,
    first_reject: Option<(u64, String)>,
    /// Where the rows as delivered are in the database already: numbers of those that do not belong there.
    stray: Option<Vec<i64>>,
}

impl Rows {
    /// Rows of a file, as the settings want them.
    pub fn new(settings: &Settings) -> Self {
        Self {
            records: Records::new(settings.max_record_bytes),
            sorter: Sorter {
                settings: settings.clone(),
                header: None,
                seen: None,
                line: 0,
                counts: Counts::default(),
                text: Vec::new(),
                typed: Vec::new(),
                totals: Totals::default(),
                rejects: Vec::new(),
                first_reject: None,
                stray: None,
            },
        }
    }

    /// Rows that are in the database as delivered already: they are only typed, and numbered by record, the header being 1.
    pub fn delivered(settings: &Settings) -> Self {
        let mut rows = Self::new(settings);
        rows.sorter.stray = Some(Vec::new());
        rows
    }

    /// Whether the rows are in the database already.
    pub fn are_delivered(&self) -> bool {
        self.sorter.stray.is_some()
    }

    /// Of rows that are in the database already, the numbers of those that were rejected or left out.
    pub fn stray(&self) -> &[i64] {
        self.sorter.stray.as_deref().unwrap_or_default()
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
        self.sorter.header.as_ref().map(|(header, _)| header)
    }

    /// What knows the types, once the header was found.
    pub fn encoder(&self) -> Option<&Encoder> {
        self.sorter.header.as_ref().map(|(_, encoder)| encoder)
    }

    /// What was counted so far.
    pub fn counts(&self) -> Counts {
        self.sorter.counts
    }

    /// What summary lines stated so far.
    pub fn totals(&self) -> &Totals {
        &self.sorter.totals
    }

    /// Rows as delivered, in `COPY`'s text format, that wait to be sent.
    pub fn text(&self) -> &[u8] {
        &self.sorter.text
    }

    /// The same rows typed, in `COPY`'s binary format without its header and trailer.
    pub fn typed(&self) -> &[u8] {
        &self.sorter.typed
    }

    /// Both, to be taken.
    pub fn waiting(&mut self) -> (&mut Vec<u8>, &mut Vec<u8>) {
        (&mut self.sorter.text, &mut self.sorter.typed)
    }

    /// Bad rows that wait to be written.
    pub fn rejects(&mut self) -> &mut Vec<Reject> {
        &mut self.sorter.rejects
    }

    /// Fails if more rows were rejected than the ratio allows.
    pub fn check_rejects(&self, max_ratio: f64) -> Result<(), ContentError> {
        let Counts { accepted, rejected, .. } = self.sorter.counts;
        let rows = accepted + rejected;
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
        let (rejected, left_out) = (self.counts.rejected, self.counts.left_out);
        self.sort(item)?;
        let number = self.counts.read as i64 + 1;
        if let Some(stray) = &mut self.stray
            && (self.counts.rejected > rejected || self.counts.left_out > left_out)
        {
            stray.push(number);
        }
        Ok(())
    }

    fn sort(&mut self, item: Item<'_>) -> Result<(), ContentError> {
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
        let Some((header, encoder)) = &mut self.header else {
            return self.look_for_header(record);
        };
        self.counts.read += 1;
        let outcome = if is_furniture(record, header) {
            self.counts.left_out += 1;
            self.totals.furniture(record);
            return Ok(());
        } else {
            judge(record, header)
        };
        let line = if self.stray.is_some() { self.counts.read + 1 } else { record.line };
        let outcome = outcome.and_then(|()| encoder.encode(line, record.fields(), &mut self.typed));
        match outcome {
            Ok(funded) => {
                self.counts.accepted += 1;
                self.totals.add(funded);
                if self.stray.is_none() {
                    copy::append(record, &mut self.text);
                }
            }
            Err(Bad { column, reason }) => {
                self.counts.rejected += 1;
                if self.first_reject.is_none() {
                    self.first_reject = Some((line, reason.clone()));
                }
                self.rejects.push(Reject { line, column, reason, raw: record.joined() });
            }
        }
        Ok(())
    }

    fn look_for_header(&mut self, record: Record<'_>) -> Result<(), ContentError> {
        if let Some(header) = Header::recognise(record, &self.settings.renames)? {
            let encoder = Encoder::new(&header.columns, !self.settings.compare_case);
            self.header = Some((header, encoder));
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

fn judge(record: Record<'_>, header: &Header) -> Result<(), Bad> {
    let bad = |reason: String| Err(Bad { column: None, reason });
    if record.unclosed {
        return bad("the file ends within a quoted field".to_owned());
    }
    if record.ends.len() != header.columns.len() {
        return bad(format!("{} fields, the header has {}", record.ends.len(), header.columns.len()));
    }
    if memchr::memchr(0, record.bytes).is_some() {
        return bad("a NUL byte, which Postgres' text cannot hold".to_owned());
    }
    // Two fields that are no UTF-8 can make up valid UTF-8 when put together.
    let valid = record.bytes.is_ascii() || record.fields().all(|field| std::str::from_utf8(field).is_ok());
    if !valid {
        return bad("bytes that are no UTF-8".to_owned());
    }
    Ok(())
}

/// Blank rows, section titles, summary lines, and the header once more. Spreadsheets pad them with empty fields, and
/// amounts in a summary line may have commas of their own.
fn is_furniture(record: Record<'_>, header: &Header) -> bool {
    if record.unclosed {
        return false;
    }
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
