//! Values of one column, as they come out of Parquet.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};
use jiff::civil::Date;

use crate::dataset::{Values, Words};
use crate::feature::{Feature, Way, step, years};
use crate::month::Month;

const DAY: i64 = 86_400_000_000;

/// Values in the order in which they were read.
pub enum Cells {
    /// Numbers, already as they are kept.
    Numbers(Vec<f32>),
    /// Words by number, 0 for none. All are kept until the order is known: the rarest are put together by who comes first.
    Words {
        /// Of each loan.
        codes: Vec<u32>,
        /// The word of code 1 comes first.
        words: Vec<Arc<str>>,
        /// The same by word.
        known: HashMap<Arc<str>, u32>,
    },
}

impl Cells {
    /// None yet.
    pub fn new(feature: &Feature) -> Self {
        match feature.way {
            Way::Word => Self::Words { codes: Vec::new(), words: Vec::new(), known: HashMap::new() },
            _ => Self::Numbers(Vec::new()),
        }
    }

    /// Appends the chosen rows of a batch; says what is wrong if the column is of another type than its way is made for.
    pub fn take(
        &mut self,
        way: Way,
        array: &ArrayRef,
        chosen: &[usize],
        months: &[Month],
        calendar: &mut Calendar,
    ) -> Result<(), String> {
        match self {
            Self::Words { codes, words, known } => {
                let texts = texts(array)?;
                for &row in chosen {
                    codes.push(texts[row].map_or(0, |word| code(word, words, known)));
                }
            }
            Self::Numbers(numbers) => match way {
                Way::Age => {
                    let days = days(array)?;
                    for (&row, issued) in chosen.iter().zip(months) {
                        numbers.push(match days[row] {
                            Some(day) => (issued.0 - calendar.month(day)?.0) as f32,
                            None => f32::NAN,
                        });
                    }
                }
                Way::Number => {
                    let all = self::numbers(array)?;
                    numbers.extend(chosen.iter().map(|&row| all[row]));
                }
                Way::Length | Way::Step | Way::Years | Way::Word => {
                    let texts = texts(array)?;
                    let number = |text: Option<&str>| match way {
                        Way::Length => text.map_or(0.0, |text| text.chars().count() as f64 as f32),
                        Way::Step => text.and_then(step).unwrap_or(f32::NAN),
                        _ => text.and_then(years).unwrap_or(f32::NAN),
                    };
                    numbers.extend(chosen.iter().map(|&row| number(texts[row])));
                }
            },
        }
        Ok(())
    }

    /// As a dataset has them. `order` says which row comes when; none where they are in order.
    pub fn finish(self, order: Option<&[u32]>) -> Values {
        match self {
            Self::Numbers(numbers) => Values::Numbers(ordered(numbers, order)),
            Self::Words { codes, words, .. } => {
                let mut ended = Words::default();
                for code in ordered(codes, order) {
                    let word = (code as usize).checked_sub(1).map(|position| &*words[position]);
                    ended.push(word);
                }
                Values::Words(ended)
            }
        }
    }
}

/// Values by another order.
pub fn ordered<T: Copy>(values: Vec<T>, order: Option<&[u32]>) -> Vec<T> {
    match order {
        None => values,
        Some(order) => order.iter().map(|&row| values[row as usize]).collect(),
    }
}

fn code(word: &str, words: &mut Vec<Arc<str>>, known: &mut HashMap<Arc<str>, u32>) -> u32 {
    if let Some(code) = known.get(word) {
        return *code;
    }
    let word = Arc::<str>::from(word);
    words.push(Arc::clone(&word));
    let code = words.len() as u32;
    known.insert(word, code);
    code
}

/// Days since 1970, made months.
#[derive(Default)]
pub struct Calendar(HashMap<i32, Month>);

impl Calendar {
    /// The month of a day.
    pub fn month(&mut self, day: i32) -> Result<Month, String> {
        if let Some(month) = self.0.get(&day) {
            return Ok(*month);
        }
        let date =
            jiff::Span::new().try_days(day).and_then(|days| Date::constant(1970, 1, 1).checked_add(days));
        let date = date.map_err(|error| format!("day {day} is no date: {error}"))?;
        let month = Month(i32::from(date.year()) * 12 + i32::from(date.month()) - 1);
        self.0.insert(day, month);
        Ok(month)
    }
}

