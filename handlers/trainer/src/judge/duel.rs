//! Two models on the same loans.

use crate::dataset::Dataset;
use crate::judge::comparison::Comparison;
use crate::learn::model::Model;
use crate::month::Month;

/// Fewer good or bad loans than this, and a comparison would be a lottery.
const FEWEST: usize = 25;

/// Two models, or the reason why they cannot be compared.
pub type Verdict = Result<Comparison, String>;

/// How two models are compared.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Duel {
    /// First month that is not tested any more.
    #[arg(long, value_name = "MONTH")]
    pub test_until: Option<Month>,

    /// How often the test is resampled for the intervals.
    #[arg(long, default_value_t = 500)]
    pub resamples: usize,

    /// Start of all random numbers.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

impl Duel {
    /// Compares two models on the loans that neither has seen.
    pub fn compare(self, dataset: &Dataset, challenger: &Model, champion: &Model) -> Verdict {
        let from = challenger.validate_until.max(champion.validate_until);
        let rows = (0..dataset.len())
            .filter(|&row| {
                let month = dataset.months[row];
                dataset.labels[row].is_some()
                    && from <= month
                    && self.test_until.is_none_or(|until| month < until)
            })
            .collect::<Vec<_>>();
        let bad = dataset.outcomes(&rows);
        let of_bad = bad.iter().filter(|bad| **bad).count();
        if of_bad.min(bad.len() - of_bad) < FEWEST {
            return Err(format!(
                "from {from} on, where neither model has seen the loans, {} have a known outcome ({of_bad} bad): too few to compare",
                rows.len()
            ));
        }
        let [challenger, champion] = [challenger, champion].map(|model| model.probabilities(dataset, &rows));
        Ok(Comparison::new(&challenger, &champion, &bad, self.resamples, self.seed))
    }
}
