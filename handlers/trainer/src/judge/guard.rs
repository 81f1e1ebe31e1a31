//! Watches for features that know the outcome: by name, and by what they can do alone.

use crate::dataset::{Dataset, Values};
use crate::error::Error;
use crate::feature::Catalogue;
use crate::judge::ranking::separation;
use crate::split::Period;

/// No honest feature of a loan separates good from bad so well by itself; the lender's own grade reaches 0.67.
const TOO_GOOD: f64 = 0.85;

/// Where so many outcomes are still unknown, those that are known are not a fair sample: loans that fail do so early, and
/// those that are paid back take their whole term.
const MANY_UNKNOWN: f64 = 0.1;

/// Refuses columns that are listed as leaking.
pub fn refuse_leaks(catalogue: &Catalogue) -> Result<(), Error> {
    let leaks = |name: &String| catalogue.features.iter().any(|feature| feature.name == *name);
    let columns = catalogue.leaking.iter().filter(|(name, _)| leaks(name)).cloned().collect::<Vec<_>>();
    if columns.is_empty() { Ok(()) } else { Err(Error::Leak { columns }) }
}

/// Warns of columns, listed or not, that do too well alone.
pub fn suspicious(dataset: &Dataset, rows: &[usize]) -> Vec<String> {
    let bad = dataset.outcomes(rows);
    let mut warnings = Vec::new();
    for column in &dataset.columns {
        let scores = match &column.values {
            Values::Numbers(numbers) => {
                let known = rows.iter().map(|&row| f64::from(numbers[row])).collect::<Vec<_>>();
                // Whether a value is there at all may tell as much as the value: only failed loans have recoveries.
                let present = known.iter().map(|number| f64::from(u8::from(number.is_nan()))).collect();
                vec![known, present]
            }
            Values::Words(words) => {
                let mut shares = vec![(0.0, 0.0); words.words.len() + 1];
                for (&row, bad) in rows.iter().zip(&bad) {
                    let share = &mut shares[usize::from(words.codes[row])];
                    share.0 += f64::from(u8::from(*bad));
                    share.1 += 1.0;
                }
                vec![
                    rows.iter()
                        .map(|&row| {
                            let (bad, all) = shares[usize::from(words.codes[row])];
                            bad / all
                        })
                        .collect(),
                ]
            }
        };
        let auc = scores.iter().map(|scores| separation(scores, &bad)).fold(0.5, f64::max);
        if auc > TOO_GOOD {
            warnings.push(format!(
                "{} alone has an AUC of {auc:.3}, more than {TOO_GOOD}: was it really known when the loan was issued? If not, \
                 add it to mart.leaking_columns",
                column.name
            ));
        }
    }
    warnings
}

/// Warns of periods in which many outcomes are not yet known.
pub fn censored(periods: &[Period]) -> Vec<String> {
    let names = ["training", "validation", "test"];
    let share = |period: &Period| period.unknown as f64 / (period.unknown + period.rows).max(1) as f64;
    let many = periods.iter().zip(names).filter(|(period, _)| share(period) > MANY_UNKNOWN);
    many.map(|(period, name)| {
        format!(
            "{:.0} % of the loans of the {name} period ({} to {}) have no outcome yet; those that have one are not a fair \
             sample, so choose an earlier period",
            share(period) * 100.0,
            period.first,
            period.last
        )
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Column, Key, Words};
    use crate::month::Month;

    fn dataset(values: Values) -> Dataset {
        Dataset {
            keys: vec![Key([0; 16]); 200],
            months: vec![Month(0); 200],
            labels: (0..200).map(|row| Some(row % 5 == 0)).collect(),
            columns: vec![Column {
                name: "recoveries".into(),
                sources: vec!["recoveries".into()],
                comment: String::new(),
                values,
            }],
        }
    }

    #[test]
    fn what_knows_the_outcome_is_suspicious_by_its_value_its_absence_or_its_word() {
        let rows = (0..200).collect::<Vec<_>>();
        let numbers = |number: fn(usize) -> f32| Values::Numbers((0..200).map(number).collect());
        let mut words = Words::default();
        (0..200).for_each(|row| words.push(Some(if row % 5 == 0 { "late" } else { "fine" })));
        for values in [
            numbers(|row| if row % 5 == 0 { 0.0 } else { row as f32 }),
            numbers(|row| if row % 5 == 0 { 1.0 } else { f32::NAN }),
            Values::Words(words),
        ] {
            let warnings = suspicious(&dataset(values), &rows);
            assert!(warnings[0].starts_with("recoveries alone has an AUC of 1.000"), "{warnings:?}");
        }
        assert!(suspicious(&dataset(numbers(|row| (row % 7) as f32)), &rows).is_empty());
    }

    #[test]
    fn a_period_with_many_open_loans_is_no_fair_sample() {
        let period = |unknown| Period { first: Month(24132), last: Month(24143), rows: 90, bad: 9, unknown };
        assert!(censored(&[period(0), period(9), period(10)]).is_empty());
        let warnings = censored(&[period(0), period(0), period(30)]);
        assert!(
            warnings[0].starts_with("25 % of the loans of the test period (2011-01 to 2011-12)"),
            "{warnings:?}"
        );
    }
}
