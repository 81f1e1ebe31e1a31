//! Rows of binary `COPY`, taken into Arrow's columns.

use std::sync::Arc;

use arrow_array::builder::{
    ArrayBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder, Int16Builder,
    Int32Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, Schema, SchemaRef};

use super::column::{Column, Kind};
use crate::error::Error;

/// Days and microseconds from 1970, where others begin to count, to 2000, where Postgres does.
const DAYS_TO_2000: i32 = 10_957;
const MICROSECONDS_TO_2000: i64 = 946_684_800_000_000;

/// Columns under construction.
pub struct Rows {
    schema: SchemaRef,
    names: Vec<String>,
    builders: Vec<Builder>,
    rows: usize,
}

enum Builder {
    Int16(Int16Builder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    Float64(Float64Builder),
    Decimal(Decimal128Builder, u8, i8),
    Boolean(BooleanBuilder),
    Date(Date32Builder),
    Timestamp(TimestampMicrosecondBuilder),
    Uuid(StringBuilder),
    Json(StringBuilder),
    Padded(StringBuilder),
    Text(StringBuilder),
}

impl Rows {
    /// For these columns, without rows.
    pub fn new(columns: &[Column]) -> Self {
        let schema = Arc::new(Schema::new(columns.iter().map(Column::field).collect::<Vec<_>>()));
        let names = columns.iter().map(|column| column.name.clone()).collect();
        Self {
            schema,
            names,
            builders: columns.iter().map(|column| Builder::of(column.kind())).collect(),
            rows: 0,
        }
    }

    /// Arrow's schema.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Appends a row, given as the bytes of each value.
    pub fn push<'a>(&mut self, values: impl Iterator<Item = Option<&'a [u8]>>) -> Result<(), Error> {
        for (place, (builder, value)) in self.builders.iter_mut().zip(values).enumerate() {
            if builder.push(value).is_none() {
                return Err(Error::Schema(format!(
                    "column {} has a value that Parquet cannot take (infinite, not a number, or beyond its precision): {}",
                    self.names[place],
                    hex::encode(value.unwrap_or_default())
                )));
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// Takes the rows, and leaves none.
    pub fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        self.rows = 0;
        let columns = self.builders.iter_mut().map(Builder::finish).collect::<Result<_, _>>()?;
        RecordBatch::try_new(self.schema(), columns)
    }
}

impl Builder {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Int16 => Self::Int16(Int16Builder::new()),
            Kind::Int32 => Self::Int32(Int32Builder::new()),
            Kind::Int64 => Self::Int64(Int64Builder::new()),
            Kind::Float64 => Self::Float64(Float64Builder::new()),
            Kind::Decimal(precision, scale) => Self::Decimal(Decimal128Builder::new(), precision, scale),
            Kind::Boolean => Self::Boolean(BooleanBuilder::new()),
            Kind::Date => Self::Date(Date32Builder::new()),
            Kind::Timestamp => Self::Timestamp(TimestampMicrosecondBuilder::new()),
            Kind::Uuid => Self::Uuid(StringBuilder::new()),
            Kind::Json => Self::Json(StringBuilder::new()),
            Kind::Padded => Self::Padded(StringBuilder::new()),
            Kind::Text | Kind::Cast => Self::Text(StringBuilder::new()),
        }
    }

    /// Appends a value; `None` if the type has no place for it.
    fn push(&mut self, value: Option<&[u8]>) -> Option<()> {
        let Some(bytes) = value else {
            self.push_null();
            return Some(());
        };
        match self {
            Self::Int16(builder) => builder.append_value(i16::from_be_bytes(bytes.try_into().ok()?)),
            Self::Int32(builder) => builder.append_value(int(bytes)?),
            Self::Int64(builder) => builder.append_value(long(bytes)?),
            Self::Float64(builder) => builder.append_value(f64::from_be_bytes(bytes.try_into().ok()?)),
            Self::Decimal(builder, precision, scale) => {
                builder.append_value(numeric(bytes, *precision, *scale)?);
            }
            Self::Boolean(builder) => builder.append_value(*bytes.first()? != 0),
            Self::Date(builder) => {
                let days = int(bytes)?;
                // Infinity, as Postgres has it.
                if days == i32::MAX || days == i32::MIN {
                    return None;
                }
                builder.append_value(days.checked_add(DAYS_TO_2000)?);
            }
            Self::Timestamp(builder) => {
                let microseconds = long(bytes)?;
                if microseconds == i64::MAX || microseconds == i64::MIN {
                    return None;
                }
                builder.append_value(microseconds.checked_add(MICROSECONDS_TO_2000)?);
            }
            Self::Uuid(builder) => {
                let digits = hex::encode(<[u8; 16]>::try_from(bytes).ok()?);
                let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
                builder.append_value(parts.join("-"));
            }
            // The first byte is the version of the format, 1.
            Self::Json(builder) => builder.append_value(str::from_utf8(bytes.strip_prefix(&[1])?).ok()?),
            Self::Padded(builder) => builder.append_value(str::from_utf8(bytes).ok()?.trim_end_matches(' ')),
            Self::Text(builder) => builder.append_value(str::from_utf8(bytes).ok()?),
        }
        Some(())
    }

