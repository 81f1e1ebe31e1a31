//! Predictions in the order of their probability, so that any resample of them is measured in one pass.

use crate::judge::measure::Measures;

/// Groups for the calibration error.
const GROUPS: usize = 10;

/// Probabilities no nearer to 0 and 1 than this, so that one surprise does not make the log loss infinite.
const MARGIN: f64 = 1e-9;

/// Predictions, highest first.
pub struct Ranking {
    /// Position of each loan in what was given, highest probability first.
    pub order: Vec<u32>,
    /// Whether the loan there went bad.
    pub bad: Vec<bool>,
    /// Its probability.
    pub probabilities: Vec<f64>,
    /// Where loans of equal probability end.
    ends: Vec<bool>,
    losses: Vec<f64>,
}

impl Ranking {
    /// Sorts predictions; equal ones keep their order.
    pub fn new(probabilities: &[f64], bad: &[bool]) -> Self {
        let mut order = (0..probabilities.len() as u32).collect::<Vec<_>>();
        order.sort_by(|&one, &other| probabilities[other as usize].total_cmp(&probabilities[one as usize]));
        let bad = order.iter().map(|&row| bad[row as usize]).collect::<Vec<_>>();
        let probabilities = order.iter().map(|&row| probabilities[row as usize]).collect::<Vec<_>>();
        let ends = (0..order.len())
            .map(|position| {
                probabilities.get(position + 1).is_none_or(|next| *next < probabilities[position])
            })
            .collect();
        let losses = probabilities
            .iter()
            .zip(&bad)
            .map(|(probability, bad)| {
                let of_outcome = if *bad { *probability } else { 1.0 - probability };
                -of_outcome.clamp(MARGIN, 1.0).ln()
            })
            .collect();
        Self { order, bad, probabilities, ends, losses }
    }

    /// The figures, with each loan counted once.
    pub fn measure(&self) -> Measures {
        self.measure_weighted(|_| 1.0)
    }

    /// The figures, with each loan counted as often as `counts` says by its position in what was given.
    pub fn measure_resampled(&self, counts: &[u32]) -> Measures {
        self.measure_weighted(|row| f64::from(counts[row as usize]))
    }

    /// The figures, with a weight for each loan by its position in what was given.
    pub fn measure_weighted(&self, weight: impl Fn(u32) -> f64) -> Measures {
        let (mut total, mut all_bad) = (0.0, 0.0);
        for (&row, &bad) in self.order.iter().zip(&self.bad) {
            total += weight(row);
            all_bad += if bad { weight(row) } else { 0.0 };
        }
        let all_good = total - all_bad;
        let (mut above_bad, mut above_good) = (0.0, 0.0);
        let (mut tied_bad, mut tied_good) = (0.0, 0.0);
        let (mut pairs, mut ks) = (0.0, 0.0_f64);
        let (mut log_loss, mut brier) = (0.0, 0.0);
        let mut groups = [(0.0, 0.0); GROUPS];
        let mut seen = 0.0;
        for position in 0..self.order.len() {
            let weight = weight(self.order[position]);
            let (bad, probability) = (self.bad[position], self.probabilities[position]);
            if weight > 0.0 {
                *(if bad { &mut tied_bad } else { &mut tied_good }) += weight;
                log_loss += weight * self.losses[position];
                brier += weight * (probability - f64::from(u8::from(bad))).powi(2);
                let group = ((seen + weight / 2.0) / total * GROUPS as f64) as usize;
                let group = &mut groups[group.min(GROUPS - 1)];
                group.0 += weight * probability;
                group.1 += if bad { weight } else { 0.0 };
                seen += weight;
            }
            if self.ends[position] {
                pairs += tied_good * (above_bad + tied_bad / 2.0);
                above_bad += tied_bad;
                above_good += tied_good;
                (tied_bad, tied_good) = (0.0, 0.0);
                if all_bad > 0.0 && all_good > 0.0 {
                    ks = ks.max((above_bad / all_bad - above_good / all_good).abs());
                }
            }
        }
        Measures {
            auc: if all_bad > 0.0 && all_good > 0.0 { pairs / (all_bad * all_good) } else { f64::NAN },
            ks,
            log_loss: log_loss / total,
            brier: brier / total,
            calibration_error: groups.iter().map(|(expected, bad)| (expected - bad).abs()).sum::<f64>()
                / total,
        }
    }
}

