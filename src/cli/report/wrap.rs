use super::style::Paint;

/// Ends a line in the midst of a word that is longer than the line.
pub const BROKEN: char = '↵';

/// Lines of at most `width` characters, broken at spaces; what is longer than a line is broken with [`BROKEN`]. Nothing is
/// left out.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(8);
    let mut lines = vec![];
    let (mut line, mut used) = (String::new(), 0);
    let mut end = |line: &mut String, used: &mut usize| {
        lines.push(std::mem::take(line));
        *used = 0;
    };
    for (at, word) in text.split(' ').enumerate() {
        let length = word.chars().count();
        let gap = usize::from(at > 0);
        if used + gap + length <= width {
            if gap > 0 {
                line.push(' ');
            }
            line.push_str(word);
            used += gap + length;
            continue;
        }
        // A long word fills the line up, if that is worth it.
        if length <= width || used + gap + 8 > width {
            end(&mut line, &mut used);
        } else if gap > 0 {
            line.push(' ');
            used += 1;
        }
        for char in word.chars() {
            if used + 1 == width && length > width {
                line.push(BROKEN);
                end(&mut line, &mut used);
            }
            line.push(char);
            used += 1;
        }
    }
    end(&mut line, &mut used);
    lines
}

/// A text behind its sign, `  ✗`, and its further lines below the text.
pub fn point(sign: &str, paint: Paint, text: &str, width: usize) -> Vec<String> {
    let indent = sign.chars().count() + 1;
    let lines = wrap(text, width.saturating_sub(indent)).into_iter().enumerate();
    lines
        .map(|(at, line)| match at {
            0 => format!("{} {line}", paint.label(sign)),
            _ => format!("{:indent$}{line}", ""),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn breaks_at_spaces_and_else_visibly() {
        assert_eq!(wrap("may do anything with S3", 12), ["may do", "anything", "with S3"]);
        assert_eq!(wrap("abcdefghijklmnop", 8), ["abcdefg↵", "hijklmn↵", "op"]);
        assert_eq!(wrap("", 8), [""]);
    }

    proptest! {
        #[test]
        fn loses_nothing_and_keeps_the_width(text in "[a-zé ]{0,80}", width in 8usize..30) {
            let lines = wrap(&text, width);
            prop_assert!(lines.iter().all(|line| line.chars().count() <= width), "{lines:?}");
            let mut joined = String::new();
            for (at, line) in lines.iter().enumerate() {
                match line.strip_suffix(BROKEN) {
                    Some(part) => joined.push_str(part),
                    None if at + 1 < lines.len() => { joined.push_str(line); joined.push(' '); }
                    None => joined.push_str(line),
                }
            }
            prop_assert_eq!(joined, text);
        }
    }
}
