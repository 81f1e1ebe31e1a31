//! Text of anybody's making in Markdown: words stay words, everything else stands in code, where no renderer finds markup,
//! HTML, mentions (`@team`), issues (`#1`) or links.

use crate::visible::visible;

/// Code in a line. Its delimiters are longer than any run of backticks in it.
pub fn code(text: &str) -> String {
    let text = visible(text);
    if text.is_empty() {
        return "`\u{a0}`".to_owned();
    }
    let ticks = "`".repeat(longest_run(&text) + 1);
    // A blank at both ends is taken away again, by the rules of CommonMark, unless all of it is blank.
    let blank = text.chars().all(|c| c == ' ');
    let padded = !blank && (text.starts_with([' ', '`']) || text.ends_with([' ', '`']));
    let pad = if padded { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// A sentence with values in it: `anyone on the internet may read` and then code.
pub fn prose(text: &str) -> String {
    let mut out: Vec<String> = vec![];
    // Several blanks are one to a reader, and at the start they would make code of the line.
    for word in visible(text).split(' ').filter(|word| !word.is_empty()) {
        let core = word.trim_start_matches('(').trim_end_matches([')', ',', '.', ':', ';']);
        let start = word.len() - word.trim_start_matches('(').len();
        if core.is_empty() || is_word(core) || start + core.len() > word.len() {
            out.push(if word.chars().all(|c| c.is_ascii_alphanumeric() || "(),.:;-'".contains(c)) {
                word.to_owned()
            } else {
                code(word)
            });
            continue;
        }
        let (open, rest) = word.split_at(start);
        let (core, close) = rest.split_at(core.len());
        out.push(format!("{open}{}{close}", code(core)));
    }
    out.join(" ")
}

/// Letters with `-` or `'` between them, or a number: nothing that means anything to a renderer.
fn is_word(core: &str) -> bool {
    let letters = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphabetic());
    core.split(['-', '\'']).all(letters) || core.chars().all(|c| c.is_ascii_digit())
}

/// Code in HTML within Markdown, as in `<summary>`, on one line.
pub fn html_code(text: &str) -> String {
    format!("<code>{}</code>", html(text))
}

/// Text in HTML.
pub fn html(text: &str) -> String {
    let mut out = String::new();
    for c in visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Of the Markdown around it, which some renderers read in HTML as well.
            '`' | '*' | '_' | '~' | '[' | ']' | '|' | '\\' | '@' | '#' | ':' => {
                out.push_str(&format!("&#{};", u32::from(c)))
            }
            c => out.push(c),
        }
    }
    out
}

/// Lines in a fence that none of them closes.
pub fn fence(lines: &str) -> String {
    "`".repeat(longest_run(lines).max(2) + 1)
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_words_and_the_rest_is_code() {
        assert_eq!(
            prose("anyone on the internet may read arn:aws:s3:::site/* (s3:GetObject)"),
            "anyone on the internet may read `arn:aws:s3:::site/*` (`s3:GetObject`)"
        );
        assert_eq!(prose("ask @team, see #1 or GH-2."), "ask `@team`, see `#1` or `GH-2`.");
        assert_eq!(prose("</details> a`b ``` <b>"), "`</details>` ``a`b`` ```` ``` ```` `<b>`");
        assert_eq!(
            prose("prod (protected): account 123456789012,"),
            "prod (protected): account 123456789012,"
        );
    }

    #[test]
    fn a_fence_and_code_are_longer_than_what_is_in_them() {
        assert_eq!(fence("a\n``` b\n"), "````");
        assert_eq!(fence("a"), "```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code(" a "), "`  a  `");
        assert_eq!(html("<a href=\"x\">@b"), "&lt;a href=&quot;x&quot;&gt;&#64;b");
    }
}
