//! `trainer train`.

use std::path::PathBuf;
use std::time::Instant;

use tokio_postgres::Client;

use crate::command::contest::Contest;
use crate::command::score::line;
use crate::command::{Artifacts, load, read};
use crate::database::Address;
use crate::error::Error;
use crate::judge::bootstrap::Interval;
use crate::judge::measure::Measure;
use crate::log;
use crate::month::Month;
use crate::read::Which;
use crate::registry;
use crate::report;
use crate::run::{self, Outcome, Settings};
use crate::split::Bounds;
use crate::store::Store;
use access::Aws;

/// Train, evaluate and register a model; promote it if it beats the champion.
///
/// Loans are split by month of issue: learned from, then tuned and calibrated on, then tested on. Without bounds, the last fifth
/// of the loans with a known outcome is the test, and the fifth before it the validation.
#[derive(Debug, clap::Args)]
pub struct Train {
    /// First month of validation.
    #[arg(long, value_name = "MONTH")]
    validate_from: Option<Month>,

    /// First month of the test.
    #[arg(long, value_name = "MONTH")]
    test_from: Option<Month>,

    /// First month after the test.
    #[arg(long, value_name = "MONTH")]
    test_until: Option<Month>,

    /// Leave out what the lender made of the loan: grade, sub-grade, interest rate, instalment.
    #[arg(long)]
    without_pricing: bool,

    /// Register the model without making it the champion, however good it is.
    #[arg(long)]
    no_promote: bool,

    /// Start of all random numbers.
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// How often the test is resampled for the intervals.
    #[arg(long, default_value_t = 500)]
    resamples: usize,

    /// Where to write the report as well.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    #[command(flatten)]
    artifacts: Artifacts,

    #[command(flatten)]
    database: Address,
}

impl Train {
    /// Trains, and prints how well it went.
    pub async fn run(&self) -> Result<(), Error> {
        let began = Instant::now();
        let mut progress =
            |what: &str| log::note(&format!("{:6.1} s  {what}", began.elapsed().as_secs_f64()));
        let aws = Aws::default();
        let store = self.artifacts.store(&aws);
        let mut client = self.database.connect(&aws).await?;
        progress("reading mart.loan_features");
        let (dataset, files) = read(&mut client, Which::All).await?;
        progress(&format!("{} loans with {} features", dataset.len(), dataset.columns.len()));
        let settings = Settings {
            bounds: Bounds {
                validate_from: self.validate_from,
                test_from: self.test_from,
                test_until: self.test_until,
            },
            pricing: !self.without_pricing,
            seed: self.seed,
            resamples: self.resamples,
        };
        let outcome = run::run(&dataset, settings, &mut progress)?;
        let bytes = outcome.model.to_bytes()?;
        let size = bytes.len();
        let (artifact, location) = store.put_model(bytes).await?;
        let page = report::page(&outcome, &files, &artifact, size);
        let address = store.put_report(&artifact, &outcome.evaluation.fingerprint, &page).await?;
        if let Some(beside) = &self.report {
            std::fs::write(beside, &page).map_err(|source| Error::File {
                doing: "write",
                path: beside.clone(),
                source,
            })?;
        }
        let (id, new) =
            registry::register(&client, &outcome.model, &artifact, &location, &files, &outcome.trials)
                .await?;
        registry::keep_evaluation(&client, id, &outcome.evaluation, &address).await?;
        progress("done");
        show(&outcome);
        let entry = registry::model(&client, id).await?;
        let again = if new { "registered" } else { "the same artifact was registered before" };
        log::print(&format!("{entry}: {again}"));
        if self.no_promote {
            log::print("not promoted: --no-promote");
        } else {
            let said = self.promote(&mut client, store, &dataset, &outcome, id).await?;
            log::print(&said);
        }
        log::print(&format!("artifact: {location}"));
        let beside = self.report.as_ref().map(|path| path.display().to_string());
        log::print(&format!("report: {}", beside.unwrap_or(address)));
        Ok(())
    }

    /// Makes the model champion if it deserves it, and says why or why not.
    async fn promote(
        &self,
        client: &mut Client,
        store: Store<'_>,
        dataset: &crate::dataset::Dataset,
        outcome: &Outcome,
        id: i64,
    ) -> Result<String, Error> {
        let champion = registry::champions(&registry::promotions(client).await?).pop();
        let reason = match champion {
            Some(champion) if champion == id => return Ok("it is the champion".to_owned()),
            Some(champion) => {
                let champion = registry::model(client, champion).await?;
                let other = load(store, &champion).await?;
                let contest = Contest {
                    test_until: Some(outcome.evaluation.test_until),
                    resamples: self.resamples,
                    seed: self.seed,
                };
                match contest.compare(dataset, &outcome.model, &other) {
                    Ok(comparison) if comparison.is_better() => {
                        format!("against {champion}: {}", comparison.verdict())
                    }
                    Ok(comparison) => {
                        return Ok(format!("not promoted over {champion}: {}", comparison.verdict()));
                    }
                    Err(why) => return Ok(format!("not promoted over {champion}: {why}")),
                }
            }
            None => {
                let ahead = outcome.evaluation.chosen().and_then(|chosen| chosen.ahead);
                match ahead {
                    Some(ahead) if ahead.low <= 0.0 => {
                        return Ok("not promoted: it is no better than the lender's own grade by more than the noise".to_owned());
                    }
                    Some(ahead) => format!(
                        "the first champion, {:+.4} AUC ahead of the lender's own grade",
                        ahead.figure
                    ),
                    None => "the first champion".to_owned(),
                }
            }
        };
        registry::promote(client, id, champion, &reason).await?;
        Ok(format!("promoted: {reason}"))
    }
}

fn show(outcome: &Outcome) {
    let evaluation = &outcome.evaluation;
    let with_interval =
        |interval: Interval| format!("{:.4} ({:.4}-{:.4})", interval.figure, interval.low, interval.high);
    let rows = evaluation
        .contestants
        .iter()
        .map(|contestant| {
            let figure = |measure| contestant.figure(measure);
            vec![
                if contestant.chosen { "*".to_owned() } else { String::new() },
                contestant.title.clone(),
                with_interval(figure(Measure::Auc)),
                format!("{:.3}", figure(Measure::Ks).figure),
                with_interval(figure(Measure::LogLoss)),
                format!("{:.4}", figure(Measure::Brier).figure),
                format!("{:.4}", figure(Measure::CalibrationError).figure),
                contestant.ahead.map(|ahead| format!("{:+.4}", ahead.figure)).unwrap_or_default(),
            ]
        })
        .collect::<Vec<_>>();
    let period = |number: usize| {
        let period = &evaluation.periods[number];
        format!("{} to {} ({} loans, {} bad)", period.first, period.last, period.rows, period.bad)
    };
    log::print(&format!("trained on {}, validated on {}, tested on {}", period(0), period(1), period(2)));
    log::table(
        &["", "", "AUC (95 %)", "KS", "log loss (95 %)", "Brier", "calibration", "AUC ahead of grade"],
        &[3, 5, 6, 7],
        &rows,
    );
    let moved = evaluation.shifts.iter().filter(|shift| shift.psi > crate::learn::reference::NOTABLE);
    let moved = std::iter::once(&evaluation.score_shift).chain(moved).map(line).collect::<Vec<_>>();
    log::table(&["moved from training to test", "PSI", ""], &[1], &moved);
}
