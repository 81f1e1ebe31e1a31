//! What commands print about a training.

use crate::drift::Drift;
use crate::judge::bootstrap::Interval;
use crate::judge::evaluation::Evaluation;
use crate::judge::measure::Measure;
use crate::learn::reference::{LARGE, NOTABLE, Shift};
use crate::log;

/// Features that are named, of those that moved the most.
const NAMED: usize = 10;

/// What came of a training: its periods, all contestants, and what moved.
pub fn evaluation(evaluation: &Evaluation) {
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
    moved("moved from training to test", &Drift::of_test(evaluation));
}

/// What moved: the scores, and of the features those that moved the most.
pub fn moved(heading: &str, drift: &Drift) {
    let size = |psi: f64| match psi {
        psi if psi > LARGE => "large",
        psi if psi > NOTABLE => "notable",
        _ => "",
    };
    let line = |shift: Shift| vec![shift.name, format!("{:.3}", shift.psi), size(shift.psi).to_owned()];
    let rows = drift.lines().take(NAMED + 1).map(line).collect::<Vec<_>>();
    log::table(&[heading, "PSI", ""], &[1], &rows);
}
