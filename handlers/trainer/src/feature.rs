//! Columns of `mart.loan_features`, wherever they are read from: which there are, and what they become.

use sha2::{Digest, Sha256};

use crate::dataset::{Column, Values, Words};
use crate::error::Error;

/// Columns of the view that are no features.
pub const BESIDE: [&str; 3] = ["loan_key", "issue_d", "label"];

/// What people wrote. Only its length is used: it is too varied for a category, and it would have to be carried over the network.
const FREE_TEXT: [&str; 3] = ["desc", "emp_title", "title"];

/// How a column is turned into values.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    /// A number as it is.
    Number,
    /// A date, in months before the loan was issued.
    Age,
    /// A text, by its number of characters; 0 where there is none.
    Length,
    /// `A1` to `G5`, from 1 to 35.
    Step,
    /// `< 1 year` to `10+ years`, from 0 to 10.
    Years,
    /// A word.
    Word,
}

/// A column of the view.
#[derive(Clone, Debug)]
pub struct Feature {
    /// Its name.
    pub name: String,
    /// What it means.
    pub comment: String,
    /// What it becomes.
    pub way: Way,
    /// Its type, by Postgres' short name.
    pub kind: String,
}

/// A file that loans came from.
#[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
pub struct File {
    /// `ingest.files.id`.
    pub id: i64,
    /// Its table, named after it.
    pub table: String,
    /// Its content.
    pub sha256: String,
    /// Rows that it brought or repeated.
    pub rows: i64,
    /// Release month.
    pub as_of: Option<String>,
}

/// The view's features, and which of them are known to leak.
pub struct Catalogue {
    /// Columns of the view.
    pub features: Vec<Feature>,
    /// Columns that leak, with the reason: all that are known, in the view or not.
    pub leaking: Vec<(String, String)>,
}

impl Feature {
    /// A column by name and type; none where it is no feature.
    pub fn new(name: &str, kind: &str, comment: &str) -> Result<Option<Self>, Error> {
        if BESIDE.contains(&name) {
            return Ok(None);
        }
        let kind = short_name(kind);
        let way = way(name, kind).ok_or_else(|| {
            Error::Schema(format!(
                "column {name} of mart.loan_features has the type {kind}, which is neither number, date, text nor boolean; cast it \
                 in the view"
            ))
        })?;
        Ok(Some(Self { name: name.to_owned(), comment: comment.to_owned(), way, kind: kind.to_owned() }))
    }

    /// The column of a dataset without loans.
    pub fn empty(&self) -> Column {
        let (suffix, values) = match self.way {
            Way::Word => ("", Values::Words(Words::default())),
            Way::Length => ("_length", Values::Numbers(Vec::new())),
            Way::Age => ("_age", Values::Numbers(Vec::new())),
            Way::Number | Way::Step | Way::Years => ("", Values::Numbers(Vec::new())),
        };
        Column {
            name: format!("{}{suffix}", self.name),
            sources: vec![self.name.clone()],
            comment: self.comment.clone(),
            values,
        }
    }
}

impl Catalogue {
    /// A hash that changes with the features and with what is known to leak.
    pub fn digest(&self) -> Sha256 {
        let mut digest = Sha256::new();
        for Feature { name, kind, .. } in &self.features {
            digest.update(format!("{name} {kind}\n"));
        }
        for (name, _) in &self.leaking {
            digest.update(format!("{name} leaks\n"));
        }
        digest
    }
}

/// Postgres has two names for many types.
fn short_name(kind: &str) -> &str {
    match kind.split('(').next().unwrap_or(kind).trim() {
        "smallint" => "int2",
        "integer" | "int" => "int4",
        "bigint" => "int8",
        "real" => "float4",
        "double precision" | "double" => "float8",
        "boolean" => "bool",
        "character varying" => "varchar",
        "character" => "bpchar",
        "timestamp with time zone" => "timestamptz",
        "timestamp without time zone" => "timestamp",
        other => other,
    }
}

fn way(name: &str, kind: &str) -> Option<Way> {
    match kind {
        "int2" | "int4" | "int8" | "float4" | "float8" | "numeric" | "bool" => Some(Way::Number),
        "date" | "timestamp" | "timestamptz" => Some(Way::Age),
        "text" | "varchar" | "bpchar" | "char" => Some(match name {
            name if FREE_TEXT.contains(&name) => Way::Length,
            "sub_grade" => Way::Step,
            "emp_length" => Way::Years,
            _ => Way::Word,
        }),
        _ => None,
    }
}

/// `A1` is 1, `G5` is 35.
pub fn step(text: &str) -> Option<f32> {
    match *text.trim().as_bytes() {
        [letter @ b'A'..=b'G', digit @ b'1'..=b'5'] => Some(f32::from((letter - b'A') * 5 + digit - b'0')),
        _ => None,
    }
}

/// `< 1 year` is 0, `10+ years` is 10.
pub fn years(text: &str) -> Option<f32> {
    let text = text.trim();
    if text.starts_with('<') {
        return Some(0.0);
    }
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    digits.parse::<u8>().ok().map(f32::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_and_years_become_numbers() {
        assert_eq!(
            (step("A1"), step("G5"), step("H1"), step("A6"), step("")),
            (Some(1.0), Some(35.0), None, None, None)
        );
        assert_eq!(
            (years("< 1 year"), years("1 year"), years("10+ years")),
            (Some(0.0), Some(1.0), Some(10.0))
        );
        assert_eq!((years("n/a"), years("")), (None, None));
    }

    #[test]
    fn a_columns_type_says_how_it_is_read() {
        assert_eq!(way("dti", "float8"), Some(Way::Number));
        assert_eq!(way("earliest_cr_line", "date"), Some(Way::Age));
        assert_eq!(way("desc", "text"), Some(Way::Length));
        assert_eq!(way("purpose", "text"), Some(Way::Word));
        assert_eq!(way("extra", "jsonb"), None);
    }
}
