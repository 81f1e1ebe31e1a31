//! The page, from top to bottom.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::feature::File;
use crate::judge::measure::Measure;
use crate::report::frame::{count, percent_1};
use crate::report::{card, chart, tables};
use crate::run::Outcome;
use crate::store::short;

/// What each figure means, for a tile.
const MEANINGS: [(Measure, usize); 5] = [
    (Measure::Auc, 4),
    (Measure::Ks, 3),
    (Measure::LogLoss, 4),
    (Measure::Brier, 4),
    (Measure::CalibrationError, 4),
];

/// The report of a training.
pub fn page(outcome: &Outcome, files: &[File], artifact: &str, bytes: usize) -> String {
    let evaluation = &outcome.evaluation;
    let test = evaluation.periods.last();
    let (rows, bad) = test.map_or((0, 0), |test| (test.rows, test.bad));
    let share = bad as f64 / rows.max(1) as f64;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Loan default model " (short(artifact)) }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body { main {
                header {
                    p.eyebrow { "Model " (short(artifact)) }
                    h1 { "Which loans go bad?" }
                    (lead(outcome, rows, share))
                    (tiles(outcome))
                }
                @if !evaluation.warnings.is_empty() {
                    div.warnings { b { "Look at this first" } ul { @for warning in &evaluation.warnings { li { (warning) } } } }
                }
                h2 { "Against what a lender has anyway" }
                p.about { "AUC on the test period: the chance that a bad loan gets a higher probability than a good one. The model of this run was \
                           chosen by its log loss on the validation period. Bars are 95 % intervals from " (evaluation.resamples) " resamples of the test." }
                figure { (chart::ranking(&evaluation.contestants)) }
                div.gap { (tables::contestants(&evaluation.contestants)) }
                (sections(outcome, share))
                h2 { "Model card" }
                p.about { "What it takes to make this model again, byte for byte." }
                (card::card(outcome, files, artifact, bytes))
                footer { "Made by trainer. Everything on this page is in it: no script, no font, no picture from elsewhere." }
            } }
        }
    };
    page.into_string()
}

fn lead(outcome: &Outcome, rows: usize, share: f64) -> Markup {
    let evaluation = &outcome.evaluation;
    let chosen = evaluation.chosen();
    html! {
        p.lead {
            (outcome.model.algorithm.long_title()) ", tested on " b { (count(rows)) " loans" } " issued from " (evaluation.test_from) " to "
            (evaluation.test_until.previous()) ", of which " (percent_1(share)) " went bad. "
            @if let Some(chosen) = chosen {
                "It tells a bad loan from a good one with an AUC of " b { (format!("{:.3}", chosen.figure(Measure::Auc).figure)) }
                @if let (Some(ahead), Some(baseline)) = (chosen.ahead, evaluation.baseline()) {
                    ", " b { (format!("{:+.3}", ahead.figure)) } " against " (lower_case(&baseline.title)) "."
                } @else { "." }
            }
        }
    }
}

fn lower_case(title: &str) -> String {
    let mut letters = title.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

fn tiles(outcome: &Outcome) -> Markup {
    let Some(chosen) = outcome.evaluation.chosen() else { return html! {} };
    html! {
        div.tiles {
            @for (measure, digits) in MEANINGS {
                @let figure = chosen.figure(measure);
                div.tile.main[measure == Measure::Auc] {
                    div.name { (measure.title()) }
                    div.figure { (format!("{:.digits$}", figure.figure)) }
                    div.range { (format!("{:.digits$} to {:.digits$}", figure.low, figure.high)) }
                }
            }
        }
    }
}

fn legend(outcome: &Outcome) -> Markup {
    html! {
        ul.legend {
            @for (number, curve) in outcome.evaluation.curves.iter().enumerate() {
                li { i class=(format!("s{number}")) {} (curve.title) }
            }
        }
    }
}

fn sections(outcome: &Outcome, share: f64) -> Markup {
    let evaluation = &outcome.evaluation;
    html! {
        h2 { "How well it ranks" }
        p.about { "Refuse the riskiest loans first: how many bad ones are caught, at the price of how many good ones?" }
        div.pair {
            figure {
                h3 { "ROC" } p { "Further to the upper left is better; the dotted line is a coin." }
                (legend(outcome)) (chart::roc(&evaluation.curves))
            }
            figure {
                h3 { "Precision and recall" } p { "Higher is better; the dotted line is the share of bad loans on the whole." }
                (legend(outcome)) (chart::precision_recall(&evaluation.curves, share))
            }
        }
        h2 { "How far its probabilities can be taken at their word" }
        p.about { "Of the loans to which the model gives 20 %, a fifth should go bad." }
        div.pair {
            figure {
                h3 { "Calibration" } p { "Ten groups of equal size, with 95 % intervals; on the dotted line, what was expected happened." }
                (chart::calibration(&evaluation.calibration))
            }
            figure {
                h3 { "Scores" } p { "How the probabilities of loans that were paid back and of those that were not are spread." }
                ul.legend { li { i.good {} "paid back" } li { i.bad {} "went bad" } }
                (chart::histogram(&evaluation.histogram))
            }
        }
        h2 { "Lift" }
        p.about { "The test cut into ten tenths by score. In the tables, the dot is the share that went bad with its 95 % interval, the upright line what was expected." }
        div.pair {
            figure {
                h3 { "By tenth" } p { "How many times the mean share of bad loans each tenth has; the dotted line is the mean." }
                (chart::lift(&evaluation.deciles))
            }
            figure {
                h3 { "What it leans on" } p { "AUC lost when one feature's values are dealt out among the loans at random." }
                (chart::importances(&evaluation.importances))
            }
        }
        div.gap { (tables::groups("Tenth", &evaluation.deciles)) }
        h2 { "By the lender's grade and by time" }
        p.about { "A model that only repeats the grade would be a coin within each grade: an AUC of 0.5." }
        (tables::groups("Grade", &evaluation.grades))
        div.gap { (tables::groups("Issued", &evaluation.times)) }
        h2 { "What moved between training and test" }
        p.about { "Population stability index: 0 is unmoved, above 0.1 is worth a look, above 0.25 is large. Where features move, a model grows old." }
        (tables::shifts(evaluation))
    }
}
