//! Reads `mart.loan_features`: which columns there are, and what they hold.

use std::pin::pin;

use futures::TryStreamExt;
use tokio_postgres::binary_copy::{BinaryCopyOutRow, BinaryCopyOutStream};
use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{Client, Transaction};

use crate::dataset::{Column, Dataset, Key, Values, Words};
use crate::error::{Doing, Error};
use crate::month::Month;

/// Columns of the view that are no features.
const BESIDE: [&str; 3] = ["loan_key", "issue_d", "label"];

/// What people wrote. Only its length is used: it is too varied for a category, and it would have to be carried over the network.
const FREE_TEXT: [&str; 3] = ["desc", "emp_title", "title"];

/// How a column is turned into values.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
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
    way: Way,
    boolean: bool,
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

/// Asks the database which columns the view has.
pub async fn catalogue(client: &Client) -> Result<Catalogue, Error> {
    let query = "
        select a.attname::text, t.typname::text, coalesce(col_description(a.attrelid, a.attnum), '')
        from pg_attribute a join pg_type t on t.oid = a.atttypid
        where a.attrelid = to_regclass('mart.loan_features') and a.attnum > 0 and not a.attisdropped
        order by a.attnum";
    let rows = client.query(query, &[]).await.doing("read the columns of mart.loan_features")?;
    if rows.is_empty() {
        return Err(Error::Schema(
            "there is no view mart.loan_features: `loader status` brings the database up to date, or this is not the loans' \
             database"
                .to_owned(),
        ));
    }
    let mut features = Vec::new();
    for row in rows {
        let (name, kind): (String, String) = (row.get(0), row.get(1));
        if BESIDE.contains(&name.as_str()) {
            continue;
        }
        let way = way(&name, &kind).ok_or_else(|| {
            Error::Schema(format!(
                "column {name} of mart.loan_features has the type {kind}, which is neither number, date, text nor boolean; cast it \
                 in the view"
            ))
        })?;
        features.push(Feature { name, comment: row.get(2), way, boolean: kind == "bool" });
    }
    let leaking = client
        .query("select column_name, reason from mart.leaking_columns order by 1", &[])
        .await
        .doing("read mart.leaking_columns")?;
    Ok(Catalogue { features, leaking: leaking.iter().map(|row| (row.get(0), row.get(1))).collect() })
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

/// Which loans to read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Which {
    /// All.
    All,
    /// Those whose outcome is not yet known.
    Open,
}

/// Streams the loans out of the view. The order is part of the result: a model depends on it.
pub async fn loans(
    transaction: &Transaction<'_>,
    features: &[Feature],
    which: Which,
) -> Result<Dataset, Error> {
    let mut selected = vec![
        "loan_key".to_owned(),
        "(extract(year from issue_d) * 12 + extract(month from issue_d) - 1)::int4".to_owned(),
        "label::int2".to_owned(),
    ];
    let mut types = vec![Type::UUID, Type::INT4, Type::INT2];
    for feature in features {
        let (expression, kind) = expression(feature);
        selected.push(expression);
        types.push(kind);
    }
    let condition = match which {
        Which::All => "issue_d is not null",
        Which::Open => "issue_d is not null and label is null",
    };
    let query = format!(
        "copy (select {} from mart.loan_features where {condition} order by issue_d, loan_key) to stdout (format binary)",
        selected.join(", ")
    );
    let stream = transaction.copy_out(&query).await.doing("read mart.loan_features")?;
    let mut rows = pin!(BinaryCopyOutStream::new(stream, &types));
    let mut dataset = Dataset { columns: features.iter().map(empty).collect(), ..Dataset::default() };
    while let Some(row) = rows.try_next().await.doing("read mart.loan_features")? {
        dataset.keys.push(row.try_get(0).doing("read a loan's key")?);
        dataset.months.push(Month(row.try_get(1).doing("read a loan's month of issue")?));
        let label: Option<i16> = row.try_get(2).doing("read a loan's label")?;
        dataset.labels.push(label.map(|label| label != 0));
        for (position, (feature, column)) in features.iter().zip(&mut dataset.columns).enumerate() {
            push(&row, position + 3, feature, &mut column.values)?;
        }
    }
    dataset.derive();
    Ok(dataset)
}

