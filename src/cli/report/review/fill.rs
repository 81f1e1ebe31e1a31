//! So much of a page as there is room for, and a count of the rest.

use super::prose::fence;

/// What folds, and holds pieces that each can be left out.
#[derive(Debug, Clone)]
pub struct Fold {
    /// In HTML, escaped, on one line.
    pub summary: String,
    /// Behind the summary, in Markdown.
    pub words: String,
    /// Of a diff: whole lines. With how many changes each tells.
    pub pieces: Vec<(String, usize)>,
}

/// What there was no room for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Left {
    /// Lines of the part that never folds.
    pub loud: usize,
    pub folds: usize,
    /// Changes, those of folds that are left out included.
    pub changes: usize,
    /// Lines of what it costs.
    pub costs: usize,
}

impl Left {
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

/// As GitHub and others may count: in units of UTF-16, so never fewer than characters.
pub fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The text up to so many units, and how many characters are left out.
pub fn cut(text: &str, most: usize) -> (String, usize) {
    if length(text) <= most {
        return (text.to_owned(), 0);
    }
    let (mut used, mut kept) = (0, String::new());
    for c in text.chars() {
        used += c.len_utf16();
        if used > most {
            break;
        }
        kept.push(c);
    }
    let left = text.chars().count() - kept.chars().count();
    (kept, left)
}

/// The lines that fit, in their order, and how many do not.
pub fn lines(all: &[String], room: &mut usize) -> (String, usize) {
    let mut text = String::new();
    let mut shown = 0;
    for line in all {
        let Some(rest) = room.checked_sub(length(line)) else { break };
        *room = rest;
        text.push_str(line);
        shown += 1;
    }
    (text, all.len() - shown)
}

/// What is said where a fold is not whole; as long as it can be.
fn more(count: usize) -> String {
    format!("# … {count} more, left out here\n")
}

fn shell(fold: &Fold, body: &str) -> String {
    let Fold { summary, words, .. } = fold;
    let words = if words.is_empty() { String::new() } else { format!("{words}\n\n") };
    if body.is_empty() {
        return format!("<details><summary>{summary}</summary>\n\n{words}</details>\n\n");
    }
    let fence = fence(body);
    format!("<details><summary>{summary}</summary>\n\n{words}{fence}diff\n{body}{fence}\n\n</details>\n\n")
}

/// Every fold with its summary first, then what is in them.
pub fn folds(all: &[Fold], room: &mut usize) -> (Vec<String>, Left) {
    let mut left = Left::default();
    let changes = |fold: &Fold| fold.pieces.iter().map(|(_, count)| count).sum::<usize>();
    // The fence of a fold is that of all its pieces, whether they are shown or not.
    let empty = |fold: &Fold| {
        let all: String = fold.pieces.iter().map(|(piece, _)| piece.as_str()).collect();
        let body = if all.is_empty() { String::new() } else { more(changes(fold)) };
        length(&shell(fold, &body)) + 2 * fence(&all).len()
    };
    let mut shown: Vec<&Fold> = vec![];
    let mut full = false;
    for fold in all {
        match room.checked_sub(empty(fold)) {
            Some(rest) if !full => {
                *room = rest;
                shown.push(fold);
            }
            _ => {
                full = true;
                left.folds += 1;
                left.changes += changes(fold);
            }
        }
    }
    let mut out = vec![];
    for fold in shown {
        let (mut body, mut told) = (String::new(), 0);
        for (piece, count) in &fold.pieces {
            let Some(rest) = room.checked_sub(length(piece)) else { break };
            *room = rest;
            body.push_str(piece);
            told += count;
        }
        let missing = changes(fold) - told;
        if missing > 0 {
            body.push_str(&more(missing));
            left.changes += missing;
        }
        out.push(shell(fold, &body));
    }
    (out, left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_shown_and_what_is_counted_are_all(
            pieces in prop::collection::vec(prop::collection::vec("[`é🎉x]{0,30}", 0..6), 0..8),
            room in 0usize..2000,
        ) {
            let all: Vec<Fold> = pieces.iter().map(|pieces| Fold {
                summary: "s".to_owned(),
                words: String::new(),
                pieces: pieces.iter().map(|piece| (format!("+ {piece}\n"), 1)).collect(),
            }).collect();
            let mut rest = room;
            let (text, left) = folds(&all, &mut rest);
            let text = text.concat();
            prop_assert!(length(&text) <= room, "{} of {room}", length(&text));
            let total: usize = pieces.iter().map(Vec::len).sum();
            prop_assert_eq!(text.matches("\n+ ").count() + left.changes, total);
            prop_assert_eq!(text.matches("<details>").count() + left.folds, pieces.len());
        }
    }
}