    fn push_null(&mut self) {
        match self {
            Self::Int16(builder) => builder.append_null(),
            Self::Int32(builder) => builder.append_null(),
            Self::Int64(builder) => builder.append_null(),
            Self::Float64(builder) => builder.append_null(),
            Self::Decimal(builder, ..) => builder.append_null(),
            Self::Boolean(builder) => builder.append_null(),
            Self::Date(builder) => builder.append_null(),
            Self::Timestamp(builder) => builder.append_null(),
            Self::Uuid(builder) | Self::Json(builder) | Self::Padded(builder) | Self::Text(builder) => {
                builder.append_null();
            }
        }
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Self::Int16(builder) => ArrayBuilder::finish(builder),
            Self::Int32(builder) => ArrayBuilder::finish(builder),
            Self::Int64(builder) => ArrayBuilder::finish(builder),
            Self::Float64(builder) => ArrayBuilder::finish(builder),
            Self::Decimal(builder, precision, scale) => {
                Arc::new(builder.finish().with_precision_and_scale(*precision, *scale)?)
            }
            Self::Boolean(builder) => ArrayBuilder::finish(builder),
            Self::Date(builder) => ArrayBuilder::finish(builder),
            Self::Timestamp(builder) => Arc::new(builder.finish().with_timezone("UTC")),
            Self::Uuid(builder) | Self::Json(builder) | Self::Padded(builder) | Self::Text(builder) => {
                ArrayBuilder::finish(builder)
            }
        })
    }
}

fn int(bytes: &[u8]) -> Option<i32> {
    Some(i32::from_be_bytes(bytes.try_into().ok()?))
}

fn long(bytes: &[u8]) -> Option<i64> {
    Some(i64::from_be_bytes(bytes.try_into().ok()?))
}

/// A `numeric` in units of its last decimal. Its binary form: how many digits to the base 10,000, the power of the first one,
/// the sign, how many decimals to show, the digits; 16 bits each. `None` for what is no number or does not fit.
pub fn numeric(bytes: &[u8], precision: u8, scale: i8) -> Option<i128> {
    let mut words = bytes.chunks_exact(2).map(|word| i16::from_be_bytes([word[0], word[1]]));
    let (count, weight, sign) = (words.next()?, words.next()?, words.next()?);
    words.next()?;
    let negative = match sign.cast_unsigned() {
        0x0000 => false,
        0x4000 => true,
        _ => return None,
    };
    let mut value = 0_i128;
    for place in 0..count {
        let digit = i128::from(words.next()?);
        // The power of ten of this digit's last decimal, in units of the result.
        let power = i32::from(weight - place) * 4 + i32::from(scale);
        let part = match u32::try_from(power) {
            Ok(power) => digit.checked_mul(10_i128.checked_pow(power)?)?,
            Err(_) => {
                let divisor = 10_i128.checked_pow(power.unsigned_abs())?;
                if digit % divisor != 0 {
                    return None;
                }
                digit / divisor
            }
        };
        value = value.checked_add(part)?;
    }
    let limit = 10_i128.checked_pow(u32::from(precision))?;
    (value < limit).then_some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(words: &[i32]) -> Vec<u8> {
        words.iter().flat_map(|word| (*word as u16).to_be_bytes()).collect()
    }

    #[test]
    fn a_numeric_is_a_whole_number_of_its_last_decimal() {
        let read = |words: &[i32]| numeric(&encoded(words), 14, 2);
        assert_eq!(read(&[0, 0, 0, 2]), Some(0));
        // 12345.67, 0.05, -0.50, 30000.00, 999999999999.99
        assert_eq!(read(&[3, 1, 0, 2, 1, 2345, 6700]), Some(1_234_567));
        assert_eq!(read(&[1, -1, 0, 2, 500]), Some(5));
        assert_eq!(read(&[1, -1, 0x4000, 2, 5000]), Some(-50));
        assert_eq!(read(&[1, 1, 0, 2, 3]), Some(3_000_000));
        assert_eq!(read(&[4, 2, 0, 2, 9999, 9999, 9999, 9900]), Some(99_999_999_999_999));
        // A million millions; three decimals; not a number; cut off.
        assert_eq!(read(&[1, 3, 0, 2, 1]), None);
        assert_eq!(read(&[1, -1, 0, 3, 55]), None);
        assert_eq!(read(&[0, 0, 0xc000, 0]), None);
        assert_eq!(read(&[2, 0, 0, 2, 1]), None);
    }

    #[test]
    fn a_value_without_a_place_is_an_error_that_names_the_column() {
        let column =
            |type_name: &str| Column { name: "when".into(), type_name: type_name.into(), comment: None };
        let mut rows = Rows::new(&[column("date"), column("uuid"), column("character(5)")]);
        let (day, key) = (0_i32.to_be_bytes(), [7; 16]);
        rows.push([Some(&day[..]), Some(&key[..]), Some(&b"8    "[..])].into_iter()).unwrap();
        rows.push([None, None, None].into_iter()).unwrap();
        let infinite = i32::MAX.to_be_bytes();
        let error = rows.push([Some(&infinite[..]), None, None].into_iter()).unwrap_err().to_string();
        assert!(error.contains("column when") && error.contains("7fffffff"), "{error}");
        assert_eq!(rows.len(), 2);
    }
}
