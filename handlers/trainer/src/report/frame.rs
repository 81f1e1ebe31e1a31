//! The frame of a chart: a plane with axes, drawn by plotters, which takes its colours from the page.

use maud::{Markup, PreEscaped, html};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

/// Width of all charts, in units of the page. Small enough for a phone to leave the text legible.
pub const WIDTH: i32 = 460;
/// Height of those with two axes.
pub const HEIGHT: i32 = 330;

/// plotters draws on whole numbers: four to a unit of the page, so that curves stay smooth.
pub const FINE: i32 = 4;

/// Size of all text; `style.css` has it too, and a larger one for phones.
const TEXT: i32 = 50;

const LEFT: i32 = 54 * FINE;
const RIGHT: i32 = 24 * FINE;
const TOP: i32 = 32 * FINE;
const BOTTOM: i32 = 44 * FINE;

/// Colours that stand for those of the page, which are other ones by night.
pub const MODEL: RGBColor = RGBColor(1, 0, 0);
/// The first baseline.
pub const FIRST: RGBColor = RGBColor(2, 0, 0);
/// The second baseline.
pub const SECOND: RGBColor = RGBColor(3, 0, 0);
/// Loans that were paid back.
pub const GOOD: RGBColor = RGBColor(4, 0, 0);
/// Loans that were not.
pub const BAD: RGBColor = RGBColor(5, 0, 0);
/// What must be seen.
pub const INK: RGBColor = RGBColor(6, 0, 0);
/// What explains.
pub const SOFT: RGBColor = RGBColor(7, 0, 0);
const LINE: RGBColor = RGBColor(8, 0, 0);
const GRID: RGBColor = RGBColor(9, 0, 0);
/// Each in an SVG, and its name in `style.css`.
const COLOURS: [(&str, &str); 9] = [
    ("#010000", "var(--model)"),
    ("#020000", "var(--first)"),
    ("#030000", "var(--second)"),
    ("#040000", "var(--good)"),
    ("#050000", "var(--bad)"),
    ("#060000", "var(--ink)"),
    ("#070000", "var(--soft)"),
    ("#080000", "var(--line)"),
    ("#090000", "var(--grid)"),
];

/// How the numbers of an axis are written.
pub type Label = fn(f64) -> String;

/// What a chart is drawn on.
pub type Plane<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Whether it could be drawn.
pub type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// A plane.
#[derive(Clone, Copy)]
pub struct Frame {
    /// Lowest and highest number to the right.
    pub x: (f64, f64),
    /// Lowest and highest number upwards.
    pub y: (f64, f64),
    /// At most so many labels below.
    pub labels: usize,
}

impl Frame {
    /// With labels at round numbers.
    pub fn new(x: (f64, f64), y: (f64, f64)) -> Self {
        Self { x, y, labels: ticks(x).len() }
    }

    /// A chart: grid, axes and what is drawn on them. `says` is for those who cannot see it; titles and labels are those of x
    /// and y.
    pub fn draw(
        &self,
        says: &str,
        titles: (&str, &str),
        labels: (Label, Label),
        content: impl FnOnce(&mut Plane<'_>) -> Drawn,
    ) -> Markup {
        picture(says, HEIGHT, |area| {
            area.draw(&Text::new(titles.1.to_owned(), (0, 0), text(&SOFT)))?;
            let mut plane = ChartBuilder::on(area)
                .margin_top(TOP)
                .margin_right(RIGHT)
                .x_label_area_size(BOTTOM)
                .y_label_area_size(LEFT)
                .build_cartesian_2d(self.x.0..self.x.1, self.y.0..self.y.1)?;
            plane
                .configure_mesh()
                .disable_x_mesh()
                .light_line_style(TRANSPARENT)
                .bold_line_style(GRID.stroke_width(FINE as u32))
                .axis_style(LINE.stroke_width(FINE as u32))
                .set_all_tick_mark_size(4 * FINE)
                .label_style(text(&SOFT))
                .axis_desc_style(text(&SOFT))
                .x_desc(titles.0)
                .x_labels(self.labels)
                .y_labels(ticks(self.y).len())
                .x_label_formatter(&|number| labels.0(*number))
                .y_label_formatter(&|number| labels.1(*number))
                .draw()?;
            content(&mut plane)
        })
    }
}

/// An SVG of a height in units of the page.
pub fn picture(
    says: &str,
    height: i32,
    draw: impl FnOnce(&DrawingArea<SVGBackend<'_>, plotters::coord::Shift>) -> Drawn,
) -> Markup {
    let (width, height) = (WIDTH * FINE, height * FINE);
    let mut svg = String::new();
    let drawn = draw(&SVGBackend::with_string(&mut svg, (width as u32, height as u32)).into_drawing_area());
    if let Err(error) = drawn {
        return html! { p { (says) " could not be drawn: " (error) } };
    }
    for (colour, name) in COLOURS {
        svg = svg.replace(colour, name);
    }
    // The page says how large it is; what stands in HTML needs no namespace.
    let elements = svg.split_once('>').map_or("", |(_, elements)| elements);
    html! {
        svg.drawn viewBox=(format!("0 0 {width} {height}")) role="img" aria-label=(says) {
            (PreEscaped(elements.trim_end().trim_end_matches("</svg>")))
        }
    }
}

/// Text of a colour; its font is the page's.
pub fn text(colour: &RGBColor) -> TextStyle<'static> {
    ("sans-serif", TEXT).into_font().color(colour)
}

/// A line of a width in units of the page.
pub fn line(colour: RGBColor, width: f64) -> ShapeStyle {
    colour.stroke_width((width * f64::from(FINE)).round() as u32)
}

/// A dotted line, for what would be if nothing were known.
pub fn dotted(plane: &mut Plane<'_>, from: (f64, f64), to: (f64, f64)) -> Drawn {
    let points = [from, to].into_iter();
    plane.draw_series(DashedLineSeries::new(points, 3 * FINE as u32, 4 * FINE as u32, line(SOFT, 1.0)))?;
    Ok(())
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
    fn a_chart_has_the_colours_of_the_page_and_fetches_nothing() {
        let frame = Frame::new((0.0, 1.0), (0.0, 1.0));
        let chart = frame.draw("It", ("right <&>", "up"), (percent, percent), |plane| {
            dotted(plane, (0.0, 0.0), (1.0, 1.0))
        });
        let chart = chart.into_string();
        assert!(
            chart.contains("var(--soft)") && chart.contains("var(--grid)") && !chart.contains('#'),
            "{chart}"
        );
        assert!(!chart.contains("http") && chart.contains("right &lt;&amp;&gt;"), "{chart}");
        assert!(chart.contains("20 %") && chart.ends_with("</svg>"), "{chart}");
    }
}
