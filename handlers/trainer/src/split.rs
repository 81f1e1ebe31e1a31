//! Three periods, one after the other: a model is tuned and tested on loans that were issued after those it learned from.

use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;
use crate::error::Error;
use crate::month::Month;

/// Fewer good or bad loans than this in a period, and its figures would be noise.
const FEWEST: usize = 25;

/// The share of the labelled loans that comes before the test, where nobody says otherwise.
const BEFORE_TEST: f64 = 0.8;

/// The share of those that comes before validation.
const BEFORE_VALIDATION: f64 = 0.75;

/// Where the periods begin, as far as the user says.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Bounds {
    /// First month of validation.
    pub validate_from: Option<Month>,
    /// First month of the test.
    pub test_from: Option<Month>,
    /// First month after the test.
    pub test_until: Option<Month>,
}

/// Rows of each period, all with a known outcome.
#[derive(Clone, Debug)]
pub struct Split {
    /// To learn from.
    pub train: Vec<usize>,
    /// To tune and calibrate on.
    pub validation: Vec<usize>,
    /// To judge by, once.
    pub test: Vec<usize>,
    /// First month of validation.
    pub validate_from: Month,
    /// First month of the test.
    pub test_from: Month,
    /// First month after the test.
    pub test_until: Month,
}

/// A period as the model card tells it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Period {
    /// First month with a loan.
    pub first: Month,
    /// Last month with a loan.
    pub last: Month,
    /// Loans with a known outcome.
    pub rows: usize,
    /// Bad ones among them.
    pub bad: usize,
    /// Loans left out since their outcome is not yet known.
    pub unknown: usize,
}

impl Split {
    /// Cuts the loans by month of issue. A month is never cut in two.
    pub fn new(dataset: &Dataset, bounds: Bounds) -> Result<Self, Error> {
        let mut months = dataset
            .months
            .iter()
            .zip(&dataset.labels)
            .filter_map(|(month, label)| label.map(|_| *month))
            .collect::<Vec<_>>();
        months.sort_unstable();
        let Some((&first, &last)) = months.first().zip(months.last()) else {
            return Err(Error::TooFew {
                period: "training",
                span: "no months".to_owned(),
                good: 0,
                bad: 0,
                needed: FEWEST,
                remedy: "load files with loans whose outcome is known",
            });
        };
        let quantile = |months: &[Month], share: f64| {
            months.get((months.len() as f64 * share) as usize).copied().unwrap_or(last)
        };
        let test_from = bounds.test_from.unwrap_or_else(|| quantile(&months, BEFORE_TEST));
        let earlier = &months[..months.partition_point(|month| *month < test_from)];
        let validate_from = bounds.validate_from.unwrap_or_else(|| quantile(earlier, BEFORE_VALIDATION));
        let test_until = bounds.test_until.unwrap_or(last.next());
        let ordered = first < validate_from && validate_from < test_from && test_from < test_until;
        if !ordered && bounds == Bounds::default() {
            return Err(Error::TooShort { first, last });
        }
        if !ordered {
            return Err(Error::Setting {
                name: "--validate-from",
                problem: format!(
                    "{validate_from}, --test-from {test_from} and --test-until {test_until} must follow each other, and the first \
                     loan with a known outcome ({first}) must come before them all"
                ),
            });
        }
        let rows = |from: Month, until: Month| {
            (0..dataset.len())
                .filter(|&row| {
                    let month = dataset.months[row];
                    dataset.labels[row].is_some() && from <= month && month < until
                })
                .collect::<Vec<_>>()
        };
        let split = Self {
            train: rows(first, validate_from),
            validation: rows(validate_from, test_from),
            test: rows(test_from, test_until),
            validate_from,
            test_from,
            test_until,
        };
        for (period, rows) in
            [("training", &split.train), ("validation", &split.validation), ("test", &split.test)]
        {
            let bad = dataset.outcomes(rows).into_iter().filter(|bad| *bad).count();
            let good = rows.len() - bad;
            if bad.min(good) < FEWEST {
                let span = match (rows.first(), rows.last()) {
                    (Some(&first), Some(&last)) => {
                        format!("{} to {}", dataset.months[first], dataset.months[last])
                    }
                    _ => "no months".to_owned(),
                };
                let remedy = "load more files, or move --validate-from and --test-from";
                return Err(Error::TooFew { period, span, good, bad, needed: FEWEST, remedy });
            }
        }
        Ok(split)
    }