/// Dates as days since 1970.
pub fn days(array: &ArrayRef) -> Result<Vec<Option<i32>>, String> {
    match array.data_type() {
        DataType::Date32 => Ok(array.as_primitive::<Date32Type>().iter().collect()),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            let times = array.as_primitive::<TimestampMicrosecondType>().iter();
            Ok(times.map(|time| time.and_then(|time| i32::try_from(time.div_euclid(DAY)).ok())).collect())
        }
        other => Err(format!("is {other}, and should be a date")),
    }
}

/// Texts.
pub fn texts(array: &ArrayRef) -> Result<Vec<Option<&str>>, String> {
    match array.data_type() {
        DataType::Utf8 => Ok(array.as_string::<i32>().iter().collect()),
        DataType::LargeUtf8 => Ok(array.as_string::<i64>().iter().collect()),
        DataType::Utf8View => Ok(array.as_string_view().iter().collect()),
        other => Err(format!("is {other}, and should be a text")),
    }
}

/// Numbers as Postgres' `::float8` gives them, and then as they are kept.
fn numbers(array: &ArrayRef) -> Result<Vec<f32>, String> {
    fn all<T: ArrowPrimitiveType>(array: &ArrayRef, number: impl Fn(T::Native) -> f64) -> Vec<f32> {
        let values = array.as_primitive::<T>().iter();
        values.map(|value| value.map_or(f32::NAN, |value| number(value) as f32)).collect()
    }
    Ok(match array.data_type() {
        DataType::Int8 => all::<Int8Type>(array, f64::from),
        DataType::Int16 => all::<Int16Type>(array, f64::from),
        DataType::Int32 => all::<Int32Type>(array, f64::from),
        DataType::Int64 => all::<Int64Type>(array, |number| number as f64),
        DataType::Float32 => all::<Float32Type>(array, f64::from),
        DataType::Float64 => all::<Float64Type>(array, |number| number),
        // Both sides are exact as long as a number has fewer than 16 digits, so the quotient is the nearest there is.
        DataType::Decimal128(_, scale) => {
            let unit = 10_f64.powi(i32::from(*scale));
            all::<Decimal128Type>(array, |number| number as f64 / unit)
        }
        DataType::Boolean => {
            let values = array.as_boolean().iter();
            values.map(|value| value.map_or(f32::NAN, |value| f32::from(u8::from(value)))).collect()
        }
        other => return Err(format!("is {other}, and should be a number")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{Decimal128Array, StringArray};

    #[test]
    fn days_have_months() {
        let mut calendar = Calendar::default();
        let month = |calendar: &mut Calendar, day| calendar.month(day).map(|month| month.to_string());
        assert_eq!(month(&mut calendar, 0).unwrap(), "1970-01");
        assert_eq!(month(&mut calendar, -1).unwrap(), "1969-12");
        assert_eq!(month(&mut calendar, 15_310).unwrap(), "2011-12");
        assert!(month(&mut calendar, i32::MAX).is_err());
    }

    #[test]
    fn decimals_are_the_nearest_number_and_what_is_not_there_is_none() {
        let array = Decimal128Array::from(vec![Some(1065), None, Some(-5), Some(99_999_999_999_999)]);
        let array: ArrayRef = Arc::new(array.with_precision_and_scale(14, 2).unwrap());
        let found = numbers(&array).unwrap();
        assert_eq!((found[0], found[2], found[3]), (10.65, -0.05, 999_999_999_999.99_f64 as f32));
        assert!(found[1].is_nan());
        assert!(days(&array).is_err() && texts(&array).is_err());
    }

    #[test]
    fn words_are_numbered_in_the_order_of_the_loans() {
        let mut cells = Cells::Words { codes: Vec::new(), words: Vec::new(), known: HashMap::new() };
        let array: ArrayRef = Arc::new(StringArray::from(vec![Some("B"), None, Some("A"), Some("B")]));
        let months = [Month(0); 4];
        cells.take(Way::Word, &array, &[0, 1, 2, 3], &months, &mut Calendar::default()).unwrap();
        let Values::Words(words) = cells.finish(Some(&[2, 0, 1, 3])) else { panic!("words are words") };
        assert_eq!((words.codes, words.words), (vec![1, 2, 0, 2], vec!["A".to_owned(), "B".to_owned()]));
    }
}
