//! The test cut into groups: by score, by the lender's grade, by time.

use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;
use crate::judge::bootstrap::{Interval, resample};
use crate::judge::curve::Fit;
use crate::judge::ranking::Ranking;

/// Fewer years than this are told by quarter.
const FEW_YEARS: usize = 3;

/// A group of the test.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Group {
    /// For a table.
    pub name: String,
    /// Loans.
    pub rows: usize,
    /// Bad ones.
    pub bad: usize,
    /// Mean probability.
    pub expected: f64,
    /// Share of bad loans.
    pub found: Interval,
    /// That share over the share of the whole test.
    pub lift: Interval,
    /// AUC within the group; none where the groups are made of the scores.
    pub auc: Option<Interval>,
}

/// A group as positions in the test.
pub struct Positions {
    /// For a table.
    pub name: String,
    /// Which loans of the test.
    pub positions: Vec<u32>,
}

/// Ten groups by score, the riskiest first.
pub fn by_decile(ranking: &Ranking) -> Vec<Positions> {
    let loans = ranking.order.len();
    (0..10)
        .map(|decile| Positions {
            name: format!("{}", decile + 1),
            positions: ranking.order[loans * decile / 10..loans * (decile + 1) / 10].to_vec(),
        })
        .collect()
}

/// By the lender's grade.
pub fn by_grade(dataset: &Dataset, test: &[usize]) -> Vec<Positions> {
    let Some(words) = dataset.words("grade") else { return Vec::new() };
    by_name(test, |row| words.word(row).unwrap_or("none").to_owned())
}

/// By year of issue, or by quarter where there are few years.
pub fn by_time(dataset: &Dataset, test: &[usize]) -> Vec<Positions> {
    let years = by_name(test, |row| dataset.months[row].year().to_string());
    if years.len() >= FEW_YEARS {
        return years;
    }
    by_name(test, |row| {
        let month = dataset.months[row];
        format!("{} Q{}", month.year(), month.quarter())
    })
}

fn by_name(test: &[usize], name: impl Fn(usize) -> String) -> Vec<Positions> {
    let mut groups: Vec<Positions> = Vec::new();
    for (position, &row) in test.iter().enumerate() {
        let name = name(row);
        match groups.iter_mut().find(|group| group.name == name) {
            Some(group) => group.positions.push(position as u32),
            None => groups.push(Positions { name, positions: vec![position as u32] }),
        }
    }
    groups.sort_by(|one, other| one.name.cmp(&other.name));
    groups
}

/// Figures of groups, with the intervals that resampling the whole test gives.
pub fn judge(
    groups: Vec<Positions>,
    probabilities: &[f64],
    bad: &[bool],
    within: bool,
    resamples: usize,
    seed: u64,
) -> Vec<Group> {
    let rankings = groups
        .iter()
        .map(|group| {
            let of = |position: &u32| (probabilities[*position as usize], bad[*position as usize]);
            let (probabilities, bad): (Vec<f64>, Vec<bool>) = group.positions.iter().map(of).unzip();
            Ranking::new(&probabilities, &bad)
        })
        .collect::<Vec<_>>();
    let share = |positions: &[u32], weight: &dyn Fn(u32) -> f64| {
        let (mut all, mut of_bad) = (0.0, 0.0);
        for &position in positions {
            all += weight(position);
            of_bad += if bad[position as usize] { weight(position) } else { 0.0 };
        }
        of_bad / all
    };
    let everything = (0..bad.len() as u32).collect::<Vec<_>>();
    let once = |_: u32| 1.0;
    let whole = share(&everything, &once);
    let resampled = resample(bad.len(), resamples, seed, |counts| {
        let weight = |position: u32| f64::from(counts[position as usize]);
        let whole = share(&everything, &weight);
        let figures = groups.iter().zip(&rankings).map(|(group, ranking)| {
            let found = share(&group.positions, &weight);
            let auc = if within {
                ranking.measure_weighted(|row| weight(group.positions[row as usize])).auc
            } else {
                f64::NAN
            };
            (found, found / whole, auc)
        });
        figures.collect::<Vec<_>>()
    });
    groups
        .iter()
        .zip(&rankings)
        .enumerate()
        .map(|(number, (group, ranking))| {
            let found = share(&group.positions, &once);
            let of = |figure: fn(&(f64, f64, f64)) -> f64| {
                resampled.iter().map(|figures| figure(&figures[number])).collect::<Vec<_>>()
            };
            let rows = group.positions.len();
            Group {
                name: group.name.clone(),
                rows,
                bad: ranking.bad.iter().filter(|bad| **bad).count(),
                expected: ranking.probabilities.iter().sum::<f64>() / rows.max(1) as f64,
                found: Interval::new(found, of(|figures| figures.0)),
                lift: Interval::new(found / whole, of(|figures| figures.1)),
                auc: within
                    .then(|| Interval::new(ranking.measure().auc, of(|figures| figures.2)))
                    .filter(|auc| auc.figure.is_finite()),
            }
        })
        .collect()
}

/// The calibration curve.
pub fn calibration(
    groups: Vec<Vec<u32>>,
    probabilities: &[f64],
    bad: &[bool],
    resamples: usize,
    seed: u64,
) -> Vec<Fit> {
    let named = |positions| Positions { name: String::new(), positions };
    let groups = judge(groups.into_iter().map(named).collect(), probabilities, bad, false, resamples, seed);
    groups
        .into_iter()
        .map(|group| Fit { expected: group.expected, found: group.found, rows: group.rows })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deciles_of_a_perfect_score_hold_all_bad_loans_first() {
        let probabilities = (0..1000).map(|row| f64::from(row) / 1000.0).collect::<Vec<_>>();
        let bad = (0..1000).map(|row| row >= 800).collect::<Vec<_>>();
        let ranking = Ranking::new(&probabilities, &bad);
        let groups = judge(by_decile(&ranking), &probabilities, &bad, false, 200, 1);
        let lifts = groups.iter().map(|group| group.lift.figure).collect::<Vec<_>>();
        assert_eq!(lifts[..3], [5.0, 5.0, 0.0]);
        assert_eq!(groups.iter().map(|group| group.bad).sum::<usize>(), 200);
        assert!(groups[0].lift.low < 5.0 && groups[0].lift.high > 5.0, "{:?}", groups[0].lift);
        assert_eq!((groups[0].found.low, groups[0].found.high), (1.0, 1.0));
    }
}
