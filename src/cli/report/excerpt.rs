//! Two long texts, so that all in which they differ is there and most of what they share is not.

use super::value::text;
use serde_json::Value as Json;
use similar::{ChangeTag, TextDiff};

/// Unchanged lines or characters around what differs.
const LINES: usize = 2;
const CHARS: usize = 24;

/// Lines with their sign, `-`, `+` or a blank.
pub type Signed = (char, String);

/// Whether the texts are better compared line by line.
pub fn has_lines(before: &str, after: &str) -> bool {
    [before, after].iter().any(|text| text.trim_end_matches('\n').contains('\n'))
}

/// The lines that differ, with some around them.
pub fn by_line(before: &str, after: &str) -> Vec<Signed> {
    let diff = TextDiff::from_lines(before, after);
    let mut out = vec![];
    let mut shown = 0;
    let total = diff.old_slices().len();
    for group in diff.grouped_ops(LINES) {
        let start = group.first().map_or(0, |op| op.old_range().start);
        out.extend(skipped(start - shown, "line"));
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            out.push((sign, line(change.value())));
        }
        shown = group.last().map_or(0, |op| op.old_range().end);
    }
    out.extend(skipped(total - shown, "line"));
    out
}

/// With escapes for what is no visible character, and without its end.
fn line(line: &str) -> String {
    let (bare, open) = match line.strip_suffix('\n') {
        Some(bare) => (bare, ""),
        None => (line, "  (without a newline at its end)"),
    };
    let quoted = Json::from(bare).to_string();
    let inner = &quoted[1..quoted.len() - 1];
    format!("{}{open}", inner.replace("\\\"", "\""))
}

fn skipped(count: usize, what: &str) -> Option<Signed> {
    let plural = if count == 1 { "" } else { "s" };
    (count > 0).then(|| (' ', format!("… {count} unchanged {what}{plural}")))
}

/// Both from a little before the first difference to a little after the last one, and how much was left out.
pub fn by_window(before: &str, after: &str) -> (String, String, usize) {
    let (b, a): (Vec<char>, Vec<char>) = (before.chars().collect(), after.chars().collect());
    let head = b.iter().zip(&a).take_while(|(b, a)| b == a).count();
    let most = b.len().min(a.len()) - head;
    let tail = b.iter().rev().zip(a.iter().rev()).take(most).take_while(|(b, a)| b == a).count();
    let (from, behind) = (head.saturating_sub(CHARS), tail.saturating_sub(CHARS));
    let window = |all: &[char]| {
        let quoted = text(&Json::from(all[from..all.len() - behind].iter().collect::<String>()));
        let inner = &quoted[1..quoted.len() - 1];
        let (start, end) = (if from > 0 { "…" } else { "\"" }, if behind > 0 { "…" } else { "\"" });
        format!("{start}{inner}{end}")
    };
    (window(&b), window(&a), from + behind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shows_what_differs_and_where() {
        let (before, after) = ("a".repeat(80) + "1", "a".repeat(80) + "2");
        let same = "a".repeat(CHARS);
        assert_eq!(by_window(&before, &after), (format!("…{same}1\""), format!("…{same}2\""), 80 - CHARS));
        let script = |user: &str| format!("#!/bin/sh\nset -e\nid\nls\nadduser {user}\nid\nls\nexit 0\n");
        let shown: Vec<String> = by_line(&script("ann"), &script("bob"))
            .into_iter()
            .map(|(sign, line)| format!("{sign} {line}"))
            .collect();
        assert_eq!(
            shown,
            [
                "  … 2 unchanged lines",
                "  id",
                "  ls",
                "- adduser ann",
                "+ adduser bob",
                "  id",
                "  ls",
                "  … 1 unchanged line"
            ]
        );
    }

    proptest! {
        /// What is shown of both, put in place of one another, makes one out of the other: nothing that differs is missing.
        #[test]
        fn holds_every_difference(head in "[ab]{0,60}", tail in "[ab]{0,60}", one in "[abc]{0,10}", other in "[abc]{0,10}") {
            let (before, after) = (format!("{head}{one}{tail}"), format!("{head}{other}{tail}"));
            let (b, a, _) = by_window(&before, &after);
            let bare = |text: &str| text.trim_matches(['"', '…']).to_owned();
            prop_assert!(before.contains(&bare(&b)) && after.contains(&bare(&a)));
            prop_assert_eq!(before.replacen(&bare(&b), "", 1).len(), after.replacen(&bare(&a), "", 1).len());
            prop_assert_eq!(b == a, before == after);
        }

        #[test]
        fn holds_every_line_that_differs(before in "([ab]{0,2}\n){0,12}", after in "([ab]{0,2}\n){0,12}") {
            let shown = by_line(&before, &after);
            let count = |sign: char| shown.iter().filter(|(s, _)| *s == sign).count();
            let kept = before.lines().count() - count('-');
            prop_assert_eq!(kept, after.lines().count() - count('+'));
            for (sign, line) in shown {
                prop_assert!(sign != '-' || before.lines().any(|other| other == line));
                prop_assert!(sign != '+' || after.lines().any(|other| other == line));
            }
        }
    }
}
