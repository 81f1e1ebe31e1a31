//! The frame of a chart: a plane with axes, in which numbers have a place.

use maud::{Markup, html};

use crate::judge::curve::Point;

/// Width and height of all charts with two axes, in the units of the drawing. Small enough for a phone to leave the text legible.
pub const WIDTH: f64 = 460.0;
/// See [`WIDTH`].
pub const HEIGHT: f64 = 330.0;

const LEFT: f64 = 54.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 32.0;
const BOTTOM: f64 = 44.0;

/// How the numbers of an axis are written.
pub type Label = fn(f64) -> String;

/// A plane.
#[derive(Clone, Copy)]
pub struct Frame {
    /// Lowest and highest number to the right.
    pub x: (f64, f64),
    /// Lowest and highest number upwards.
    pub y: (f64, f64),
}

impl Frame {
    /// From left to right.
    pub fn right(&self, x: f64) -> f64 {
        LEFT + (x - self.x.0) / (self.x.1 - self.x.0) * (WIDTH - LEFT - RIGHT)
    }

    /// From top to bottom.
    pub fn down(&self, y: f64) -> f64 {
        HEIGHT - BOTTOM - (y - self.y.0) / (self.y.1 - self.y.0) * (HEIGHT - TOP - BOTTOM)
    }

    /// A chart: grid, axes and what is drawn on them. `says` is for those who cannot see it.
    pub fn draw(&self, says: &str, titles: (&str, &str), labels: (Label, Label), content: &Markup) -> Markup {
        let (bottom, right) = (self.down(self.y.0), self.right(self.x.1));
        html! {
            svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label=(says) {
                @for tick in ticks(self.y) {
                    line.grid x1=(round(LEFT)) x2=(round(right)) y1=(round(self.down(tick))) y2=(round(self.down(tick))) {}
                    text x=(round(LEFT - 8.0)) y=(round(self.down(tick) + 4.0)) text-anchor="end" { (labels.1(tick)) }
                }
                @for tick in ticks(self.x).into_iter().filter(|tick| !labels.0(*tick).is_empty()) {
                    text x=(round(self.right(tick))) y=(round(bottom + 18.0)) text-anchor="middle" { (labels.0(tick)) }
                }
                line.axis x1=(round(LEFT)) x2=(round(right)) y1=(round(bottom)) y2=(round(bottom)) {}
                (content)
                text x=(round((LEFT + right) / 2.0)) y=(round(HEIGHT - 6.0)) text-anchor="middle" { (titles.0) }
                text x="0" y="12" { (titles.1) }
            }
        }
    }

    /// A line through points.
    pub fn path(&self, points: &[Point]) -> String {
        let steps = points.iter().enumerate().map(|(number, point)| {
            let step = if number == 0 { 'M' } else { 'L' };
            format!("{step}{} {}", round(self.right(point.0)), round(self.down(point.1)))
        });
        steps.collect::<Vec<_>>().join("")
    }

    /// The area under such a line.
    pub fn area(&self, points: &[Point]) -> String {
        let (Some(first), Some(last)) = (points.first(), points.last()) else { return String::new() };
        let bottom = round(self.down(self.y.0));
        format!(
            "{}L{} {bottom}L{} {bottom}Z",
            self.path(points),
            round(self.right(last.0)),
            round(self.right(first.0))
        )
    }
}

/// Some five round numbers between two.
pub fn ticks((low, high): (f64, f64)) -> Vec<f64> {
    let rough = (high - low) / 5.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= rough * 0.999);
    let step = step.unwrap_or(rough);
    let first = (low / step - 1e-9).ceil();
    let count = ((high / step + 1e-9).floor() - first).max(0.0) as usize;
    (0..=count).map(|number| (first + number as f64) * step).collect()
}

/// The next round number at or above one: the end of an axis.
pub fn above(number: f64) -> f64 {
    let power = 10_f64.powf(number.max(1e-9).log10().floor());
    let steps = [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    steps.map(|step| step * power).into_iter().find(|step| *step >= number).unwrap_or(number)
}

/// A tenth of a unit is less than a pixel.
pub fn round(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

/// `12,345`.
pub fn count(number: usize) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(",")
}

/// `12 %`.
pub fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// `12.3 %`.
pub fn percent_1(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// `0.4`.
pub fn decimal(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within() {
        let text = |range| ticks(range).into_iter().map(decimal).collect::<Vec<_>>().join(" ");
        assert_eq!(text((0.0, 1.0)), "0 0.2 0.4 0.6 0.8 1");
        assert_eq!(text((0.0, 0.6)), "0 0.2 0.4 0.6");
        assert_eq!(text((0.66, 0.72)), "0.66 0.68 0.7 0.72");
        assert_eq!(text((0.0, 2.5)), "0 0.5 1 1.5 2 2.5");
        assert_eq!((above(0.37), above(0.41), above(2.3)), (0.4, 0.5, 2.5));
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(
            [7, 999, 1000, 21_721, 1_234_567].map(count),
            ["7", "999", "1,000", "21,721", "1,234,567"]
        );
    }

    #[test]
    fn numbers_have_their_place() {
        let frame = Frame { x: (0.0, 1.0), y: (0.0, 1.0) };
        assert_eq!(frame.path(&[(0.0, 0.0), (1.0, 1.0)]), "M54 286L436 32");
        assert_eq!(frame.area(&[(0.0, 1.0), (1.0, 1.0)]), "M54 32L436 32L436 286L54 286Z");
    }
}
