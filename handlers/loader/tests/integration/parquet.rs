//! Reads a lake as its readers do: the files that the manifest names, and nothing else. Compares it with Postgres.

use std::path::Path;

use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float64Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use bytes::Bytes;
use loader::lake::manifest::Manifest;
use sha2::{Digest, Sha256};

use crate::support::World;

pub const TABLES: [&str; 3] = ["loans", "loan_history", "loan_features"];

/// Bytes of a path, relative to the lake.
pub type Get<'a> = &'a dyn Fn(&str) -> Option<Vec<u8>>;

pub fn in_folder(lake: &Path) -> impl Fn(&str) -> Option<Vec<u8>> + '_ {
    |path| std::fs::read(lake.join(path)).ok()
}

pub fn manifest(get: Get<'_>, table: &str) -> Option<Manifest> {
    Some(serde_json::from_slice(&get(&format!("{table}/_manifest.json"))?).unwrap())
}

/// Partitions as `year path sha256`.
pub fn partitions(get: Get<'_>, table: &str) -> Vec<String> {
    let manifest = manifest(get, table).unwrap();
    let partitions = manifest.partitions.iter().map(|partition| {
        let [file] = partition.files.as_slice() else { panic!("one file a partition") };
        format!("{} {} {}", partition.issue_year, file.path, file.sha256)
    });
    partitions.collect()
}

/// Every file that the manifests name is there, and is what they say.
pub fn check_files(get: Get<'_>) {
    for table in TABLES {
        for partition in manifest(get, table).iter().flat_map(|manifest| &manifest.partitions) {
            for file in &partition.files {
                let bytes = get(&format!("{table}/{}", file.path)).unwrap();
                assert_eq!(hex::encode(Sha256::digest(&bytes)), file.sha256, "{table} {file:?}");
                assert_eq!(bytes.len() as u64, file.bytes);
            }
        }
    }
}

fn read(bytes: Vec<u8>) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap().build().unwrap();
    reader.collect::<Result<_, _>>().unwrap()
}

/// A value as Postgres would write it; of doubles, their bits.
fn text(array: &dyn Array, row: usize) -> String {
    if array.is_null(row) {
        return "∅".to_owned();
    }
    match array.data_type() {
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).to_string(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float64 => format!("{:016x}", array.as_primitive::<Float64Type>().value(row).to_bits()),
        DataType::Decimal128(14, 2) => {
            let cents = array.as_primitive::<Decimal128Type>().value(row);
            let sign = if cents < 0 { "-" } else { "" };
            format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
        }
        DataType::Date32 => {
            let days = array.as_primitive::<Date32Type>().value(row);
            let day = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
            day.to_string()
        }
        DataType::Timestamp(..) => array.as_primitive::<TimestampMicrosecondType>().value(row).to_string(),
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        other => panic!("{other}"),
    }
}

/// Compares every value of every column of every table. Returns how many values there were.
pub async fn compare(world: &World, get: Get<'_>) -> usize {
    check_files(get);
    let mut values = 0;
    for table in TABLES {
        let manifest = manifest(get, table).unwrap();
        let expressions = manifest.columns.iter().map(|column| {
            let name = format!("\"{}\"", column.name);
            match column.type_name.as_str() {
                "double precision" => format!("encode(float8send({name}), 'hex')"),
                "timestamp with time zone" => format!("(extract(epoch from {name}) * 1000000)::bigint::text"),
                _ => format!("{name}::text"),
            }
        });
        let list = expressions.map(|text| format!("coalesce({text}, '∅')")).collect::<Vec<_>>().join(", ");
        let years = manifest.partitions.iter().map(|partition| partition.issue_year.to_string());
        let years = years.collect::<Vec<_>>().join(",");
        let in_database = format!(
            "select string_agg(distinct coalesce(extract(year from issue_d)::int, 1970)::text, ','
                order by coalesce(extract(year from issue_d)::int, 1970)::text) from mart.{table}"
        );
        assert_eq!(world.list(&in_database).await, years, "{table}");
        for partition in &manifest.partitions {
            let year = partition.issue_year;
            let query = format!(
                "select array_to_string(array[{list}], E'\\x1f') from mart.{table}
                 where coalesce(extract(year from issue_d)::int, 1970) = {year}"
            );
            let expected = world.client.query(&query, &[]).await.unwrap();
            let mut expected = expected.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>();
            let mut found = Vec::new();
            for file in &partition.files {
                for batch in read(get(&format!("{table}/{}", file.path)).unwrap()) {
                    let names =
                        batch.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
                    assert!(names.iter().eq(manifest.columns.iter().map(|column| &column.name)), "{table}");
                    for row in 0..batch.num_rows() {
                        let line = batch.columns().iter().map(|column| text(column, row)).collect::<Vec<_>>();
                        values += line.len();
                        found.push(line.join("\x1f"));
                    }
                }
                let rows = partition.files.iter().map(|file| file.rows).sum::<u64>();
                assert_eq!(rows, found.len() as u64);
            }
            expected.sort();
            found.sort();
            assert_eq!(found.len(), expected.len(), "{table} {year}");
            for (found, expected) in found.iter().zip(&expected) {
                assert_eq!(found, expected, "{table} {year}");
            }
        }
    }
    values
}

/// The types in the files, as `name type`.
pub fn types(get: Get<'_>, table: &str) -> Vec<String> {
    let manifest = manifest(get, table).unwrap();
    let file = &manifest.partitions[0].files[0];
    let batch = &read(get(&format!("{table}/{}", file.path)).unwrap())[0];
    let schema = batch.schema();
    schema.fields().iter().map(|field| format!("{} {}", field.name(), field.data_type())).collect()
}
