//! A change in lines: all that differs, whatever the width.

use super::excerpt::{by_line, by_window, has_lines};
use super::style::Paint;
use super::value::{block, inline, text};
use super::wrap::wrap;
use crate::detail::{Detail, Leaf, Turn};
use serde_json::Value as Json;

/// How much room there is, and how much is wanted.
#[derive(Debug, Clone, Copy)]
pub struct View {
    pub width: usize,
    /// What does not change as well, and long texts in full.
    pub details: bool,
    /// How long things usually take on AWS: where they go to AWS.
    pub times: bool,
}

/// Where names of attributes begin.
const INDENT: usize = 8;
/// Lines of a text that is still shown in full.
const SHORT: usize = 3;

/// Columns that the names of these changes take, so that their values stand below one another.
pub fn column<'a>(details: impl Iterator<Item = &'a Detail>, view: View) -> usize {
    let shown =
        details.flat_map(|detail| &detail.leaves).filter(|leaf| view.details || leaf.turn != Turn::Same);
    let longest = shown.map(|leaf| leaf.path.to_string().chars().count()).max().unwrap_or(0);
    longest.min(32).min(view.width / 3)
}

/// One change. `note` is said with its first line; `plain` leaves the signs away, where all is new.
pub fn lines(detail: &Detail, note: Option<&str>, plain: bool, column: usize, view: View) -> Vec<String> {
    let mut lines = vec![];
    for leaf in detail.leaves.iter().filter(|leaf| view.details || leaf.turn != Turn::Same) {
        let first = lines.is_empty();
        let note = note.filter(|_| first);
        one(leaf, note, plain, column, view, &mut lines);
    }
    let unchanged = detail.unchanged();
    if unchanged > 0 && !view.details {
        lines.push(format!("{:INDENT$}  {}", "", Paint::Dim.label(&format!("… {unchanged} unchanged"))));
    }
    lines
}

fn one(leaf: &Leaf, note: Option<&str>, plain: bool, column: usize, view: View, lines: &mut Vec<String>) {
    let name = leaf.path.to_string();
    let (sign, paint) = match leaf.turn {
        _ if plain => (' ', Paint::Good),
        Turn::Added => ('+', Paint::Good),
        Turn::Removed => ('-', Paint::Bad),
        Turn::Changed | Turn::Same => (' ', Paint::Change),
    };
    let sign = if sign == ' ' { " ".to_owned() } else { paint.label(&sign.to_string()) };
    let head = format!("{:1$}{sign} ", "", INDENT - 2);
    let short = match (leaf.turn, leaf.sensitive) {
        (Turn::Changed, true) => "(sensitive) changed".to_owned(),
        (_, true) => "(sensitive)".to_owned(),
        (Turn::Changed, _) => format!("{} → {}", text(&leaf.before), text(&leaf.after)),
        (Turn::Removed, _) => text(&leaf.before),
        _ => text(&leaf.after),
    };
    let used = INDENT + name.chars().count().max(column) + 2 + short.chars().count();
    if used <= view.width {
        let shown = match (leaf.turn, leaf.sensitive) {
            (Turn::Changed, false) => {
                format!("{} {} {}", text(&leaf.before), Paint::Dim.label("→"), text(&leaf.after))
            }
            (Turn::Same, _) => Paint::Dim.label(&short),
            _ => short,
        };
        let mut line = format!("{head}{name:<column$}  {shown}");
        let mut used = used;
        let rest =
            [note.map(|note| Paint::Replace.label(note)), within(leaf, view.width.saturating_sub(used + 2))];
        let mut later = vec![];
        for part in rest.into_iter().flatten() {
            let length = plain_length(&part);
            if used + 2 + length <= view.width {
                line.push_str("  ");
                line.push_str(&part);
                used += 2 + length;
            } else {
                later.push(part);
            }
        }
        lines.push(line);
        lines.extend(later.iter().flat_map(|part| below(part, view)));
        return;
    }
    for (at, part) in wrap(&name, view.width.saturating_sub(INDENT)).into_iter().enumerate() {
        lines.push(if at == 0 { format!("{head}{part}") } else { format!("{:INDENT$}{part}", "") });
    }
    if let Some(note) = note {
        lines.extend(below(&Paint::Replace.label(note), view));
    }
    lines.extend(
        within(leaf, view.width.saturating_sub(INDENT + 2)).iter().flat_map(|part| below(part, view)),
    );
    let room = view.width.saturating_sub(INDENT + 4);
    let mut put = |sign: char, parts: Vec<String>| {
        let paint = if sign == '-' { Paint::Bad } else { Paint::Good };
        for (at, part) in parts.into_iter().enumerate() {
            let sign = if at == 0 && sign != ' ' { paint.label(&sign.to_string()) } else { " ".to_owned() };
            lines.push(format!("{:INDENT$}{sign} {part}", "").trim_end().to_owned());
        }
    };
    match (leaf.turn, &leaf.before, &leaf.after) {
        _ if leaf.sensitive => put(' ', wrap(&short, room)),
        (Turn::Changed, Json::String(before), Json::String(after)) if !view.details => {
            let (b, a) = (block(&leaf.before, room), block(&leaf.after, room));
            if has_lines(before, after) && b.len().max(a.len()) > SHORT {
                for (sign, line) in by_line(before, after) {
                    put(sign, wrap(&line, room));
                }
            } else if b.len().max(a.len()) > SHORT {
                let (b, a, left) = by_window(before, after);
                put('-', wrap(&b, room));
                put('+', wrap(&a, room));
                if left > 0 {
                    put(' ', vec![Paint::Dim.label(&format!("… {left} unchanged characters"))]);
                }
            } else {
                put('-', b);
                put('+', a);
            }
        }
        (Turn::Changed, before, after) => {
            put('-', block(before, room));
            put('+', block(after, room));
        }
        (Turn::Removed, before, _) => put(' ', block(before, room)),
        (_, _, after) => put(' ', block(after, room)),
    }
}

/// By what the element is known that something changes in: context, so it may be cut.
fn within(leaf: &Leaf, room: usize) -> Option<String> {
    let known = !leaf.within.is_null() && leaf.turn != Turn::Same && room >= 16;
    known.then(|| Paint::Dim.label(&format!("in {}", inline(&leaf.within, room.saturating_sub(3)))))
}

fn below(part: &str, view: View) -> Vec<String> {
    let plain = anstream::adapter::strip_str(part).to_string();
    if plain.chars().count() + INDENT + 2 <= view.width {
        return vec![format!("{:1$}{part}", "", INDENT + 2)];
    }
    let wrapped = wrap(&plain, view.width.saturating_sub(INDENT + 2)).into_iter();
    wrapped.map(|line| format!("{:1$}{line}", "", INDENT + 2)).collect()
}

/// How many columns a painted text takes.
pub fn plain_length(text: &str) -> usize {
    anstream::adapter::strip_str(text).to_string().chars().count()
}
