//! Text from outside (ids, tags, errors, logs, names, files) as it is shown to people: whatever would move the cursor, change
//! colours, turn the direction of the text or be seen by nobody becomes an escape that everybody can read.

use std::borrow::Cow;

/// Whether a terminal would do something else than show it: control characters (C0, DEL, C1), marks of direction (bidi),
/// what has no width, and separators of lines. Also what Unicode calls format characters, of all scripts.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The character, or its escape: `\n`, `\u{1b}`.
pub fn push(out: &mut String, c: char) {
    if is_hidden(c) { out.extend(c.escape_default()) } else { out.push(c) }
}

/// Without anything hidden. Twice is the same as once.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    text.chars().for_each(|c| push(&mut out, c));
    Cow::Owned(out)
}

/// The same line by line: for text that has lines of its own, such as a compiler's.
pub fn visible_lines(text: &str) -> String {
    text.split('\n').map(|line| visible(line.trim_end_matches('\r'))).collect::<Vec<_>>().join("\n")
}

/// JSON stays the same JSON: what is hidden can stand in its strings alone, where it may be written as `\u202e`.
pub fn visible_json(text: &str) -> Cow<'_, str> {
    let is_space = |c: char| matches!(c, '\n' | '\r' | '\t');
    if !text.contains(|c| is_hidden(c) && !is_space(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_hidden(c) && !is_space(c) {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_hidden_is_shown() {
        assert_eq!(
            visible("a\u{1b}[2Jb\nc\td\u{202e}e\u{7f}\u{9b}"),
            r"a\u{1b}[2Jb\nc\td\u{202e}e\u{7f}\u{9b}"
        );
        assert_eq!(visible("é 漢 ✓ → 🎉"), "é 漢 ✓ → 🎉");
        assert_eq!(visible_json("{\"a\": \"\u{202e}\u{e0041}\"}"), r#"{"a": "\u202e\udb40\udc41"}"#);
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left(text in any::<String>()) {
            let shown = visible(&text).into_owned();
            prop_assert!(!shown.contains(is_hidden));
            prop_assert_eq!(visible(&shown).into_owned(), shown.clone());
            prop_assert!(!visible_lines(&text).replace('\n', "").contains(is_hidden));
        }

        #[test]
        fn json_stays_the_same(text in any::<String>()) {
            let json = serde_json::json!({ text.clone(): [text] });
            let shown = visible_json(&json.to_string()).into_owned();
            prop_assert!(!shown.contains(is_hidden));
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), json);
        }
    }
}