    /// Everything before the test: what the final model learns from.
    pub fn before_test(&self) -> Vec<usize> {
        let mut rows = [self.train.as_slice(), &self.validation].concat();
        rows.sort_unstable();
        rows
    }

    /// The periods with their figures: training, validation, test.
    pub fn periods(&self, dataset: &Dataset) -> [Period; 3] {
        let start = dataset.months.first().copied().unwrap_or(self.validate_from);
        let period = |rows: &[usize], from: Month, until: Month| Period {
            first: rows.first().map_or(from, |&row| dataset.months[row]),
            last: rows.last().map_or(from, |&row| dataset.months[row]),
            rows: rows.len(),
            bad: dataset.outcomes(rows).into_iter().filter(|bad| *bad).count(),
            unknown: (0..dataset.len())
                .filter(|&row| {
                    let month = dataset.months[row];
                    dataset.labels[row].is_none() && from <= month && month < until
                })
                .count(),
        };
        [
            period(&self.train, start, self.validate_from),
            period(&self.validation, self.validate_from, self.test_from),
            period(&self.test, self.test_from, self.test_until),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Key;

    /// A hundred loans a month; every fourth is bad, every tenth open.
    fn dataset(months: i32) -> Dataset {
        let mut dataset = Dataset::default();
        for number in 0..months * 100 {
            dataset.keys.push(Key([0; 16]));
            dataset.months.push(Month(2008 * 12 + number / 100));
            dataset.labels.push((number % 10 != 0).then_some(number % 4 == 0));
        }
        dataset
    }

    #[test]
    fn periods_follow_each_other_and_open_loans_are_in_none() {
        let dataset = dataset(20);
        let split = Split::new(&dataset, Bounds::default()).unwrap();
        assert_eq!(split.validate_from.to_string(), "2009-01");
        assert_eq!(split.test_from.to_string(), "2009-05");
        let last = |rows: &[usize]| *rows.last().unwrap();
        assert!(last(&split.train) < split.validation[0] && last(&split.validation) < split.test[0]);
        assert_eq!(split.train.len() + split.validation.len() + split.test.len(), 20 * 90);
        assert!(
            split
                .before_test()
                .into_iter()
                .chain(split.test.clone())
                .all(|row| dataset.labels[row].is_some())
        );
        assert_eq!(split.periods(&dataset).map(|period| period.unknown), [120, 40, 40]);
    }

    #[test]
    fn what_the_user_says_counts() {
        let bounds = Bounds {
            test_from: Some("2009-01".parse().unwrap()),
            test_until: Some("2009-03".parse().unwrap()),
            ..Bounds::default()
        };
        let split = Split::new(&dataset(20), bounds).unwrap();
        assert_eq!((split.train.len(), split.validation.len(), split.test.len()), (810, 270, 180));
    }

    #[test]
    fn periods_without_enough_loans_are_refused() {
        let bounds = Bounds { test_from: Some("2008-01".parse().unwrap()), ..Bounds::default() };
        let error = Split::new(&dataset(20), bounds).unwrap_err().to_string();
        assert!(error.contains("must follow each other"), "{error}");
        let mut few = dataset(20);
        few.labels.iter_mut().skip(1700).for_each(|label| *label = label.map(|_| false));
        let error = Split::new(&few, Bounds::default()).unwrap_err().to_string();
        assert!(error.starts_with("the test period (2009-05 to 2009-08) has"), "{error}");
        assert!(Split::new(&Dataset::default(), Bounds::default()).is_err());
        let error = Split::new(&dataset(1), Bounds::default()).unwrap_err().to_string();
        assert!(error.contains("from 2008-01 to 2008-01: too few months"), "{error}");
    }
}
