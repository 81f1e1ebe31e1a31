use super::super::excerpt::{Signed, by_line, by_window, has_lines};
use super::super::value::{inline, name, text};
use crate::detail::{Detail, Leaf, Turn};
use crate::schema::as_unknown;
use crate::visible::visible;
use serde_json::Value as Json;

/// Characters of a line before a value is written in several.
const WIDE: usize = 100;
/// Of a text that differs, before only the part that differs is shown.
const LONG: usize = 240;

/// One leaf that differs, or how many do not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    Leaf {
        path: String,
        turn: Turn,
        /// `forces the replacement (stack.toml:9:3)`.
        note: Option<String>,
        /// What the element of a list is known by: context, cut where it is long.
        within: Option<String>,
        /// With `-`, `+` or a blank before each; no line of them holds anything hidden.
        lines: Vec<Signed>,
    },
    Unchanged(usize),
}

/// A change, leaf by leaf.
pub fn entry(detail: &Detail, note: Option<&str>, creates: bool) -> Vec<Entry> {
    let mut entries: Vec<Entry> = vec![];
    for leaf in detail.differing() {
        let note = note.filter(|_| entries.is_empty()).map(str::to_owned);
        let known = !leaf.within.is_null();
        entries.push(Entry::Leaf {
            path: visible(&leaf.path.to_string()).into_owned(),
            turn: if creates { Turn::Added } else { leaf.turn },
            note,
            within: known.then(|| visible(&format!("in {}", inline(&leaf.within, WIDE))).into_owned()),
            lines: lines(leaf).into_iter().map(|(sign, line)| (sign, visible(&line).into_owned())).collect(),
        });
    }
    let unchanged = detail.unchanged();
    if unchanged > 0 {
        entries.push(Entry::Unchanged(unchanged));
    }
    entries
}

fn lines(leaf: &Leaf) -> Vec<Signed> {
    let signed = |sign: char, lines: Vec<String>| lines.into_iter().map(move |line| (sign, line));
    match (leaf.turn, &leaf.before, &leaf.after) {
        (Turn::Changed, ..) if leaf.sensitive => {
            vec![('-', "(sensitive)".to_owned()), ('+', "(sensitive) changed".to_owned())]
        }
        (Turn::Removed, ..) if leaf.sensitive => vec![('-', "(sensitive)".to_owned())],
        _ if leaf.sensitive => vec![('+', "(sensitive)".to_owned())],
        (Turn::Changed, Json::String(before), Json::String(after)) => {
            let long = before.chars().count().max(after.chars().count()) > LONG;
            if has_lines(before, after) {
                by_line(before, after)
            } else if long {
                let (before, after, left) = by_window(before, after);
                let mut lines = vec![('-', before), ('+', after)];
                lines.extend((left > 0).then(|| (' ', format!("… {left} unchanged characters"))));
                lines
            } else {
                vec![('-', text(&leaf.before)), ('+', text(&leaf.after))]
            }
        }
        (Turn::Changed, before, after) => {
            signed('-', whole(before, WIDE)).chain(signed('+', whole(after, WIDE))).collect()
        }
        (Turn::Removed, before, _) => signed('-', whole(before, WIDE)).collect(),
        (_, _, after) => signed('+', whole(after, WIDE)).collect(),
    }
}

/// A value on one line if that is short, else entry by entry and element by element. Unlike on a terminal, no text is broken.
fn whole(value: &Json, width: usize) -> Vec<String> {
    let line = text(value);
    if line.chars().count() <= width {
        return vec![line];
    }
    let below = |value: &Json| whole(value, width.saturating_sub(2));
    let mut lines = vec![];
    match value {
        Json::Object(map) if as_unknown(value).is_none() => {
            for (key, value) in map.iter().filter(|(_, value)| !value.is_null()) {
                match below(value).as_slice() {
                    [one] => lines.push(format!("{} = {one}", name(key))),
                    many => {
                        lines.push(format!("{} =", name(key)));
                        lines.extend(many.iter().map(|line| format!("  {line}")));
                    }
                }
            }
        }
        Json::Array(items) => {
            for item in items {
                let sign = |at: usize| if at == 0 { "-" } else { " " };
                lines.extend(below(item).iter().enumerate().map(|(at, line)| format!("{} {line}", sign(at))));
            }
        }
        _ => return vec![line],
    }
    lines
}
