//! From columns to the numbers that a model works with. What it needs to know, it learns from the training period alone.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::dataset::{Dataset, Values};

/// A word is told apart if at least this share of the loans has it; the others are one.
const RAREST_WORD: f64 = 0.005;

/// An absence is told apart if at least this share of the loans, and not all, has it.
const RAREST_ABSENCE: f64 = 0.005;

/// Numbers beyond these quantiles are taken for the quantile: one income of a million would bend a straight line.
const TAILS: [f64; 2] = [0.005, 0.995];

/// Beyond this skewness, positive numbers are taken by their logarithm.
const SKEWED: f64 = 2.0;

/// How columns become inputs.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Encoder {
    numbers: Vec<Number>,
    words: Vec<Word>,
    /// Columns that say nothing about any loan in training: empty, or always the same.
    pub silent: Vec<String>,
}

/// A column with numbers.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Number {
    column: String,
    low: f64,
    high: f64,
    logarithm: bool,
    mean: f64,
    deviation: f64,
    absence: bool,
}

/// A word of a column, to be told apart from the others.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Word {
    column: String,
    word: String,
}

impl Encoder {
    /// Learns from some rows.
    pub fn learn(dataset: &Dataset, rows: &[usize], without: &[&str]) -> Self {
        let mut encoder = Self { numbers: Vec::new(), words: Vec::new(), silent: Vec::new() };
        for column in &dataset.columns {
            if column.sources.iter().any(|source| without.contains(&source.as_str())) {
                continue;
            }
            let before = encoder.numbers.len() + encoder.words.len();
            match &column.values {
                Values::Numbers(numbers) => {
                    encoder.numbers.extend(Number::learn(&column.name, numbers, rows))
                }
                Values::Words(words) => {
                    let mut counts = vec![0_usize; words.words.len() + 1];
                    rows.iter().for_each(|&row| counts[usize::from(words.codes[row])] += 1);
                    let common = |count: usize| {
                        count as f64 >= RAREST_WORD * rows.len() as f64 && 0 < count && count < rows.len()
                    };
                    let mut kept = (1..counts.len())
                        .filter(|&code| common(counts[code]))
                        .map(|code| Word { column: column.name.clone(), word: words.words[code - 1].clone() })
                        .collect::<Vec<_>>();
                    kept.sort_by(|one, other| one.word.cmp(&other.word));
                    encoder.words.extend(kept);
                }
            }
            if before == encoder.numbers.len() + encoder.words.len() {
                encoder.silent.push(column.name.clone());
            }
        }
        encoder
    }

    /// Names of the columns that are used, each once.
    pub fn columns(&self) -> Vec<String> {
        let mut names = self.numbers.iter().map(|number| number.column.clone()).collect::<Vec<_>>();
        names.extend(self.words.iter().map(|word| word.column.clone()));
        names.dedup();
        names
    }

    /// The column behind each input of the linear model.
    pub fn linear_columns(&self) -> Vec<&str> {
        let numbers = self.numbers.iter().map(|number| number.column.as_str());
        let absences =
            self.numbers.iter().filter(|number| number.absence).map(|number| number.column.as_str());
        numbers.chain(absences).chain(self.words.iter().map(|word| word.column.as_str())).collect()
    }

    /// What each input of the linear model stands for.
    pub fn linear_names(&self) -> Vec<String> {
        let numbers = self.numbers.iter().map(|number| match number.logarithm {
            true => format!("log of {}", number.column),
            false => number.column.clone(),
        });
        let absences = self.numbers.iter().filter(|number| number.absence);
        let absences = absences.map(|number| format!("{} is missing", number.column));
        numbers
            .chain(absences)
            .chain(self.words.iter().map(|word| format!("{} is {}", word.column, word.word)))
            .collect()
    }

