//! The model card: what the model is made of, and what it is not good for.

use maud::{Markup, html};

use crate::feature::File;
use crate::registry::CODE_VERSION;
use crate::report::frame::{count, percent_1};
use crate::run::Outcome;
use crate::store::short;

/// The card.
pub fn card(outcome: &Outcome, files: &[File], artifact: &str, bytes: usize) -> Markup {
    let (model, evaluation) = (&outcome.model, &outcome.evaluation);
    let shape = &model.parameters.shape;
    let names = ["Training", "Validation", "Test"];
    html! {
        div.sheet { dl {
            dt { "Purpose" }
            dd { "The probability that a loan goes bad (charged off or in default), from what is known when it is issued. It ranks applications; \
                  it gives no reasons for a refusal, and was not examined for fairness between groups of people." }
            dt { "Model" }
            dd { (model.algorithm.long_title()) @if !model.pricing { ", without the lender's pricing" } ", calibrated on the validation period (Platt: slope "
                 (format!("{:.3}", model.calibration.slope)) ", intercept " (format!("{:.3}", model.calibration.intercept)) ")" }
            dt { "Parameters" }
            dd { "Logistic regression: L2 penalty " (model.parameters.penalty) ". Trees: " (shape.trees) " of depth " (shape.depth) ", learning rate "
                 (shape.learning_rate) ", " (shape.columns) " of the columns and " (shape.rows) " of the loans each, L2 " (shape.l2) ", leaves of at least "
                 (shape.least) "." @if let Some(leaves) = &model.parameters.leaves { " LightGBM: " (leaves.trees) " trees of " (leaves.leaves) " leaves." } " Seed " (model.seed) "." }
            @for (period, name) in evaluation.periods.iter().zip(names) {
                dt { (name) }
                dd { (period.first) " to " (period.last) ": " (count(period.rows)) " loans, " (count(period.bad)) " bad ("
                     (percent_1(period.bad as f64 / period.rows.max(1) as f64)) ")"
                     @if period.unknown > 0 { "; " (count(period.unknown)) " more have no outcome yet and were left out" } }
            }
            dt { "Files" }
            dd { @for file in files { div { "File " (file.id) ": " code { (file.table) } ", " (count(file.rows.max(0) as usize)) " rows"
                 @if let Some(as_of) = &file.as_of { ", as of " (as_of.get(..7).unwrap_or(as_of)) } ", SHA-256 " code { (short(&file.sha256)) } } } }
            dt { "Features" }
            dd { (model.features.len()) ": " code { (model.features.join(", ")) } }
            @if !outcome.silent.is_empty() {
                dt { "Not used" }
                dd { "Empty or constant in training: " code { (outcome.silent.join(", ")) } }
            }
            dt { "Artifact" }
            dd { code { (artifact) } ", " (bytes.div_ceil(1024)) " KiB" }
            dt { "Code" }
            dd { code { "trainer " (CODE_VERSION) } }
            dt { "Limits" }
            dd { "The outcomes of training loans were known only years after the test period began: a lender of that time would have had fewer. \
                  Only loans that were granted are in the data, so nothing is known of those that were refused." }
        } }
        div.sheet.gap {
            details {
                summary { "What tuning tried (" (outcome.trials.len()) " attempts, judged on the validation period)" }
                table {
                    tr { th { "Model" } th { "Parameters" } th.n { "Log loss" } th.n { "AUC" } }
                    @for trial in &outcome.trials {
                        tr { td { (trial.algorithm.title()) } td.wide { (trial.parameters) } td.n { (format!("{:.4}", trial.log_loss)) } td.n { (format!("{:.4}", trial.auc)) } }
                    }
                }
            }
        }
    }
}
