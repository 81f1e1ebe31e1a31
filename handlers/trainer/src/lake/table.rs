//! The loans that have been read so far, straight from the batches of Parquet into columns.

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::Int16Type;
use arrow_schema::DataType;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use super::cells::{Calendar, Cells, days, ordered, texts};
use super::damaged;
use crate::dataset::{Column, Dataset, Key};
use crate::error::Error;
use crate::feature::{BESIDE, Feature};
use crate::month::Month;
use crate::read::Which;

/// Rows that are decoded at once.
const BATCH: usize = 8192;

/// Loans in the order of the files.
pub struct Table {
    which: Which,
    features: Vec<Feature>,
    keys: Vec<Key>,
    days: Vec<i32>,
    months: Vec<Month>,
    labels: Vec<Option<bool>>,
    cells: Vec<Cells>,
    calendar: Calendar,
}

impl Table {
    /// Without loans.
    pub fn new(features: Vec<Feature>, which: Which) -> Self {
        Self {
            which,
            cells: features.iter().map(Cells::new).collect(),
            features,
            keys: Vec::new(),
            days: Vec::new(),
            months: Vec::new(),
            labels: Vec::new(),
            calendar: Calendar::default(),
        }
    }

    /// Takes the loans of a Parquet file, which must have so many rows.
    pub fn take(&mut self, bytes: Bytes, address: &str, rows: u64) -> Result<(), Error> {
        let failed = |problem: String| damaged(address, problem);
        // What Arrow has left in the file about its own types says less than Parquet's.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(bytes, options)
            .map_err(|error| failed(format!("it is no Parquet file: {error}")))?;
        let found = builder.metadata().file_metadata().num_rows();
        if u64::try_from(found) != Ok(rows) {
            return Err(failed(format!("it has {found} rows, its manifest says {rows}")));
        }
        let names = BESIDE.into_iter().chain(self.features.iter().map(|feature| feature.name.as_str()));
        let names = names.collect::<Vec<_>>();
        if let Some(missing) = names.iter().find(|name| builder.schema().column_with_name(name).is_none()) {
            return Err(failed(format!(
                "it has no column {missing}, which the manifest names; `loader export --all` writes all files again"
            )));
        }
        let mask = ProjectionMask::columns(builder.parquet_schema(), names);
        let reader = builder.with_projection(mask).with_batch_size(BATCH).build();
        let reader = reader.map_err(|error| failed(error.to_string()))?;
        for batch in reader {
            let batch = batch.map_err(|error| failed(format!("it cannot be decoded: {error}")))?;
            self.take_batch(&batch).map_err(failed)?;
        }
        Ok(())
    }

    fn take_batch(&mut self, batch: &RecordBatch) -> Result<(), String> {
        let column =
            |name: &str| batch.column_by_name(name).ok_or_else(|| format!("it has no column {name}"));
        let of = |name: &str, problem: String| format!("column {name} {problem}");
        let issued = days(column("issue_d")?).map_err(|problem| of("issue_d", problem))?;
        let labels = column("label")?;
        if *labels.data_type() != DataType::Int16 {
            return Err(of("label", format!("is {}, and should be a small number", labels.data_type())));
        }
        let labels = labels.as_primitive::<Int16Type>().iter().collect::<Vec<_>>();
        let chosen = (0..batch.num_rows())
            .filter(|&row| issued[row].is_some() && (self.which == Which::All || labels[row].is_none()))
            .collect::<Vec<_>>();
        let keys = texts(column("loan_key")?).map_err(|problem| of("loan_key", problem))?;
        let begin = self.keys.len();
        for &row in &chosen {
            let Some(day) = issued[row] else { continue };
            self.keys.push(key(keys[row].unwrap_or_default())?);
            self.days.push(day);
            self.months.push(self.calendar.month(day)?);
            self.labels.push(labels[row].map(|label| label != 0));
        }
        let months = &self.months[begin..];
        for (feature, cells) in self.features.iter().zip(&mut self.cells) {
            let array = column(&feature.name)?;
            let taken = cells.take(feature.way, array, &chosen, months, &mut self.calendar);
            taken.map_err(|problem| of(&feature.name, problem))?;
        }
        Ok(())
    }

    /// The loans, ordered by day of issue and then by key.
    pub fn finish(self) -> Dataset {
        let Self { features, keys, days, months, labels, cells, .. } = self;
        let place = |row: usize| (days[row], keys[row]);
        let order = (!(1..keys.len()).all(|row| place(row - 1) <= place(row))).then(|| {
            let mut order = (0..keys.len() as u32).collect::<Vec<_>>();
            order.sort_unstable_by_key(|&row| place(row as usize));
            order
        });
        let order = order.as_deref();
        let columns = features.iter().zip(cells);
        let columns =
            columns.map(|(feature, cells)| Column { values: cells.finish(order), ..feature.empty() });
        let mut dataset = Dataset {
            columns: columns.collect(),
            keys: ordered(keys, order),
            months: ordered(months, order),
            labels: ordered(labels, order),
        };
        dataset.derive();
        dataset
    }
}

/// Reads the usual text form of a UUID.
fn key(text: &str) -> Result<Key, String> {
    let mut bytes = [0; 16];
    let digits = text.replace('-', "");
    hex::decode_to_slice(&digits, &mut bytes).map_err(|_| format!("the loan key {text:?} is no UUID"))?;
    Ok(Key(bytes))
}