    /// Inputs of the linear model, a row per loan: all about as large as each other, none absent.
    pub fn linear(&self, dataset: &Dataset, rows: &[usize]) -> Array2<f64> {
        let mut matrix = Array2::zeros((rows.len(), self.linear_columns().len()));
        let mut position = 0;
        for number in &self.numbers {
            let Some(numbers) = dataset.numbers(&number.column) else {
                position += 1;
                continue;
            };
            for (target, &row) in matrix.column_mut(position).iter_mut().zip(rows) {
                *target = number.standardised(numbers[row]);
            }
            position += 1;
        }
        for number in self.numbers.iter().filter(|number| number.absence) {
            let numbers = dataset.numbers(&number.column);
            for (target, &row) in matrix.column_mut(position).iter_mut().zip(rows) {
                *target = f64::from(u8::from(numbers.is_none_or(|numbers| numbers[row].is_nan())));
            }
            position += 1;
        }
        for word in &self.words {
            let code = word.code(dataset);
            for (target, &row) in matrix.column_mut(position).iter_mut().zip(rows) {
                *target = f64::from(u8::from(code.is_some_and(|(codes, code)| codes[row] == code)));
            }
            position += 1;
        }
        matrix
    }

    /// The column behind each input of the trees.
    pub fn tree_columns(&self) -> Vec<&str> {
        let numbers = self.numbers.iter().map(|number| number.column.as_str());
        numbers.chain(self.words.iter().map(|word| word.column.as_str())).collect()
    }

    /// Inputs of the trees, column after column: numbers as they are, NaN for none. Trees need no scale, and find absences themselves.
    pub fn trees(&self, dataset: &Dataset, rows: &[usize]) -> Vec<f64> {
        let mut matrix = Vec::with_capacity(rows.len() * (self.numbers.len() + self.words.len()));
        for number in &self.numbers {
            match dataset.numbers(&number.column) {
                Some(numbers) => matrix.extend(rows.iter().map(|&row| f64::from(numbers[row]))),
                None => matrix.extend(rows.iter().map(|_| f64::NAN)),
            }
        }
        for word in &self.words {
            let code = word.code(dataset);
            matrix.extend(
                rows.iter()
                    .map(|&row| f64::from(u8::from(code.is_some_and(|(codes, code)| codes[row] == code)))),
            );
        }
        matrix
    }
}

impl Number {
    fn learn(column: &str, numbers: &[f32], rows: &[usize]) -> Option<Self> {
        let mut known = rows
            .iter()
            .map(|&row| f64::from(numbers[row]))
            .filter(|number| number.is_finite())
            .collect::<Vec<_>>();
        known.sort_by(f64::total_cmp);
        let (first, last) = (*known.first()?, *known.last()?);
        let absent = 1.0 - known.len() as f64 / rows.len() as f64;
        let absence = RAREST_ABSENCE <= absent;
        if first == last && !absence {
            return None;
        }
        let quantile = |share: f64| known[((known.len() - 1) as f64 * share).round() as usize];
        let [mut low, mut high] = TAILS.map(quantile);
        // Rare events, such as bankruptcies, are all in the tail.
        if low == high {
            (low, high) = (first, last);
        }
        let clipped = known.iter().map(|number| number.clamp(low, high)).collect::<Vec<_>>();
        let logarithm = low >= 0.0 && skewness(&clipped) > SKEWED;
        let transformed = clipped.iter().map(|&number| if logarithm { number.ln_1p() } else { number });
        let (mean, deviation) = moments(&transformed.collect::<Vec<_>>());
        let deviation = if deviation > 0.0 { deviation } else { 1.0 };
        Some(Self { column: column.to_owned(), low, high, logarithm, mean, deviation, absence })
    }

    fn standardised(&self, number: f32) -> f64 {
        if !number.is_finite() {
            return 0.0;
        }
        let number = f64::from(number).clamp(self.low, self.high);
        let number = if self.logarithm { number.ln_1p() } else { number };
        (number - self.mean) / self.deviation
    }
}

impl Word {
    fn code<'a>(&self, dataset: &'a Dataset) -> Option<(&'a [u16], u16)> {
        let words = dataset.words(&self.column)?;
        let position = words.words.iter().position(|word| *word == self.word)?;
        Some((&words.codes, position as u16 + 1))
    }
}

