//! How columns and scores were spread when a model learned, to notice when they move: the population stability index.

use serde::{Deserialize, Serialize};

use crate::dataset::{Dataset, Values};

/// Groups of equal size into which numbers are cut.
const GROUPS: usize = 10;

/// Words that are told apart; the rest are one group.
const MOST_WORDS: usize = 50;

/// Shares smaller than this count as this, or a single loan in an empty group would be infinitely far.
const LEAST: f64 = 1e-4;

/// Above this a shift is worth a look; the customary bounds are 0.1 and 0.25.
pub const NOTABLE: f64 = 0.1;
/// Above this it is large.
pub const LARGE: f64 = 0.25;

/// How loans are spread over groups.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Spread {
    name: String,
    groups: Groups,
    /// Share of the loans in each group.
    shares: Vec<f64>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Groups {
    /// Upper ends of all groups but the last; absent numbers are a group of their own at the end.
    Edges(Vec<f64>),
    /// One group a word, then the other words, then none.
    Words(Vec<String>),
}

/// How much something moved.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Shift {
    /// What.
    pub name: String,
    /// Population stability index: 0 if nothing moved.
    pub psi: f64,
}

impl Spread {
    /// Of numbers.
    pub fn of_numbers(name: &str, numbers: &[f64]) -> Self {
        let mut sorted = numbers.iter().copied().filter(|number| !number.is_nan()).collect::<Vec<_>>();
        sorted.sort_by(f64::total_cmp);
        let mut edges = (1..GROUPS)
            .filter_map(|group| sorted.get(sorted.len() * group / GROUPS).copied())
            .collect::<Vec<_>>();
        edges.dedup();
        let groups = Groups::Edges(edges);
        let shares = groups.shares_of_numbers(numbers);
        Self { name: name.to_owned(), groups, shares }
    }

    /// Of a column's values in some rows.
    pub fn of_column(dataset: &Dataset, name: &str, rows: &[usize]) -> Option<Self> {
        let column = dataset.column(name)?;
        match &column.values {
            Values::Numbers(_) => Some(Self::of_numbers(name, &numbers(dataset, name, rows)?)),
            Values::Words(words) => {
                let mut counts = vec![0_usize; words.words.len() + 1];
                rows.iter().for_each(|&row| counts[usize::from(words.codes[row])] += 1);
                let mut kept = (1..counts.len()).filter(|&code| counts[code] > 0).collect::<Vec<_>>();
                kept.sort_by_key(|&code| (std::cmp::Reverse(counts[code]), &words.words[code - 1]));
                kept.truncate(MOST_WORDS);
                let kept = kept.into_iter().map(|code| words.words[code - 1].clone()).collect();
                let groups = Groups::Words(kept);
                let shares = groups.shares_of_words(dataset, name, rows);
                Some(Self { name: name.to_owned(), groups, shares })
            }
        }
    }

    /// How far numbers have moved from it.
    pub fn shift_of_numbers(&self, numbers: &[f64]) -> Shift {
        self.shift(&self.groups.shares_of_numbers(numbers))
    }

    /// How far a column's values in some rows have moved from it.
    pub fn shift_of_column(&self, dataset: &Dataset, rows: &[usize]) -> Shift {
        let shares = match &self.groups {
            Groups::Edges(_) => {
                let absent = || vec![f64::NAN; rows.len()];
                self.groups.shares_of_numbers(&numbers(dataset, &self.name, rows).unwrap_or_else(absent))
            }
            Groups::Words(_) => self.groups.shares_of_words(dataset, &self.name, rows),
        };
        self.shift(&shares)
    }

    fn shift(&self, shares: &[f64]) -> Shift {
        let psi = self.shares.iter().zip(shares).map(|(before, now)| {
            let (before, now) = (before.max(LEAST), now.max(LEAST));
            (now - before) * (now / before).ln()
        });
        Shift { name: self.name.clone(), psi: psi.sum() }
    }
}

impl Groups {
    fn shares_of_numbers(&self, numbers: &[f64]) -> Vec<f64> {
        let Self::Edges(edges) = self else { return Vec::new() };
        let mut counts = vec![0.0; edges.len() + 2];
        for number in numbers {
            let group = match number.is_nan() {
                true => edges.len() + 1,
                false => edges.partition_point(|edge| edge < number),
            };
            counts[group] += 1.0;
        }
        counts.iter().map(|count| count / numbers.len().max(1) as f64).collect()
    }

    fn shares_of_words(&self, dataset: &Dataset, name: &str, rows: &[usize]) -> Vec<f64> {
        let Self::Words(kept) = self else { return Vec::new() };
        let mut counts = vec![0.0; kept.len() + 2];
        let (others, none) = (kept.len(), kept.len() + 1);
        match dataset.words(name) {
            None => counts[none] = rows.len() as f64,
            Some(words) => {
                let group = |word: &String| kept.iter().position(|kept| kept == word).unwrap_or(others);
                let groups = words.words.iter().map(group).collect::<Vec<_>>();
                for &row in rows {
                    let code = usize::from(words.codes[row]);
                    counts[code.checked_sub(1).map_or(none, |position| groups[position])] += 1.0;
                }
            }
        }
        counts.iter().map(|count| count / rows.len().max(1) as f64).collect()
    }
}

fn numbers(dataset: &Dataset, name: &str, rows: &[usize]) -> Option<Vec<f64>> {
    let numbers = dataset.numbers(name)?;
    Some(rows.iter().map(|&row| f64::from(numbers[row])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Column, Words};

    #[test]
    fn what_stays_has_no_index_and_what_moves_has_one() {
        let before = (0..1000).map(f64::from).collect::<Vec<_>>();
        let spread = Spread::of_numbers("dti", &before);
        assert_eq!(spread.shift_of_numbers(&before).psi, 0.0);
        let moved = before.iter().map(|number| number + 100.0).collect::<Vec<_>>();
        let moved = spread.shift_of_numbers(&moved).psi;
        assert!((0.1..2.0).contains(&moved), "{moved}");
        let absent = before.iter().map(|&n| if n < 300.0 { f64::NAN } else { n }).collect::<Vec<_>>();
        assert!(spread.shift_of_numbers(&absent).psi > LARGE);
    }

    #[test]
    fn the_index_is_the_sum_of_the_textbook() {
        let spread =
            Spread { name: "x".into(), groups: Groups::Edges(vec![1.0]), shares: vec![0.5, 0.5, 0.0] };
        let psi = spread.shift_of_numbers(&[0.0, 2.0, 2.0, 2.0]).psi;
        let expected = (0.25 - 0.5) * (0.25_f64 / 0.5).ln() + (0.75 - 0.5) * (0.75_f64 / 0.5).ln();
        assert!((psi - expected).abs() < 1e-12, "{psi} is not {expected}");
    }

    #[test]
    fn new_words_are_a_group() {
        let dataset = |second: &str| {
            let mut words = Words::default();
            (0..100).for_each(|row| words.push(Some(if row % 2 == 0 { "RENT" } else { second })));
            let values = Values::Words(words);
            let column = Column { name: "home".into(), sources: Vec::new(), comment: String::new(), values };
            Dataset { columns: vec![column], ..Dataset::default() }
        };
        let rows = (0..100).collect::<Vec<_>>();
        let spread = Spread::of_column(&dataset("OWN"), "home", &rows).unwrap();
        assert_eq!(spread.shift_of_column(&dataset("OWN"), &rows).psi, 0.0);
        assert!(spread.shift_of_column(&dataset("BOAT"), &rows).psi > LARGE);
        assert!(spread.shift_of_column(&Dataset::default(), &rows).psi > LARGE);
    }
}
