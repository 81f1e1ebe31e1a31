//! Which record is the header, and what its columns are called.

use crate::error::ContentError;
use crate::layout::{ANCHORS, COLUMNS, RENAMES};
use crate::names;
use crate::records::Record;

/// More columns than this are taken for a mistake; Postgres ends at 1,600.
const MAX_COLUMNS: usize = 1000;

/// A header that was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Header {
    /// Column names in the order of the file, fit for Postgres, renamed columns under their new name.
    pub columns: Vec<String>,
    /// Old and new name of those that were renamed.
    pub renamed: Vec<(String, String)>,
    /// The fields as they stand in the file, to recognise the header when it is repeated.
    pub bytes: Vec<u8>,
    /// Where it was.
    pub line: u64,
}

impl Header {
    /// The header, if this record is one: it has both anchor columns, or mostly columns that are known.
    ///
    /// `renames` are pairs of an old and a new name that go before those that ship with the loader.
    pub fn recognise(record: Record<'_>, renames: &[(String, String)]) -> Result<Option<Self>, ContentError> {
        let mut known = 0;
        let mut anchors = 0;
        let mut columns = Vec::with_capacity(record.ends.len());
        for (position, field) in record.fields().enumerate() {
            let name = names::column(&String::from_utf8_lossy(field), position + 1);
            anchors += usize::from(ANCHORS.contains(&name.as_str()));
            known += usize::from(COLUMNS.contains(&name.as_str()));
            columns.push(name);
        }
        if anchors < ANCHORS.len() && (known < 10 || known * 2 < columns.len()) {
            return Ok(None);
        }
        let renamed = rename(&mut columns, renames);
        if columns.len() > MAX_COLUMNS {
            return Err(ContentError::TooManyColumns {
                line: record.line,
                columns: columns.len(),
                limit: MAX_COLUMNS,
            });
        }
        for (second, name) in columns.iter().enumerate() {
            if let Some(first) = columns[..second].iter().position(|other| other == name) {
                return Err(ContentError::RepeatedColumn {
                    line: record.line,
                    name: name.clone(),
                    first: first + 1,
                    second: second + 1,
                });
            }
        }
        Ok(Some(Self { columns, renamed, bytes: record.bytes.to_vec(), line: record.line }))
    }
}

/// A column keeps its old name in a file that has the new one too: then they are two columns.
fn rename(columns: &mut [String], renames: &[(String, String)]) -> Vec<(String, String)> {
    let mut renamed = Vec::new();
    for place in 0..columns.len() {
        let old = &columns[place];
        let given = renames.iter().find(|(from, _)| from == old).map(|(_, to)| to.clone());
        let shipped = RENAMES.iter().find(|(from, _)| from == old).map(|(_, to)| (*to).to_owned());
        if let Some(new) = given.or(shipped).filter(|new| !columns.contains(new)) {
            let old = std::mem::replace(&mut columns[place], new.clone());
            renamed.push((old, new));
        }
    }
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recognise(fields: &[&str]) -> Result<Option<Header>, ContentError> {
        let bytes = fields.concat().into_bytes();
        let mut end = 0;
        let ends = fields
            .iter()
            .map(|field| {
                end += field.len();
                end
            })
            .collect::<Vec<_>>();
        let renames = [("amount".to_owned(), "loan_amnt".to_owned())];
        Header::recognise(Record { line: 3, bytes: &bytes, ends: &ends, unclosed: false }, &renames)
    }

    #[test]
    fn the_anchors_make_a_header_in_any_order_and_case() {
        let header = recognise(&["Loan_Status", "brand new", "LOAN_AMNT"]).unwrap().unwrap();
        assert_eq!(header.columns, ["loan_status", "brand_new", "loan_amnt"]);
    }

    #[test]
    fn renamed_columns_have_their_new_name_unless_both_are_there() {
        let header = recognise(&["loan_amnt", "loan_status", "open_il_6m"]).unwrap().unwrap();
        assert_eq!(header.columns[2], "open_act_il");
        assert_eq!(header.renamed, [("open_il_6m".to_owned(), "open_act_il".to_owned())]);
        let header =
            recognise(&["loan_amnt", "loan_status", "open_il_6m", "open_act_il", "amount"]).unwrap().unwrap();
        assert_eq!(header.columns[2..], ["open_il_6m", "open_act_il", "amount"]);
    }

    #[test]
    fn known_columns_make_a_header_without_the_anchors() {
        assert!(recognise(&COLUMNS[3..15]).unwrap().is_some());
        assert!(recognise(&COLUMNS[3..8]).unwrap().is_none());
    }

    #[test]
    fn notes_and_rows_are_no_header() {
        assert!(recognise(&["Notes offered by Prospectus (loan_amnt, loan_status)"]).unwrap().is_none());
        assert!(recognise(&["1", "5000", "Fully Paid"]).unwrap().is_none());
    }

    #[test]
    fn a_repeated_column_is_an_error_that_says_where() {
        let error = recognise(&["loan_amnt", "loan_status", "Loan_Amnt"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "line 3: the header names \"loan_amnt\" twice (columns 1 and 3); rename one of them"
        );
    }
}
