//! Reads `mart.loan_features` from Postgres: which columns there are, and what they hold.

use std::pin::pin;

use futures::TryStreamExt;
use tokio_postgres::binary_copy::{BinaryCopyOutRow, BinaryCopyOutStream};
use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{GenericClient, Transaction};

use crate::dataset::{Dataset, Key, Values};
use crate::error::{Doing, Error};
use crate::feature::{Catalogue, Feature, File, Way, step, years};
use crate::month::Month;

/// Asks the database which columns the view has.
pub async fn catalogue(client: &impl GenericClient) -> Result<Catalogue, Error> {
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
        features.extend(Feature::new(row.get(0), row.get(1), row.get(2))?);
    }
    let leaking = client
        .query("select column_name, reason from mart.leaking_columns order by 1", &[])
        .await
        .doing("read mart.leaking_columns")?;
    Ok(Catalogue { features, leaking: leaking.iter().map(|row| (row.get(0), row.get(1))).collect() })
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
    let mut dataset =
        Dataset { columns: features.iter().map(Feature::empty).collect(), ..Dataset::default() };
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
        Way::Number if feature.kind == "bool" => (format!("{name}::int4::float8"), Type::FLOAT8),
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

/// The files that the loans came from.
pub async fn files(client: &impl GenericClient) -> Result<Vec<File>, Error> {
    let query = "
        select id, coalesce(source_table, ''), coalesce(sha256, ''), coalesce(rows_loaded, 0) + coalesce(rows_unchanged, 0), as_of::text
        from ingest.files where status = 'loaded' order by sha256";
    let rows = client.query(query, &[]).await.doing("read ingest.files")?;
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
