//! The columns of a view, and what becomes of their types.

use arrow_schema::{DataType, Field, TimeUnit};
use serde::{Deserialize, Serialize};
use tokio_postgres::GenericClient;

use crate::error::{Doing, Error};
use crate::names::identifier;

/// A column as the manifest tells of it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Column {
    /// Its name, the same in Postgres and Parquet.
    pub name: String,
    /// Postgres' name of its type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// What it means.
    pub comment: Option<String>,
}

/// How a type of Postgres is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// `smallint`.
    Int16,
    /// `integer`.
    Int32,
    /// `bigint`.
    Int64,
    /// `double precision`.
    Float64,
    /// `numeric(precision,scale)`.
    Decimal(u8, i8),
    /// `boolean`.
    Boolean,
    /// `date`.
    Date,
    /// `timestamptz`, in microseconds.
    Timestamp,
    /// `uuid`, as people write it.
    Uuid,
    /// `jsonb`, as text.
    Json,
    /// `char(n)`, without the blanks that fill it up.
    Padded,
    /// `text`.
    Text,
    /// Anything else, as Postgres writes it.
    Cast,
}

impl Kind {
    /// By the name that `format_type` gives.
    pub fn of(type_name: &str) -> Self {
        match type_name {
            "smallint" => Self::Int16,
            "integer" => Self::Int32,
            "bigint" => Self::Int64,
            "double precision" => Self::Float64,
            "boolean" => Self::Boolean,
            "date" => Self::Date,
            "timestamp with time zone" => Self::Timestamp,
            "uuid" => Self::Uuid,
            "jsonb" => Self::Json,
            "text" => Self::Text,
            _ if type_name.starts_with("character(") => Self::Padded,
            _ => decimal(type_name).unwrap_or(Self::Cast),
        }
    }

    /// The type in Arrow, which Parquet's follows from.
    pub fn arrow(self) -> DataType {
        match self {
            Self::Int16 => DataType::Int16,
            Self::Int32 => DataType::Int32,
            Self::Int64 => DataType::Int64,
            Self::Float64 => DataType::Float64,
            Self::Decimal(precision, scale) => DataType::Decimal128(precision, scale),
            Self::Boolean => DataType::Boolean,
            Self::Date => DataType::Date32,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Uuid | Self::Json | Self::Padded | Self::Text | Self::Cast => DataType::Utf8,
        }
    }
}

impl Kind {
    /// The type in the words of Hive, which the Glue catalog, Athena and Spark speak.
    pub fn hive(self) -> String {
        match self {
            Self::Int16 => "smallint",
            Self::Int32 => "int",
            Self::Int64 => "bigint",
            Self::Float64 => "double",
            Self::Decimal(precision, scale) => return format!("decimal({precision},{scale})"),
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::Uuid | Self::Json | Self::Padded | Self::Text | Self::Cast => "string",
        }
        .to_owned()
    }
}

/// `numeric` of a stated precision that 128 bits hold.
fn decimal(type_name: &str) -> Option<Kind> {
    let (precision, scale) = type_name.strip_prefix("numeric(")?.strip_suffix(')')?.split_once(',')?;
    let (precision, scale) = (precision.parse().ok()?, scale.parse().ok()?);
    (precision <= 38 && (0..=i16::from(precision)).contains(&i16::from(scale)))
        .then_some(Kind::Decimal(precision, scale))
}

impl Column {
    /// How it is written.
    pub fn kind(&self) -> Kind {
        Kind::of(&self.type_name)
    }

    /// What is selected, of the view `t`.
    pub fn expression(&self) -> String {
        let name = identifier(&self.name);
        if self.kind() == Kind::Cast { format!("t.{name}::text") } else { format!("t.{name}") }
    }

    /// The column in Arrow's schema.
    pub fn field(&self) -> Field {
        Field::new(&self.name, self.kind().arrow(), true)
    }
}

/// The columns of a view of schema mart, in its order.
pub async fn read(client: &impl GenericClient, view: &str) -> Result<Vec<Column>, Error> {
    let query = "
        select attname::text, format_type(atttypid, atttypmod), col_description(attrelid, attnum)
        from pg_attribute
        where attrelid = $1::text::regclass and attnum > 0 and not attisdropped
        order by attnum";
    let rows = client.query(query, &[&view]).await.doing("read the columns of the view")?;
    let columns =
        rows.iter().map(|row| Column { name: row.get(0), type_name: row.get(1), comment: row.get(2) });
    Ok(columns.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_follow_from_postgres_names() {
        assert_eq!(Kind::of("numeric(14,2)").arrow(), DataType::Decimal128(14, 2));
        assert_eq!(Kind::of("numeric(14,2)").hive(), "decimal(14,2)");
        assert_eq!(Kind::of("character(5)"), Kind::Padded);
        for other in ["numeric", "numeric(50,2)", "numeric(3,-2)", "text[]", "timestamp without time zone"] {
            assert_eq!(Kind::of(other), Kind::Cast, "{other}");
        }
    }

    #[test]
    fn what_has_no_type_of_its_own_is_selected_as_text() {
        let column =
            |type_name: &str| Column { name: "a\"b".into(), type_name: type_name.into(), comment: None };
        assert_eq!(column("interval").expression(), "t.\"a\"\"b\"::text");
        assert_eq!(column("date").expression(), "t.\"a\"\"b\"");
    }
}
