//! What an export did.

use serde::Serialize;

/// What became of the lake.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Report {
    /// `exported`, `unchanged`, or `left` to an export that is under way.
    pub status: Status,
    /// Tables of which something changed.
    pub tables: Vec<Written>,
}

/// The fate of an export.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing had changed.
    #[default]
    Unchanged,
    /// Something was written or removed.
    Exported,
    /// Another export is under way, and looks again before it ends.
    Left,
}

/// What was written of a table.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Written {
    /// The table.
    pub table: &'static str,
    /// Partitions that were written, by year of issue.
    pub written: Vec<i32>,
    /// Partitions that an earlier export had finished and not published.
    pub resumed: Vec<i32>,
    /// Partitions that are gone.
    pub removed: Vec<i32>,
    /// How many stayed as they were.
    pub kept: usize,
    /// Rows written.
    pub rows: u64,
    /// Bytes written.
    pub bytes: u64,
}

impl Report {
    /// Partitions written.
    pub fn partitions(&self) -> u64 {
        self.tables.iter().map(|table| table.written.len() as u64).sum()
    }

    /// Rows written.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }

    /// Bytes written.
    pub fn bytes(&self) -> u64 {
        self.tables.iter().map(|table| table.bytes).sum()
    }

    /// For people.
    pub fn summary(&self) -> String {
        let tables = self.tables.iter().map(|table| {
            let Written { table, written, resumed, removed, kept, rows, .. } = table;
            let mut text = format!("{table}: {rows} rows in {} partitions", written.len());
            for (what, count) in [("resumed", resumed.len()), ("removed", removed.len()), ("kept", *kept)] {
                if count > 0 {
                    text.push_str(&format!(", {count} {what}"));
                }
            }
            text
        });
        match self.status {
            Status::Unchanged => "nothing has changed".to_owned(),
            Status::Left => "another export is under way and takes this along".to_owned(),
            Status::Exported if self.tables.is_empty() => "manifests only".to_owned(),
            Status::Exported => tables.collect::<Vec<_>>().join("; "),
        }
    }
}