fn expression(feature: &Feature) -> (String, Type) {
    let name = format!("\"{}\"", feature.name.replace('"', "\"\""));
    match feature.way {
        // Postgres has no cast from boolean to a number but by way of an integer.
        Way::Number if feature.boolean => (format!("{name}::int4::float8"), Type::FLOAT8),
        Way::Number => (format!("{name}::float8"), Type::FLOAT8),
        Way::Age => (
            format!(
                "((extract(year from issue_d) - extract(year from {name})) * 12
                  + extract(month from issue_d) - extract(month from {name}))::float8"
            ),
            Type::FLOAT8,
        ),
        Way::Length => (format!("coalesce(length({name}), 0)::float8"), Type::FLOAT8),
        Way::Step | Way::Years | Way::Word => (format!("{name}::text"), Type::TEXT),
    }
}

fn empty(feature: &Feature) -> Column {
    let (suffix, values) = match feature.way {
        Way::Word => ("", Values::Words(Words::default())),
        Way::Length => ("_length", Values::Numbers(Vec::new())),
        Way::Age => ("_age", Values::Numbers(Vec::new())),
        Way::Number | Way::Step | Way::Years => ("", Values::Numbers(Vec::new())),
    };
    Column {
        name: format!("{}{suffix}", feature.name),
        sources: vec![feature.name.clone()],
        comment: feature.comment.clone(),
        values,
    }
}

fn push(
    row: &BinaryCopyOutRow,
    position: usize,
    feature: &Feature,
    values: &mut Values,
) -> Result<(), Error> {
    let doing = || format!("read column {} of mart.loan_features", feature.name);
    match values {
        Values::Words(words) => words.push(row.try_get::<Option<&str>>(position).doing(&doing())?),
        Values::Numbers(numbers) => numbers.push(match feature.way {
            Way::Step => {
                row.try_get::<Option<&str>>(position).doing(&doing())?.and_then(step).unwrap_or(f32::NAN)
            }
            Way::Years => {
                row.try_get::<Option<&str>>(position).doing(&doing())?.and_then(years).unwrap_or(f32::NAN)
            }
            _ => {
                row.try_get::<Option<f64>>(position).doing(&doing())?.map_or(f32::NAN, |number| number as f32)
            }
        }),
    }
    Ok(())
}

/// `A1` is 1, `G5` is 35.
fn step(text: &str) -> Option<f32> {
    match *text.trim().as_bytes() {
        [letter @ b'A'..=b'G', digit @ b'1'..=b'5'] => Some(f32::from((letter - b'A') * 5 + digit - b'0')),
        _ => None,
    }
}

/// `< 1 year` is 0, `10+ years` is 10.
fn years(text: &str) -> Option<f32> {
    let text = text.trim();
    if text.starts_with('<') {
        return Some(0.0);
    }
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    digits.parse::<u8>().ok().map(f32::from)
}

/// The files that the loans came from.
pub async fn files(transaction: &Transaction<'_>) -> Result<Vec<File>, Error> {
    let query = "
        select id, coalesce(source_table, ''), coalesce(sha256, ''), coalesce(rows_loaded, 0) + coalesce(rows_unchanged, 0), as_of::text
        from ingest.files where status = 'loaded' order by sha256";
    let rows = transaction.query(query, &[]).await.doing("read ingest.files")?;
    let file = |row: &tokio_postgres::Row| File {
        id: row.get(0),
        table: row.get(1),
        sha256: row.get(2),
        rows: row.get(3),
        as_of: row.get(4),
    };
    Ok(rows.iter().map(file).collect())
}

impl<'a> FromSql<'a> for Key {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw.try_into()?))
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::UUID
    }
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
