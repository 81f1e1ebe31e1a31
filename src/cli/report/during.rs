use super::cut;
use super::screen::{Frame, Live, Scene};
use super::style::{Paint, count, duration};
use crate::apply::Standing;
use crate::gauge::{Gauge, Reading};
use std::sync::Arc;
use std::time::Duration;

/// Says what the command is at while it takes its time, until it is dropped.
pub struct During {
    _live: Live,
}

/// `what` is a doing: `asking AWS whose credentials these are`.
pub fn during(what: &str) -> During {
    let gauge = Arc::new(Gauge::default());
    gauge.begin(what, 0);
    counting(gauge)
}

/// The same with what the gauge counts.
pub fn counting(gauge: Arc<Gauge>) -> During {
    During { _live: Live::show(gauge) }
}

impl Scene for Gauge {
    fn lines(&self, frame: Frame) -> Vec<String> {
        let took = duration(frame.since);
        let room = frame.width.saturating_sub(took.chars().count() + 6);
        let said = cut(&said(&self.read()), room);
        vec![format!(
            "  {} {said}  {}",
            Paint::Good.label(&frame.spinner.to_string()),
            Paint::Dim.label(&took)
        )]
    }

    fn line(&self, since: Duration) -> String {
        format!("  {} ({})", said(&self.read()), duration(since))
    }

    fn told(&self, _: Duration) -> (String, Standing) {
        let Reading { what, done, total } = self.read();
        (what, Standing { total, finished: done, ..Standing::default() })
    }
}

fn said(reading: &Reading) -> String {
    match reading.total {
        0 => reading.what.clone(),
        total => format!("{}: {}/{}", reading.what, count(reading.done), count(total)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(width: usize) -> Frame {
        Frame { since: Duration::from_secs(4), width, height: 24, spinner: '⠋' }
    }

    fn plain(lines: &[String]) -> String {
        anstream::adapter::strip_str(&lines.join("\n")).to_string()
    }

    #[test]
    fn it_says_what_and_how_far_and_fits() {
        let gauge = Arc::new(Gauge::default());
        gauge.begin("reading what is there", 2000);
        (0..312).for_each(|_| gauge.count());
        insta::assert_snapshot!(plain(&gauge.lines(frame(80))), @"  ⠋ reading what is there: 312/2,000  4.0 s");
        insta::assert_snapshot!(gauge.line(Duration::from_secs(30)), @"  reading what is there: 312/2,000 (30 s)");
        for width in [20, 40, 60, 100, 300] {
            assert!(plain(&gauge.lines(frame(width))).chars().count() <= width);
        }
    }
}
