//! Everything that is known of how a model does: what the registry keeps, and what the report shows.

use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;
use crate::judge::contest::{self, Contestant, Entry};
use crate::judge::curve::{self, Fit, Histogram, Point};
use crate::judge::importance::{Importance, importances};
use crate::judge::lift::{self, Group};
use crate::judge::ranking::Ranking;
use crate::learn::model::{Model, outcomes_fingerprint};
use crate::learn::reference::Shift;
use crate::month::Month;
use crate::split::{Period, Split};

/// Curves of one contestant.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Curves {
    /// Whose.
    pub title: String,
    /// See [`curve::roc`].
    pub roc: Vec<Point>,
    /// See [`curve::precision_recall`].
    pub precision_recall: Vec<Point>,
}

/// An evaluation on one test period.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Evaluation {
    /// Training, validation and test.
    pub periods: Vec<Period>,
    /// First month of the test.
    pub test_from: Month,
    /// First month after it.
    pub test_until: Month,
    /// SHA-256 of the test's loans and outcomes.
    pub fingerprint: String,
    /// How often the test was resampled.
    pub resamples: usize,
    /// Models and baselines, the chosen model among them.
    pub contestants: Vec<Contestant>,
    /// Curves of the chosen model, and of the baselines.
    pub curves: Vec<Curves>,
    /// The chosen model's calibration.
    pub calibration: Vec<Fit>,
    /// The chosen model's scores.
    pub histogram: Histogram,
    /// By score.
    pub deciles: Vec<Group>,
    /// By the lender's grade.
    pub grades: Vec<Group>,
    /// By time.
    pub times: Vec<Group>,
    /// What the model leans on.
    pub importances: Vec<Importance>,
    /// How far the scores moved from training to test.
    pub score_shift: Shift,
    /// How far the columns moved.
    pub shifts: Vec<Shift>,
    /// What is suspicious.
    pub warnings: Vec<String>,
}

impl Evaluation {
    /// Judges a model and its rivals on the test. The chosen one is named by its entry.
    #[expect(clippy::too_many_arguments, reason = "all of it belongs to one evaluation, and to nothing else")]
    pub fn new(
        dataset: &Dataset,
        split: &Split,
        model: &Model,
        entries: &[Entry],
        chosen: &str,
        warnings: Vec<String>,
        resamples: usize,
        seed: u64,
    ) -> Self {
        let bad = dataset.outcomes(&split.test);
        let probabilities = model.probabilities(dataset, &split.test);
        let ranking = Ranking::new(&probabilities, &bad);
        let groups = |groups, within| lift::judge(groups, &probabilities, &bad, within, resamples, seed);
        let curves = entries
            .iter()
            .filter(|entry| entry.name == chosen || !entry.model)
            .map(|entry| {
                let ranking = Ranking::new(&entry.probabilities, &bad);
                Curves {
                    title: entry.title.clone(),
                    roc: curve::roc(&ranking),
                    precision_recall: curve::precision_recall(&ranking),
                }
            })
            .collect();
        let (score_shift, shifts) = model.shifts(dataset, &split.test, &probabilities);
        let calibration = curve::calibration_groups(&ranking);
        Self {
            periods: split.periods(dataset).to_vec(),
            test_from: split.test_from,
            test_until: split.test_until,
            fingerprint: outcomes_fingerprint(dataset, &split.test),
            resamples,
            contestants: contest::judge(entries, &bad, chosen, resamples, seed),
            curves,
            calibration: lift::calibration(calibration, &probabilities, &bad, resamples, seed),
            histogram: curve::histogram(&ranking),
            deciles: groups(lift::by_decile(&ranking), false),
            grades: groups(lift::by_grade(dataset, &split.test), true),
            times: groups(lift::by_time(dataset, &split.test), true),
            importances: importances(model, dataset, &split.test, seed),
            score_shift,
            shifts,
            warnings,
        }
    }

    /// The chosen model.
    pub fn chosen(&self) -> Option<&Contestant> {
        self.contestants.iter().find(|contestant| contestant.chosen)
    }

    /// The first baseline: the lender's own grade.
    pub fn baseline(&self) -> Option<&Contestant> {
        self.contestants.iter().find(|contestant| !contestant.model)
    }
}
