//! The charts, by plotters; they take their colours from the page.

use maud::{Markup, html};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::judge::bootstrap::Interval;
use crate::judge::contest::Contestant;
use crate::judge::curve::{Fit, Histogram, Point};
use crate::judge::evaluation::Curves;
use crate::judge::importance::Importance;
use crate::judge::lift::Group;
use crate::judge::measure::Measure;
use crate::report::frame::{
    BAD, Drawn, FINE, FIRST, Frame, GOOD, HEIGHT, INK, MODEL, Plane, SECOND, SOFT, WIDTH, above, decimal,
    dotted, line, percent, picture, round, text, ticks,
};

/// Columns that are drawn, of those that the model uses.
const DRAWN: usize = 13;

/// The model and the baselines, in the order of their curves.
const SERIES: [RGBColor; 3] = [MODEL, FIRST, SECOND];

/// Share of good loans above a score against the share of bad ones.
pub fn roc(curves: &[Curves]) -> Markup {
    let frame = Frame::new((0.0, 1.0), (0.0, 1.0));
    frame.draw("ROC curves", ("good loans refused", "bad loans refused"), (percent, percent), |plane| {
        if let Some(first) = curves.first() {
            plane.draw_series(AreaSeries::new(first.roc.iter().copied(), 0.0, MODEL.mix(0.1)))?;
        }
        dotted(plane, (0.0, 0.0), (1.0, 1.0))?;
        lines(plane, curves, |curve| &curve.roc)
    })
}

/// Share of the bad loans found against the share of bad ones among those refused.
pub fn precision_recall(curves: &[Curves], share: f64) -> Markup {
    let highest =
        curves.iter().flat_map(|curve| &curve.precision_recall).map(|point| point.1).fold(share, f64::max);
    let frame = Frame::new((0.0, 1.0), (0.0, above(highest)));
    let titles = ("bad loans refused", "bad among the refused");
    frame.draw("Precision-recall curves", titles, (percent, percent), |plane| {
        dotted(plane, (0.0, share), (1.0, share))?;
        lines(plane, curves, |curve| &curve.precision_recall)
    })
}

/// The model's curve comes last, on top.
fn lines(plane: &mut Plane<'_>, curves: &[Curves], of: fn(&Curves) -> &Vec<Point>) -> Drawn {
    for (curve, colour) in curves.iter().zip(SERIES).rev() {
        plane.draw_series(LineSeries::new(of(curve).iter().copied(), line(colour, 2.2)))?;
    }
    Ok(())
}

/// Probabilities against shares, by group.
pub fn calibration(fits: &[Fit]) -> Markup {
    let highest = fits.iter().map(|fit| fit.expected.max(fit.found.high)).fold(0.05, f64::max);
    let high = above(highest);
    let frame = Frame::new((0.0, high), (0.0, high));
    frame.draw("Calibration", ("expected to go bad", "went bad"), (percent, percent), |plane| {
        dotted(plane, (0.0, 0.0), (high, high))?;
        let points = fits.iter().map(|fit| (fit.expected, fit.found.figure));
        plane.draw_series(LineSeries::new(points.clone(), line(MODEL, 2.2)))?;
        plane.draw_series(fits.iter().map(|fit| upright(fit.expected, fit.found, MODEL)))?;
        plane.draw_series(points.map(|point| Circle::new(point, 4.5 * f64::from(FINE), MODEL.filled())))?;
        Ok(())
    })
}

/// An interval, upright.
fn upright(x: f64, interval: Interval, colour: RGBColor) -> PathElement<Point> {
    PathElement::new(vec![(x, interval.low), (x, interval.high)], line(colour, 1.6))
}

/// How the scores of good and bad loans are spread.
pub fn histogram(histogram: &Histogram) -> Markup {
    let bars = [&histogram.good, &histogram.bad];
    let last =
        bars.iter().filter_map(|bars| bars.iter().rposition(|bar| *bar > 0.0)).max().unwrap_or_default() + 1;
    let highest = bars.iter().flat_map(|bars| bars.iter()).copied().fold(0.01, f64::max);
    let frame = Frame::new((0.0, histogram.width * last as f64), (0.0, above(highest)));
    let titles = ("probability of going bad", "share of loans");
    frame.draw("Distribution of scores", titles, (percent, percent), |plane| {
        for (bars, colour) in bars.into_iter().zip([GOOD, BAD]) {
            let bars = bars.iter().enumerate().take(last).map(|(number, bar)| {
                let at = |share: f64| (number as f64 + share) * histogram.width;
                Rectangle::new([(at(0.06), 0.0), (at(0.94), *bar)], colour.mix(0.55).filled())
            });
            plane.draw_series(bars)?;
        }
        Ok(())
    })
}

/// How much more often loans of each tenth go bad than loans do on the whole.
pub fn lift(deciles: &[Group]) -> Markup {
    let highest =
        deciles.iter().map(|group| group.lift.high).filter(|high| high.is_finite()).fold(1.2, f64::max);
    let tenths = deciles.len().max(1);
    let frame = Frame::new((0.5, tenths as f64 + 0.5), (0.0, above(highest)));
    let frame = Frame { labels: tenths + 2, ..frame };
    let titles = ("tenths of the loans, the riskiest first", "times the mean");
    frame.draw("Lift by tenth", titles, (whole, decimal), |plane| {
        let placed = || deciles.iter().enumerate().map(|(number, group)| (number as f64 + 1.0, group));
        plane.draw_series(placed().map(|(x, group)| {
            Rectangle::new([(x - 0.36, 0.0), (x + 0.36, group.lift.figure)], MODEL.filled())
        }))?;
        dotted(plane, (0.5, 1.0), (frame.x.1, 1.0))?;
        plane.draw_series(placed().map(|(x, group)| upright(x, group.lift, INK)))?;
        Ok(())
    })
}

/// Between two tenths there is none.
fn whole(number: f64) -> String {
    if (number - number.round()).abs() < 1e-9 { format!("{number:.0}") } else { String::new() }
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
    const ROW: i32 = 25;
    let drawn = importances.iter().filter(|importance| importance.auc > 0.0).take(DRAWN).collect::<Vec<_>>();
    let highest = drawn.first().map_or(1.0, |importance| importance.auc);
    let longest = drawn.iter().map(|importance| importance.column.len()).max().unwrap_or_default();
    // A letter is at most this wide on a phone, where text is the largest in relation to the drawing.
    let label = (longest as i32 * 8 + 14).min(WIDTH * 62 / 100);
    let rows = drawn.len() as i32;
    picture("Importance of the features", (rows * ROW + 8).max(HEIGHT / 4), |area| {
        let beside = |horizontal| text(&SOFT).pos(Pos::new(horizontal, VPos::Center));
        let length = |auc: f64| (auc / highest * f64::from((WIDTH - label - 66) * FINE)).max(1.0) as i32;
        for (importance, row) in drawn.iter().zip(0..) {
            let (top, end) = ((row * ROW + 4) * FINE, label * FINE + length(importance.auc));
            let middle = top + 9 * FINE;
            let bar = [(label * FINE, top), (end, top + 18 * FINE)];
            area.draw(&Rectangle::new(bar, MODEL.filled()))?;
            let name = importance.column.clone();
            area.draw(&Text::new(name, ((label - 10) * FINE, middle), beside(HPos::Right)))?;
            let figure = format!("{:.4}", importance.auc);
            area.draw(&Text::new(figure, (end + 7 * FINE, middle), beside(HPos::Left)))?;
        }
        Ok(())
    })
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
