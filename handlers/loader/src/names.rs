//! Names of tables and columns made from what files and keys are called.

use sha2::{Digest, Sha256};

use crate::layout::LINEAGE;

/// Postgres cuts longer identifiers without a word.
const MAX_BYTES: usize = 63;

/// System columns of every Postgres table: no column may have these names.
const SYSTEM: [&str; 6] = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];

/// A quoted identifier.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A quoted literal, for the places where SQL takes no parameter (defaults, bounds of partitions).
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The table name for a key: its last part without extension, in lower case.
pub fn table(key: &str) -> String {
    let name = key.trim_end_matches('/').rsplit('/').next().unwrap_or(key);
    let stem = match name.rfind('.') {
        Some(dot) if dot > 0 => &name[..dot],
        _ => name,
    };
    let stem = plain(stem);
    if stem.is_empty() { "file".to_owned() } else { fitted(stem, &digest(&[key])) }
}

/// The table name for a key whose plain name is taken by another key: the same for ever.
pub fn table_of_its_own(bucket: &str, key: &str) -> String {
    suffixed(&table(key), &digest(&[bucket, key]))
}

/// `name_suffix`, with the name cut where both do not fit.
pub fn suffixed(name: &str, suffix: &str) -> String {
    let room = MAX_BYTES.saturating_sub(suffix.len() + 1);
    format!("{}_{suffix}", &name[..name.len().min(room)])
}

/// The column name for a field of the header, whose position counts from 1.
pub fn column(field: &str, position: usize) -> String {
    let name = plain(field.trim().trim_start_matches('\u{feff}'));
    if name.is_empty() {
        return format!("column_{position}");
    }
    if LINEAGE.contains(&name.as_str()) || SYSTEM.contains(&name.as_str()) {
        return format!("delivered_{name}");
    }
    fitted(name, &digest(&[field]))
}

pub use access::lock::of_file as lock;

/// The lock number of the second connection of a load: the server may notice at different times that the two are gone.
pub fn second_lock(bucket: &str, key: &str) -> i64 {
    lock(bucket, key) ^ i64::MIN
}

fn plain(text: &str) -> String {
    text.chars()
        .map(|character| match character.to_ascii_lowercase() {
            kept @ ('a'..='z' | '0'..='9' | '_') => kept,
            _ => '_',
        })
        .collect()
}

fn fitted(name: String, hash: &str) -> String {
    if name.len() <= MAX_BYTES { name } else { suffixed(&name, hash) }
}

fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
        hash.update([0]);
    }
    hex::encode(&hash.finalize()[..4])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_called_like_the_file() {
        assert_eq!(table("incoming/LoanStats3a 2017-Q3.csv"), "loanstats3a_2017_q3");
        assert_eq!(table("loan.csv"), "loan");
        assert_eq!(table("a/.csv"), "_csv");
        assert_eq!(table("a/kredit-größe.csv"), "kredit_gr__e");
        assert_eq!(table(""), "file");
    }

    #[test]
    fn a_long_name_is_cut_and_stays_distinct() {
        let (one, two) =
            (table(&format!("{}1.csv", "x".repeat(80))), table(&format!("{}2.csv", "x".repeat(80))));
        assert_eq!(one.len(), MAX_BYTES);
        assert_ne!(one, two);
    }

    #[test]
    fn keys_with_the_same_stem_get_different_and_stable_names() {
        assert_eq!(table_of_its_own("b", "x/loan.csv"), table_of_its_own("b", "x/loan.csv"));
        assert_ne!(table_of_its_own("b", "x/loan.csv"), table_of_its_own("b", "y/loan.csv"));
        assert_ne!(table_of_its_own("b", "cloan.csv"), table_of_its_own("bc", "loan.csv"));
    }

    #[test]
    fn columns_cannot_take_the_names_that_are_in_use() {
        assert_eq!(column(" loan_amnt ", 1), "loan_amnt");
        assert_eq!(column("desc", 1), "desc");
        assert_eq!(column("", 7), "column_7");
        assert_eq!(column("Source_Table", 1), "delivered_source_table");
        assert_eq!(column("ctid", 1), "delivered_ctid");
        assert_eq!(column("x\"; drop table loans; --", 1), "x___drop_table_loans____");
    }

    #[test]
    fn quoting_leaves_no_way_out() {
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(literal("a'b"), "'a''b'");
    }
}
