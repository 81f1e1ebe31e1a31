//! The tables.

use maud::{Markup, html};

use crate::judge::bootstrap::Interval;
use crate::judge::contest::Contestant;
use crate::judge::evaluation::Evaluation;
use crate::judge::lift::Group;
use crate::judge::measure::Measure;
use crate::learn::reference::{LARGE, NOTABLE, Shift};
use crate::report::chart;
use crate::report::frame::{count, percent_1};

/// Shifts that are shown although they are small.
const SHIFTS: usize = 12;

/// A figure with its interval.
pub fn interval(interval: Interval, digits: usize) -> Markup {
    html! {
        (format!("{:.digits$}", interval.figure)) " "
        span.range { (format!("{:.digits$}–{:.digits$}", interval.low, interval.high)) }
    }
}

/// Models and baselines.
pub fn contestants(contestants: &[Contestant]) -> Markup {
    html! {
        div.sheet.stacked { table {
            tr { th { "Model" } @for measure in Measure::ALL { th.n { (measure.title()) } } th.n { "AUC ahead of sub-grade" } th.n { "Validation AUC" } }
            @for contestant in contestants {
                tr.chosen[contestant.chosen] {
                    td { (contestant.title) }
                    @for measure in Measure::ALL { td.n { (interval(contestant.figure(measure), if measure == Measure::Ks { 3 } else { 4 })) } }
                    td.n { @match contestant.ahead { Some(ahead) => { (format!("{:+.4}", ahead.figure)) " " span.range { (format!("{:+.4}–{:+.4}", ahead.low, ahead.high)) } }, None => "" } }
                    td.n { @if let Some(validation) = contestant.validation { (format!("{:.4}", validation.auc)) } }
                }
            }
        } }
    }
}

/// Groups of the test: how many went bad, how many were expected to, and how well the model tells them apart.
pub fn groups(heading: &str, groups: &[Group]) -> Markup {
    let highest = groups
        .iter()
        .map(|group| group.found.high.max(group.expected))
        .filter(|high| high.is_finite())
        .fold(0.01, f64::max);
    let within = groups.iter().any(|group| group.auc.is_some());
    html! {
        div.sheet { table {
            tr { th { (heading) } th.n { "Loans" } th.n { "Went bad" } th.n { "Expected" } th { "" } th.n { "Lift" } @if within { th.n { "AUC within" } } }
            @for group in groups {
                tr {
                    td { (group.name) }
                    td.n { (count(group.rows)) }
                    td.n { (percent_1(group.found.figure)) }
                    td.n { (percent_1(group.expected)) }
                    td { (chart::whisker(group.found, highest, Some(group.expected))) }
                    td.n { (interval(group.lift, 2)) }
                    @if within { td.n { @if let Some(auc) = group.auc { (interval(auc, 3)) } } }
                }
            }
        } }
    }
}

/// What moved between training and test.
pub fn shifts(evaluation: &Evaluation) -> Markup {
    let shown = evaluation
        .shifts
        .iter()
        .enumerate()
        .filter(|(number, shift)| *number < SHIFTS || shift.psi > NOTABLE);
    let row = |shift: &Shift, bold: bool| {
        html! {
            tr.chosen[bold] {
                td { (shift.name) }
                td.n { (format!("{:.3}", shift.psi)) }
                td { @if shift.psi > LARGE { span.mark.large { "large" } } @else if shift.psi > NOTABLE { span.mark { "notable" } } }
            }
        }
    };
    html! {
        div.sheet { table {
            tr { th { "" } th.n { "PSI" } th { "" } }
            (row(&evaluation.score_shift, true))
            @for (_, shift) in shown { (row(shift, false)) }
        } }
    }
}
