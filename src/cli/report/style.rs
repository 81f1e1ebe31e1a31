use crate::state::Verb;
use crate::visible::{push, visible};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::OnceLock;
use std::time::Duration;

/// Meaning, not colour: one place decides how each looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    Good,
    Change,
    Bad,
    Replace,
    /// Wakes one up.
    Alarm,
    Strong,
    Dim,
}

impl Paint {
    const ALL: [Self; 7] =
        [Self::Good, Self::Change, Self::Bad, Self::Replace, Self::Alarm, Self::Strong, Self::Dim];

    /// What a terminal is told (SGR).
    fn code(self) -> &'static str {
        match self {
            Self::Good => "32",
            Self::Change => "33",
            Self::Bad => "31",
            Self::Replace => "35",
            Self::Alarm => "1;97;41",
            Self::Strong => "1",
            Self::Dim => "2",
        }
    }

    /// The text in this style; printing strips it where colour is not welcome.
    pub fn label(self, text: &str) -> String {
        let mark = mark();
        format!("{mark}{}m{text}{mark}0m", self.code())
    }
}

/// How our own styles begin until they are printed. It has a number that nobody outside can know, so that what looks like a style in
/// a tag or an error is none.
fn mark() -> &'static str {
    static MARK: OnceLock<String> = OnceLock::new();
    MARK.get_or_init(|| format!("\u{1b}[{};", RandomState::new().build_hasher().finish()))
}

/// A line as a terminal, or with `colour` off a pipe, gets it: our own styles, and everything else visible.
pub fn rendered(line: &str, colour: bool) -> String {
    let mut parts = line.split(mark());
    let mut out = parts.next().map(|text| visible(text).into_owned()).unwrap_or_default();
    for part in parts {
        let code = part.split_once('m').filter(|(code, _)| is_ours(code));
        let text = match code {
            Some((code, text)) => {
                if colour {
                    out.push_str(&format!("\u{1b}[{code}m"));
                }
                text
            }
            None => part,
        };
        text.chars().for_each(|c| push(&mut out, c));
    }
    out
}

fn is_ours(code: &str) -> bool {
    code == "0" || Paint::ALL.iter().any(|paint| paint.code() == code)
}

/// `creating`, `updating`, `deleting`.
pub fn doing(verb: Verb) -> &'static str {
    match verb {
        Verb::Create => "creating",
        Verb::Update => "updating",
        Verb::Delete => "deleting",
    }
}

/// `created`, `updated`, `deleted`.
pub fn done(verb: Verb) -> &'static str {
    match verb {
        Verb::Create => "created",
        Verb::Update => "updated",
        Verb::Delete => "deleted",
    }
}

/// `0.4 s`, `12 s`, `8 min`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 10.0 {
        format!("{seconds:.1} s")
    } else if seconds < 120.0 {
        format!("{seconds:.0} s")
    } else {
        format!("{:.0} min", seconds / 60.0)
    }
}

/// `about 4 min`, `about 40 s`: no more exact than an estimate is.
pub fn about(duration: Duration) -> String {
    match duration.as_secs() {
        0..10 => "some seconds".to_owned(),
        seconds @ 10..100 => format!("about {} s", seconds.div_ceil(10) * 10),
        seconds => {
            format!("about {} min", count(usize::try_from(seconds.div_ceil(60)).unwrap_or(usize::MAX)))
        }
    }
}

/// `2,000`.
pub fn count(number: usize) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let mut out = digits[..first].to_owned();
    for at in (first..digits.len()).step_by(3) {
        if !out.is_empty() {
            out.push(',');
        }
        out.push_str(&digits[at..at + 3]);
    }
    out
}

/// A list that a person reads to its end: the first few, and how many more.
pub fn some(names: &[String]) -> String {
    const ALL: usize = 8;
    const FEW: usize = 3;
    match names.len() {
        0..=ALL => names.join(", "),
        many => format!("{} and {} more", names[..FEW].join(", "), count(many - FEW)),
    }
}

/// Lines of aligned columns, the header first. Cells must be plain text.
pub fn table(rows: &[Vec<String>]) -> Vec<String> {
    let rows: Vec<Vec<_>> = rows.iter().map(|row| row.iter().map(|cell| visible(cell)).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    rows.iter()
        .map(|row| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_they_are_read() {
        let counts = [0, 7, 312, 2000, 1_234_567].map(count);
        assert_eq!(counts, ["0", "7", "312", "2,000", "1,234,567"]);
        let times = [3, 10, 62, 100, 240, 780].map(|seconds| about(Duration::from_secs(seconds)));
        assert_eq!(
            times,
            ["some seconds", "about 10 s", "about 70 s", "about 2 min", "about 4 min", "about 13 min"]
        );
        let names: Vec<String> = (0..1850).map(|at| format!("queue.q{at}")).collect();
        assert_eq!(some(&names), "queue.q0, queue.q1, queue.q2 and 1,847 more");
        assert_eq!(some(&names[..2]), "queue.q0, queue.q1");
    }

    #[test]
    fn styles_are_ours_alone() {
        let line =
            format!("{} \u{1b}[31mred\u{1b}[0m\n{}", Paint::Bad.label("a\u{1b}[2J"), Paint::Alarm.label("b"));
        assert_eq!(
            rendered(&line, true),
            "\u{1b}[31ma\\u{1b}[2J\u{1b}[0m \\u{1b}[31mred\\u{1b}[0m\\n\u{1b}[1;97;41mb\u{1b}[0m"
        );
        assert_eq!(rendered(&line, false), "a\\u{1b}[2J \\u{1b}[31mred\\u{1b}[0m\\nb");
    }
}
