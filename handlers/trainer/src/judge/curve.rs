//! The curves of the report, thinned to what an eye can see.

use serde::{Deserialize, Serialize};

use crate::judge::bootstrap::Interval;
use crate::judge::ranking::Ranking;

/// Points of a curve.
const POINTS: usize = 200;

/// Bars of the distribution of scores.
const BARS: usize = 40;

/// Groups of the calibration curve.
const GROUPS: usize = 10;

/// A point of a curve, both from 0 to 1.
pub type Point = (f64, f64);

/// How probabilities fit shares in one group of loans.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Fit {
    /// Mean probability.
    pub expected: f64,
    /// Share of bad loans, with its interval.
    pub found: Interval,
    /// Loans.
    pub rows: usize,
}

/// How scores are spread.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Histogram {
    /// Width of a bar, as a probability; the first starts at 0.
    pub width: f64,
    /// Share of the good loans in each bar.
    pub good: Vec<f64>,
    /// Share of the bad loans in each bar.
    pub bad: Vec<f64>,
}

/// Share of good loans above each score, share of bad ones.
pub fn roc(ranking: &Ranking) -> Vec<Point> {
    curve(ranking, (0.0, 0.0), |above, all| (above.1 / all.1, above.0 / all.0))
}

/// Share of all bad loans above each score, share of bad ones among those above it.
pub fn precision_recall(ranking: &Ranking) -> Vec<Point> {
    let mut points =
        curve(ranking, (0.0, f64::NAN), |above, all| (above.0 / all.0, above.0 / (above.0 + above.1)));
    // With a handful of loans the share jumps about, which says nothing.
    points.retain(|(recall, precision)| *recall >= 0.01 && precision.is_finite());
    points
}

fn curve(ranking: &Ranking, start: Point, point: impl Fn((f64, f64), (f64, f64)) -> Point) -> Vec<Point> {
    let bad = ranking.bad.iter().filter(|bad| **bad).count() as f64;
    let all = (bad, ranking.bad.len() as f64 - bad);
    let step = (ranking.bad.len() / POINTS).max(1);
    let (mut above, mut points, mut since) = ((0.0, 0.0), vec![start], 0);
    for (position, &bad) in ranking.bad.iter().enumerate() {
        *(if bad { &mut above.0 } else { &mut above.1 }) += 1.0;
        since += 1;
        let next = ranking.probabilities.get(position + 1);
        // Loans of equal score are above it together or not at all.
        let whole = next.is_none_or(|next| *next < ranking.probabilities[position]);
        if whole && (since >= step || next.is_none()) {
            points.push(point(above, all));
            since = 0;
        }
    }
    points
}

/// Groups of equal size by probability, the lowest first; each is a range of positions in the ranking.
pub fn calibration_groups(ranking: &Ranking) -> Vec<Vec<u32>> {
    let loans = ranking.order.len();
    let lowest_first = ranking.order.iter().rev().copied().collect::<Vec<_>>();
    (0..GROUPS)
        .map(|group| lowest_first[loans * group / GROUPS..loans * (group + 1) / GROUPS].to_vec())
        .filter(|rows| !rows.is_empty())
        .collect()
}

/// How scores are spread, up to the highest but for the last half percent.
pub fn histogram(ranking: &Ranking) -> Histogram {
    let high = ranking.probabilities.get(ranking.probabilities.len() / 200).copied().unwrap_or(1.0);
    // Round numbers make an axis that can be read.
    let width = (high / BARS as f64 * 200.0).ceil().max(1.0) / 200.0;
    let (mut good, mut bad) = (vec![0.0; BARS], vec![0.0; BARS]);
    for (probability, &is_bad) in ranking.probabilities.iter().zip(&ranking.bad) {
        let bar = ((probability / width) as usize).min(BARS - 1);
        (if is_bad { &mut bad } else { &mut good })[bar] += 1.0;
    }
    for bars in [&mut good, &mut bad] {
        let all = bars.iter().sum::<f64>().max(1.0);
        bars.iter_mut().for_each(|bar| *bar /= all);
    }
    Histogram { width, good, bad }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranking() -> Ranking {
        let probabilities = (0..1000).map(|row| f64::from(row) / 2000.0).collect::<Vec<_>>();
        let bad = (0..1000).map(|row| row % 10 == 0 || row > 900).collect::<Vec<_>>();
        Ranking::new(&probabilities, &bad)
    }

    #[test]
    fn the_area_under_the_curve_is_the_auc() {
        let (ranking, points) = (ranking(), roc(&ranking()));
        let area = points
            .windows(2)
            .map(|pair| (pair[1].0 - pair[0].0) * (pair[1].1 + pair[0].1) / 2.0)
            .sum::<f64>();
        assert!((area - ranking.measure().auc).abs() < 0.002, "{area}");
        assert_eq!((points[0], *points.last().unwrap()), ((0.0, 0.0), (1.0, 1.0)));
    }

    #[test]
    fn precision_ends_at_the_share_of_bad_loans() {
        let last = *precision_recall(&ranking()).last().unwrap();
        assert!((last.0 - 1.0).abs() < 1e-12 && (last.1 - 0.189).abs() < 0.002, "{last:?}");
    }

    #[test]
    fn bars_add_up_to_one() {
        let histogram = histogram(&ranking());
        assert!((histogram.good.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert!((histogram.bad.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert_eq!(calibration_groups(&ranking()).iter().map(Vec::len).sum::<usize>(), 1000);
    }
}