/// The AUC of any score, absent ones left out; above 0.5 whichever way round it points.
pub fn separation(scores: &[f64], bad: &[bool]) -> f64 {
    let (scores, bad): (Vec<f64>, Vec<bool>) = scores
        .iter()
        .zip(bad)
        .filter(|(score, _)| !score.is_nan())
        .map(|(score, bad)| (*score, *bad))
        .unzip();
    let auc = Ranking::new(&scores, &bad).measure().auc;
    if auc.is_nan() { 0.5 } else { auc.max(1.0 - auc) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As the definition says, pair by pair.
    fn auc_by_pairs(probabilities: &[f64], bad: &[bool]) -> f64 {
        let (mut sum, mut pairs) = (0.0, 0.0);
        for (one, _) in probabilities.iter().zip(bad).filter(|(_, bad)| **bad) {
            for (other, _) in probabilities.iter().zip(bad).filter(|(_, bad)| !**bad) {
                pairs += 1.0;
                sum += if one > other {
                    1.0
                } else if one == other {
                    0.5
                } else {
                    0.0
                };
            }
        }
        sum / pairs
    }

    proptest! {
        #[test]
        fn the_auc_is_the_share_of_pairs(loans in prop::collection::vec((0_u8..20, any::<bool>()), 2..60)) {
            let (scores, bad): (Vec<f64>, Vec<bool>) =
                loans.into_iter().map(|(score, bad)| (f64::from(score) / 20.0, bad)).unzip();
            let expected = auc_by_pairs(&scores, &bad);
            let auc = Ranking::new(&scores, &bad).measure().auc;
            prop_assert!((auc - expected).abs() < 1e-12 || (auc.is_nan() && expected.is_nan()));
        }

        #[test]
        fn counting_a_loan_twice_is_having_it_twice(
            loans in prop::collection::vec((0_u8..20, any::<bool>(), 0_u32..4), 2..60)
        ) {
            let scores = loans.iter().map(|loan| f64::from(loan.0) / 20.0 + 0.01).collect::<Vec<_>>();
            let bad = loans.iter().map(|loan| loan.1).collect::<Vec<_>>();
            let counts = loans.iter().map(|loan| loan.2).collect::<Vec<_>>();
            let repeated = (0..loans.len()).flat_map(|row| vec![row; counts[row] as usize]).collect::<Vec<_>>();
            let expected = Ranking::new(
                &repeated.iter().map(|&row| scores[row]).collect::<Vec<_>>(),
                &repeated.iter().map(|&row| bad[row]).collect::<Vec<_>>(),
            )
            .measure();
            let found = Ranking::new(&scores, &bad).measure_resampled(&counts);
            let close = |one: f64, other: f64| (one - other).abs() < 1e-9 || (one.is_nan() && other.is_nan());
            prop_assert!(close(found.auc, expected.auc));
            prop_assert!(close(found.log_loss, expected.log_loss) && close(found.brier, expected.brier));
            prop_assert!(close(found.ks, expected.ks));
        }
    }

    #[test]
    fn known_figures() {
        let measures = Ranking::new(&[0.9, 0.8, 0.2, 0.1], &[true, true, false, false]).measure();
        assert_eq!((measures.auc, measures.ks), (1.0, 1.0));
        assert!((measures.brier - 0.025).abs() < 1e-12, "{measures:?}");
        assert!((measures.log_loss - (0.9_f64.ln() + 0.8_f64.ln()) / -2.0).abs() < 1e-12);
        let same = Ranking::new(&[0.25; 4], &[true, false, false, false]).measure();
        assert_eq!((same.auc, same.ks), (0.5, 0.0));
        assert!((separation(&[1.0, 2.0, f64::NAN, 3.0], &[true, true, true, false]) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn calibration_is_measured_by_group() {
        let probabilities = (0..1000).map(|row| f64::from(row / 100) / 10.0).collect::<Vec<_>>();
        let fits = (0..1000).map(|row| row % 100 < row / 100 * 10).collect::<Vec<_>>();
        assert!(Ranking::new(&probabilities, &fits).measure().calibration_error < 1e-9);
        let too_high = probabilities.iter().map(|probability| probability + 0.05).collect::<Vec<_>>();
        assert!((Ranking::new(&too_high, &fits).measure().calibration_error - 0.05).abs() < 1e-9);
    }
}
