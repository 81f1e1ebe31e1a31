//! The noise in figures: the same test, with its loans drawn again and again with replacement.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Between these shares of the resamples lies the interval: 95 %.
const TAILS: [f64; 2] = [0.025, 0.975];

/// A figure and its 95 % interval.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Interval {
    /// Over all loans as they are.
    pub figure: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// From the figure and those of the resamples. Resamples without a figure, such as the AUC of good loans alone, are left out.
    pub fn new(figure: f64, mut resampled: Vec<f64>) -> Self {
        resampled.retain(|figure| figure.is_finite());
        resampled.sort_by(f64::total_cmp);
        let [low, high] = TAILS.map(|share| {
            let position = (resampled.len().saturating_sub(1)) as f64 * share;
            resampled.get(position.round() as usize).copied().unwrap_or(f64::NAN)
        });
        Self { figure, low, high }
    }
}

/// Draws `resamples` times as many loans as there are, and hands over how often each was drawn. The same seed draws the same
/// loans, on any number of threads.
pub fn resample<T: Send>(
    loans: usize,
    resamples: usize,
    seed: u64,
    measure: impl Fn(&[u32]) -> T + Sync,
) -> Vec<T> {
    (0..resamples as u64)
        .into_par_iter()
        .map_init(
            || vec![0_u32; loans],
            |counts, number| {
                let mut dice = ChaCha8Rng::seed_from_u64(seed);
                dice.set_stream(number);
                counts.fill(0);
                for _ in 0..loans {
                    counts[dice.random_range(0..loans)] += 1;
                }
                measure(counts)
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_and_another_does_not() {
        let draw = |seed| resample(50, 20, seed, |counts| counts.to_vec());
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert!(draw(1).iter().all(|counts| counts.iter().sum::<u32>() == 50));
        assert_ne!(draw(1)[0], draw(1)[1]);
    }

    #[test]
    fn the_interval_of_a_mean_is_about_two_standard_errors_to_each_side() {
        let values = (0..400).map(|number| f64::from(number % 20)).collect::<Vec<_>>();
        let mean = |counts: &[u32]| {
            values.iter().zip(counts).map(|(value, count)| value * f64::from(*count)).sum::<f64>() / 400.0
        };
        let interval = Interval::new(9.5, resample(400, 2000, 7, mean));
        let error = 1.96 * 5.766 / 20.0;
        assert!((interval.low - (9.5 - error)).abs() < 0.08, "{interval:?}");
        assert!((interval.high - (9.5 + error)).abs() < 0.08, "{interval:?}");
    }
}
