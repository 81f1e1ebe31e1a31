//! The charts, drawn as SVG that takes its colours from the page.

use maud::{Markup, html};

use crate::judge::bootstrap::Interval;
use crate::judge::contest::Contestant;
use crate::judge::curve::{Fit, Histogram, Point};
use crate::judge::evaluation::Curves;
use crate::judge::importance::Importance;
use crate::judge::lift::Group;
use crate::judge::measure::Measure;
use crate::report::frame::{Frame, HEIGHT, WIDTH, above, decimal, percent, round, ticks};

/// Columns that are drawn, of those that the model uses.
const DRAWN: usize = 13;

/// Share of good loans above a score against the share of bad ones.
pub fn roc(curves: &[Curves]) -> Markup {
    let frame = Frame { x: (0.0, 1.0), y: (0.0, 1.0) };
    let content = html! {
        path.diagonal d=(frame.path(&[(0.0, 0.0), (1.0, 1.0)])) {}
        (lines(&frame, curves, |curve| &curve.roc, true))
    };
    frame.draw("ROC curves", ("good loans refused", "bad loans refused"), (percent, percent), &content)
}

/// Share of the bad loans found against the share of bad ones among those refused.
pub fn precision_recall(curves: &[Curves], share: f64) -> Markup {
    let highest =
        curves.iter().flat_map(|curve| &curve.precision_recall).map(|point| point.1).fold(share, f64::max);
    let frame = Frame { x: (0.0, 1.0), y: (0.0, above(highest)) };
    let content = html! {
        path.diagonal d=(frame.path(&[(0.0, share), (1.0, share)])) {}
        (lines(&frame, curves, |curve| &curve.precision_recall, false))
    };
    let titles = ("bad loans refused", "bad among the refused");
    frame.draw("Precision-recall curves", titles, (percent, percent), &content)
}

/// The model's curve comes last, on top.
fn lines(frame: &Frame, curves: &[Curves], of: fn(&Curves) -> &Vec<Point>, filled: bool) -> Markup {
    html! {
        @for (number, curve) in curves.iter().enumerate().rev() {
            @if number == 0 && filled { path.area d=(frame.area(of(curve))) {} }
            path class=(format!("curve s{number}")) d=(frame.path(of(curve))) {}
        }
    }
}

/// Probabilities against shares, by group.
pub fn calibration(fits: &[Fit]) -> Markup {
    let highest = fits.iter().map(|fit| fit.expected.max(fit.found.high)).fold(0.05, f64::max);
    let high = above(highest);
    let frame = Frame { x: (0.0, high), y: (0.0, high) };
    let points = fits.iter().map(|fit| (fit.expected, fit.found.figure)).collect::<Vec<_>>();
    let content = html! {
        path.diagonal d=(frame.path(&[(0.0, 0.0), (high, high)])) {}
        path class="curve s0" d=(frame.path(&points)) {}
        @for fit in fits {
            @let x = round(frame.right(fit.expected));
            line class="whisker s0" x1=(x) x2=(x) y1=(round(frame.down(fit.found.low))) y2=(round(frame.down(fit.found.high))) {}
            circle.f0 cx=(x) cy=(round(frame.down(fit.found.figure))) r="4.5" {
                title { "expected " (percent_of(fit.expected)) ", found " (percent_of(fit.found.figure)) ", " (fit.rows) " loans" }
            }
        }
    };
    frame.draw("Calibration", ("expected to go bad", "went bad"), (percent, percent), &content)
}

/// How the scores of good and bad loans are spread.
pub fn histogram(histogram: &Histogram) -> Markup {
    let bars = [&histogram.good, &histogram.bad];
    let last =
        bars.iter().filter_map(|bars| bars.iter().rposition(|bar| *bar > 0.0)).max().unwrap_or_default() + 1;
    let highest = bars.iter().flat_map(|bars| bars.iter()).copied().fold(0.01, f64::max);
    let frame = Frame { x: (0.0, histogram.width * last as f64), y: (0.0, above(highest)) };
    let content = html! {
        @for (bars, class) in [(&histogram.good, "good see-through"), (&histogram.bad, "bad see-through")] {
            @for (number, bar) in bars.iter().enumerate().take(last) {
                @let (from, to) = (frame.right(number as f64 * histogram.width), frame.right((number + 1) as f64 * histogram.width));
                rect class=(class) x=(round(from + 0.6)) width=(round((to - from - 1.2).max(0.5))) y=(round(frame.down(*bar)))
                    height=(round(frame.down(0.0) - frame.down(*bar))) rx="1.5" {}
            }
        }
    };
    frame.draw(
        "Distribution of scores",
        ("probability of going bad", "share of loans"),
        (percent, percent),
        &content,
    )
}

