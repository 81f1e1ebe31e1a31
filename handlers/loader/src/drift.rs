//! How the columns of a file differ from those that are expected.

use crate::error::ContentError;
use crate::header::Header;
use crate::layout::COLUMNS;
use crate::typed::encoder::Retyped;

/// What kind of difference.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Change {
    /// The master table did not have the column.
    Added,
    /// The file lacks it.
    Missing,
    /// The file has it under an older name.
    Renamed,
    /// It stands elsewhere.
    Reordered,
    /// Its values have another type.
    Retyped,
}

impl Change {
    const ALL: [Self; 5] = [Self::Added, Self::Missing, Self::Renamed, Self::Reordered, Self::Retyped];

    /// As it stands in `ingest.drift`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Missing => "missing",
            Self::Renamed => "renamed",
            Self::Reordered => "reordered",
            Self::Retyped => "retyped",
        }
    }

    /// Reads a comma-separated list of names; `none` and nothing are an empty one.
    pub fn parse_list(text: &str) -> Option<Vec<Self>> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty() && *name != "none");
        names.map(|name| Self::ALL.into_iter().find(|change| change.name() == name)).collect()
    }
}

/// One difference.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Drift {
    /// The column, as the master table calls it.
    pub column: String,
    /// What is different.
    pub change: Change,
    /// More about it.
    pub detail: Option<String>,
}

/// What the header tells, given the columns of the master table.
pub fn of_header(header: &Header, master: &[String]) -> Vec<Drift> {
    let drift = |column: &str, change, detail| Drift { column: column.to_owned(), change, detail };
    let mut found = Vec::new();
    for (old, new) in &header.renamed {
        found.push(drift(new, Change::Renamed, Some(format!("delivered as {old}"))));
    }
    for column in header.columns.iter().filter(|column| !master.contains(column)) {
        found.push(drift(column, Change::Added, None));
    }
    for column in COLUMNS.iter().filter(|column| !header.columns.iter().any(|delivered| delivered == *column))
    {
        found.push(drift(column, Change::Missing, None));
    }
    let places = header
        .columns
        .iter()
        .filter_map(|column| COLUMNS.iter().position(|known| known == column).map(|place| (place, column)));
    let places = places.collect::<Vec<_>>();
    if let Some(pair) = places.windows(2).find(|pair| pair[0].0 > pair[1].0) {
        let detail = format!("comes after {}", pair[0].1);
        found.push(drift(pair[1].1, Change::Reordered, Some(detail)));
    }
    found
}

/// What the values tell.
pub fn of_values(retyped: &[Retyped]) -> Vec<Drift> {
    let drift = retyped.iter().map(|column| Drift {
        column: column.name.clone(),
        change: Change::Retyped,
        detail: Some(format!(
            "{} of {} values are not {}, the first: {}",
            column.refused, column.seen, column.expected, column.example
        )),
    });
    drift.collect()
}

/// Fails if one of the differences is not accepted.
pub fn check(found: &[Drift], refused: &[Change]) -> Result<(), ContentError> {
    let bad = found.iter().filter(|drift| refused.contains(&drift.change)).collect::<Vec<_>>();
    if bad.is_empty() {
        return Ok(());
    }
    let list = bad.iter().map(|drift| match &drift.detail {
        Some(detail) => format!("{} {} ({detail})", drift.column, drift.change.name()),
        None => format!("{} {}", drift.column, drift.change.name()),
    });
    Err(ContentError::Drift { columns: bad.len(), list: list.collect::<Vec<_>>().join(", ") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(columns: &[&str], renamed: &[(&str, &str)]) -> Header {
        Header {
            columns: columns.iter().map(ToString::to_string).collect(),
            renamed: renamed.iter().map(|(old, new)| (old.to_string(), new.to_string())).collect(),
            bytes: vec![],
            line: 1,
        }
    }

    #[test]
    fn every_kind_of_difference_is_found() {
        let mut columns = COLUMNS.to_vec();
        columns.retain(|column| *column != "desc");
        columns.swap(10, 11);
        columns.push("brand_new");
        let header = header(&columns, &[("open_il_6m", "open_act_il")]);
        let master = COLUMNS.map(ToOwned::to_owned);
        let found = of_header(&header, &master);
        let found =
            found.iter().map(|drift| format!("{} {}", drift.column, drift.change.name())).collect::<Vec<_>>();
        assert_eq!(found, ["open_act_il renamed", "brand_new added", "desc missing", "emp_title reordered"]);
        assert!(of_header(&self::header(&COLUMNS, &[]), &master).is_empty());
    }

    #[test]
    fn what_is_not_accepted_is_named() {
        let drift = [Drift { column: "x".into(), change: Change::Added, detail: None }];
        assert_eq!(check(&drift, &[Change::Missing]), Ok(()));
        let error = check(&drift, &[Change::Added]).unwrap_err().to_string();
        assert!(error.starts_with("1 columns differ in a way that is not accepted: x added"), "{error}");
        assert_eq!(Change::parse_list("added, retyped"), Some(vec![Change::Added, Change::Retyped]));
        assert_eq!(Change::parse_list("none"), Some(vec![]));
        assert_eq!(Change::parse_list("addded"), None);
    }
}
