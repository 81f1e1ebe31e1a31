//! A whole training: tune, fit, calibrate, judge. Pure: the same loans and settings give the same model, byte for byte.

use std::sync::Arc;

use crate::dataset::Dataset;
use crate::error::Error;
use crate::judge::contest::Entry;
use crate::judge::evaluation::Evaluation;
use crate::judge::guard;
use crate::learn::calibration::Calibration;
use crate::learn::fitted::{Algorithm, Fitted};
use crate::learn::model::{Model, Origin};
use crate::learn::tuning::{Trial, Tuned, tune};
use crate::split::{Bounds, Split};
use crate::watch::Watch;

/// What the lender made of a loan: a model that knows it leans on the lender's own model.
pub const PRICING: [&str; 4] = ["grade", "sub_grade", "int_rate", "installment"];

/// What any lender has without a model: (column, title).
const BASELINES: [(&str, &str); 2] = [("sub_grade", "Sub-grade alone"), ("int_rate", "Interest rate alone")];

/// What the user decides.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Where the periods begin.
    pub bounds: Bounds,
    /// Whether the model may know the lender's pricing.
    pub pricing: bool,
    /// Start of all random numbers.
    pub seed: u64,
    /// How often the test is resampled.
    pub resamples: usize,
}

/// What came out.
pub struct Outcome {
    /// The chosen model.
    pub model: Arc<Model>,
    /// How it does.
    pub evaluation: Evaluation,
    /// What tuning tried for it.
    pub trials: Vec<Trial>,
    /// Columns that said nothing in training.
    pub silent: Vec<String>,
}

/// Trains all candidates and judges them, as long as there is time.
pub fn run(dataset: &Dataset, settings: Settings, watch: &Watch) -> Result<Outcome, Error> {
    let split = Split::new(dataset, settings.bounds)?;
    let mut warnings = guard::suspicious(dataset, &split.before_test());
    warnings.extend(guard::censored(&split.periods(dataset)));
    warnings.iter().for_each(|warning| watch.note(&format!("warning: {warning}")));

    let mut entries = Vec::new();
    let mut chosen: Option<(Tuned, Fitted)> = None;
    for pricing in [true, false] {
        let without = if pricing { &[][..] } else { &PRICING[..] };
        let knowing = if pricing { "with" } else { "without" };
        watch.note(&format!("tuning {knowing} the lender's pricing"));
        let tuned = tune(dataset, &split, without, settings.seed, watch)?;
        watch.go_on()?;
        let fitted = Fitted::fit(dataset, &split.before_test(), without, tuned.parameters, settings.seed)?;
        let log_odds = fitted.log_odds(dataset, &split.test);
        for (algorithm, calibration, validation) in &tuned.calibrations {
            let odds = log_odds.of(*algorithm);
            entries.push(Entry {
                name: name(*algorithm, pricing),
                title: match pricing {
                    true => algorithm.title().to_owned(),
                    false => format!("{}, without pricing", algorithm.title()),
                },
                pricing,
                model: true,
                validation: Some(*validation),
                probabilities: odds.into_iter().map(|odds| calibration.probability(odds)).collect(),
            });
        }
        if pricing == settings.pricing {
            chosen = Some((tuned, fitted));
        }
    }
    entries.extend(baselines(dataset, &split)?);
    let Some((tuned, fitted)) = chosen else {
        return Err(Error::Fit { model: "candidates", reason: "there were none".to_owned() });
    };
    let algorithm = tuned.best();
    let Some((calibration, _)) = tuned.calibration(algorithm) else {
        return Err(Error::Fit { model: "calibration", reason: format!("there is none for {algorithm}") });
    };
    let silent = fitted.encoder.silent.clone();
    let [train, validation, _] = split.periods(dataset);
    let origin = Origin {
        algorithm,
        pricing: settings.pricing,
        parameters: tuned.parameters,
        seed: settings.seed,
        train_until: split.validate_from,
        validate_until: split.test_from,
        periods: vec![train, validation],
        calibration,
    };
    let model = Model::new(dataset, &split.before_test(), origin, fitted);
    watch.go_on()?;
    watch.note("judging on the test period");
    let evaluation = Evaluation::new(
        dataset,
        &split,
        &model,
        &entries,
        &name(algorithm, settings.pricing),
        warnings,
        settings.resamples,
        settings.seed,
    );
    watch.go_on()?;
    Ok(Outcome { model: Arc::new(model), evaluation, trials: tuned.trials, silent })
}

fn name(algorithm: Algorithm, pricing: bool) -> String {
    if pricing { algorithm.name().to_owned() } else { format!("{algorithm}-without-pricing") }
}

/// Each baseline is one column, made a probability by a straight line through the log-odds.
fn baselines(dataset: &Dataset, split: &Split) -> Result<Vec<Entry>, Error> {
    let mut entries = Vec::new();
    let before = split.before_test();
    for (column, title) in BASELINES {
        let Some(numbers) = dataset.numbers(column) else { continue };
        let known = before.iter().map(|&row| f64::from(numbers[row])).filter(|number| number.is_finite());
        let known = known.collect::<Vec<_>>();
        let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
        let scores = |rows: &[usize]| {
            let score = |&row: &usize| {
                Some(f64::from(numbers[row])).filter(|number| number.is_finite()).unwrap_or(mean)
            };
            rows.iter().map(score).collect::<Vec<_>>()
        };
        let line = Calibration::fit(&scores(&before), &dataset.outcomes(&before))?;
        entries.push(Entry {
            name: column.to_owned(),
            title: title.to_owned(),
            pricing: true,
            model: false,
            validation: None,
            probabilities: scores(&split.test).into_iter().map(|score| line.probability(score)).collect(),
        });
    }
    Ok(entries)
}