/// How much more often loans of each tenth go bad than loans do on the whole.
pub fn lift(deciles: &[Group]) -> Markup {
    let highest =
        deciles.iter().map(|group| group.lift.high).filter(|high| high.is_finite()).fold(1.2, f64::max);
    let frame = Frame { x: (0.0, deciles.len().max(1) as f64), y: (0.0, above(highest)) };
    let base = frame.down(0.0);
    let content = html! {
        path.diagonal d=(frame.path(&[(0.0, 1.0), (frame.x.1, 1.0)])) {}
        @for (number, group) in deciles.iter().enumerate() {
            @let (from, to) = (frame.right(number as f64 + 0.14), frame.right(number as f64 + 0.86));
            @let middle = round((from + to) / 2.0);
            rect.f0 x=(round(from)) width=(round(to - from)) y=(round(frame.down(group.lift.figure)))
                height=(round(base - frame.down(group.lift.figure))) rx="3" {
                title { (group.bad) " of " (group.rows) " loans went bad" }
            }
            line.whisker stroke="var(--ink)" x1=(middle) x2=(middle) y1=(round(frame.down(group.lift.low))) y2=(round(frame.down(group.lift.high))) {}
            text x=(middle) y=(round(base + 18.0)) text-anchor="middle" { (group.name) }
        }
    };
    frame.draw(
        "Lift by tenth",
        ("tenths of the loans, the riskiest first", "times the mean"),
        (nothing, decimal),
        &content,
    )
}

fn nothing(_: f64) -> String {
    String::new()
}

/// AUC of all contestants with their intervals. Not drawn but laid out, so that its text keeps its size on a phone.
pub fn ranking(contestants: &[Contestant]) -> Markup {
    let figures = contestants.iter().map(|contestant| contestant.figure(Measure::Auc)).collect::<Vec<_>>();
    let low = figures.iter().map(|figure| figure.low).fold(f64::INFINITY, f64::min);
    let high = figures.iter().map(|figure| figure.high).fold(f64::NEG_INFINITY, f64::max);
    let (low, high) = match low < high {
        true => ((low * 100.0).floor() / 100.0, (high * 100.0).ceil() / 100.0),
        false => (0.0, 1.0),
    };
    let right = |auc: f64| round((auc - low) / (high - low) * 100.0);
    let ticks = ticks((low, high));
    html! {
        div.ranking role="img" aria-label="AUC of models and baselines" {
            @for (contestant, figure) in contestants.iter().zip(&figures) {
                @let series = if contestant.chosen { 0 } else if contestant.model { 2 } else { 1 };
                div.name.strong[contestant.chosen] { (contestant.title) }
                div.track {
                    @for tick in &ticks { i.tick style=(format!("left:{}%", right(*tick))) {} }
                    i class=(format!("bar s{series}")) style=(format!("left:{}%;width:{}%", right(figure.low), round(right(figure.high) - right(figure.low)))) {}
                    i class=(format!("dot s{series}")) style=(format!("left:{}%", right(figure.figure))) {}
                }
                div.value.strong[contestant.chosen] { (format!("{:.4}", figure.figure)) }
            }
            div.name {}
            div.scale { @for tick in &ticks { span style=(format!("left:{}%", right(*tick))) { (decimal(*tick)) } } }
            div.value {}
        }
    }
}

/// What the model leans on.
pub fn importances(importances: &[Importance]) -> Markup {
    const ROW: f64 = 25.0;
    let drawn = importances.iter().filter(|importance| importance.auc > 0.0).take(DRAWN).collect::<Vec<_>>();
    let highest = drawn.first().map_or(1.0, |importance| importance.auc);
    let longest = drawn.iter().map(|importance| importance.column.len()).max().unwrap_or_default();
    // A letter is at most this wide on a phone, where text is the largest in relation to the drawing.
    let label = (longest as f64 * 8.0 + 14.0).min(WIDTH * 0.62);
    let length = |auc: f64| (auc / highest * (WIDTH - label - 66.0)).max(1.0);
    let height = (drawn.len() as f64 * ROW + 8.0).max(HEIGHT / 4.0);
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {height}")) role="img" aria-label="Importance of the features" {
            @for (number, importance) in drawn.iter().enumerate() {
                @let y = number as f64 * ROW + 4.0;
                text x=(round(label - 10.0)) y=(y + 13.5) text-anchor="end" { (importance.column) title { (importance.comment) } }
                rect.f0 x=(round(label)) y=(y) width=(round(length(importance.auc))) height="18" rx="3" { title { (importance.comment) } }
                text x=(round(label + length(importance.auc) + 7.0)) y=(y + 13.5) { (format!("{:.4}", importance.auc)) }
            }
        }
    }
}

/// An interval in a cell of a table.
pub fn whisker(interval: Interval, highest: f64, expected: Option<f64>) -> Markup {
    let right = |number: f64| round(4.0 + number / highest * 142.0);
    html! {
        svg viewBox="0 0 150 16" role="img" aria-label=(percent_of(interval.figure)) {
            line.grid x1="4" x2="146" y1="8" y2="8" {}
            line class="whisker s0" x1=(right(interval.low)) x2=(right(interval.high)) y1="8" y2="8" {}
            circle.f0 cx=(right(interval.figure)) cy="8" r="4" {}
            @if let Some(expected) = expected {
                line class="whisker s1" x1=(right(expected)) x2=(right(expected)) y1="2" y2="14" {}
            }
        }
    }
}

fn percent_of(share: f64) -> String {
    crate::report::frame::percent_1(share)
}