fn moments(numbers: &[f64]) -> (f64, f64) {
    let count = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let variance = numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / count;
    (mean, variance.sqrt())
}

fn skewness(numbers: &[f64]) -> f64 {
    let (mean, deviation) = moments(numbers);
    if deviation == 0.0 {
        return 0.0;
    }
    numbers.iter().map(|number| ((number - mean) / deviation).powi(3)).sum::<f64>() / numbers.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Column, Key, Words};
    use crate::month::Month;

    fn column(name: &str, values: Values) -> Column {
        Column { name: name.to_owned(), sources: vec![name.to_owned()], comment: String::new(), values }
    }

    fn dataset() -> Dataset {
        let mut words = Words::default();
        (0..100).for_each(|row| words.push([Some("RENT"), Some("OWN"), None][row % 3]));
        let numbers = (0..100).map(|row| if row % 4 == 0 { f32::NAN } else { row as f32 }).collect();
        let skewed = (0..100).map(|row| if row < 95 { 1.0 } else { 10_f32.powi(row - 92) }).collect();
        Dataset {
            keys: vec![Key([0; 16]); 100],
            months: vec![Month(0); 100],
            labels: vec![Some(false); 100],
            columns: vec![
                column("dti", Values::Numbers(numbers)),
                column("always", Values::Numbers(vec![1.0; 100])),
                column("income", Values::Numbers(skewed)),
                column("home", Values::Words(words)),
            ],
        }
    }

    #[test]
    fn inputs_are_named_and_what_says_nothing_is_left_out() {
        let (dataset, rows) = (dataset(), (0..100).collect::<Vec<_>>());
        let encoder = Encoder::learn(&dataset, &rows, &[]);
        assert_eq!(
            encoder.linear_names(),
            ["dti", "log of income", "dti is missing", "home is OWN", "home is RENT"]
        );
        assert_eq!(encoder.silent, ["always"]);
        assert_eq!(Encoder::learn(&dataset, &rows, &["dti"]).columns(), ["income", "home"]);
    }

    #[test]
    fn the_linear_inputs_are_standardised_and_complete() {
        let (dataset, rows) = (dataset(), (0..100).collect::<Vec<_>>());
        let matrix = Encoder::learn(&dataset, &rows, &[]).linear(&dataset, &rows);
        assert!(matrix.iter().all(|number| number.is_finite()));
        let known = (0..100).filter(|row| row % 4 != 0).map(|row| matrix[[row, 0]]).collect::<Vec<_>>();
        let (mean, deviation) = moments(&known);
        assert!(mean.abs() < 1e-9 && (deviation - 1.0).abs() < 1e-9, "{mean} {deviation}");
        assert_eq!((matrix[[4, 0]], matrix[[4, 2]], matrix[[5, 2]]), (0.0, 1.0, 0.0));
        assert_eq!((matrix[[0, 4]], matrix[[1, 3]], matrix[[2, 3]]), (1.0, 1.0, 0.0));
    }

    #[test]
    fn only_the_given_rows_are_learned_from() {
        let mut dataset = dataset();
        let rows = (0..50).collect::<Vec<_>>();
        let before = serde_json::to_string(&Encoder::learn(&dataset, &rows, &[])).unwrap();
        if let Values::Numbers(numbers) = &mut dataset.columns[0].values {
            numbers[50..].fill(1e6);
        }
        assert_eq!(serde_json::to_string(&Encoder::learn(&dataset, &rows, &[])).unwrap(), before);
    }

    #[test]
    fn a_column_that_is_gone_counts_as_absent() {
        let (mut dataset, rows) = (dataset(), (0..100).collect::<Vec<_>>());
        let encoder = Encoder::learn(&dataset, &rows, &[]);
        dataset.columns.clear();
        assert_eq!(encoder.linear(&dataset, &[0]).row(0).to_vec(), [0.0, 0.0, 1.0, 0.0, 0.0]);
        assert!(encoder.trees(&dataset, &[0])[0].is_nan());
    }
}
