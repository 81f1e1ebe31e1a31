//! The tables of the lake.

use serde::{Deserialize, Serialize};

/// Goes into every fingerprint: another number, and every file is written again. To be raised whenever the same rows give
/// other bytes, such as by another compression.
pub const FORMAT: u32 = 1;

/// The partition of loans without a date of issue: as if they had been issued before there were any.
pub const NO_YEAR: i32 = 1970;

/// A table of the lake, made of the view of the same name in schema mart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// A loan may have several rows.
    several: bool,
}

/// In the order in which they are published. Features come last: their manifest is what training waits for, and all else is
/// there by then.
pub const TABLES: [Table; 3] = [
    Table { name: "loans", several: false },
    Table { name: "loan_history", several: true },
    Table { name: "loan_features", several: false },
];

/// The year that a row's partition is named after.
pub const YEAR: &str = "coalesce(extract(year from t.issue_d)::integer, 1970)";

/// What depends on every value of a row.
pub const HASH: &str = "hash_record_extended(t, 0)";

impl Table {
    /// The view.
    pub fn view(self) -> String {
        format!("mart.{}", self.name)
    }

    /// The order of the rows, which makes the same rows the same bytes: by month, so that readers who want one skip the others.
    pub fn order(self) -> String {
        let ties =
            if self.several { format!(", t.first_as_of, t.last_as_of, {HASH}") } else { String::new() };
        format!("1, t.issue_d, t.loan_key{ties}")
    }
}

/// A file of the lake, as the manifest names it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct File {
    /// Relative to the table's folder.
    pub path: String,
    /// Rows.
    pub rows: u64,
    /// Size.
    pub bytes: u64,
    /// Hash of the content, in hexadecimal.
    pub sha256: String,
    /// Version of the object, where the bucket keeps versions: it can be read after the file was replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
}

/// The folder of a partition, relative to the table's.
pub fn folder(year: i32) -> String {
    format!("issue_year={year}")
}

/// The path of a partition's file. It is named after what is in it.
pub fn path(year: i32, fingerprint: &str) -> String {
    format!("{}/{fingerprint}.parquet", folder(year))
}

/// Whether a path is one that [`path`] makes: nothing else is ever removed.
pub fn is_ours(path: &str) -> bool {
    let Some((folder, name)) = path.split_once('/') else { return false };
    let year = folder.strip_prefix("issue_year=").is_some_and(|year| year.parse::<i32>().is_ok());
    let hash = name.strip_suffix(".parquet");
    let is_hash = |hash: &str| hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    year && hash.is_some_and(is_hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_ours_are_ours() {
        assert!(is_ours(&path(2011, &"0f".repeat(16))));
        for other in
            ["issue_year=2011/mine.parquet", "_manifest.json", "issue_year=x/00.parquet", "a/b/c.parquet"]
        {
            assert!(!is_ours(other), "{other}");
        }
        assert!(YEAR.contains(&NO_YEAR.to_string()));
    }
}
