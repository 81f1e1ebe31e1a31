//! How deep tables and lists of TOML lie in each other, told without building them.

use crate::limits::DEPTH;
use std::ops::Range;
use toml_parser::Source;
use toml_parser::lexer::TokenKind;

/// Where TOML first goes deeper than [`DEPTH`]; none if it does not. Counted on its words, with no recursion: dotted keys within
/// inline tables come to thousands of levels before the parser's own limit, and end a process that walks them.
///
/// A number with a dot counts as a key with one: that is one level too many, at the deepest place.
pub fn too_deep(text: &str) -> Option<Range<usize>> {
    let mut open: Vec<usize> = vec![];
    let (mut below, mut dots, mut header) = (0, 0, 0);
    let (mut begins, mut names_a_table) = (true, false);
    for token in Source::new(text).lex() {
        let kind = token.kind();
        match kind {
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => {
                if begins && kind == TokenKind::LeftSquareBracket {
                    // `[a.b.c]`: what follows is inside of it.
                    (names_a_table, header) = (true, 0);
                }
                open.push(dots + 1);
                below += dots + 1;
                dots = 0;
            }
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => {
                below -= open.pop().unwrap_or(0);
                if names_a_table {
                    header += dots + 1;
                    names_a_table = !open.is_empty();
                }
                dots = 0;
            }
            TokenKind::Dot => dots += 1,
            TokenKind::Comma => dots = 0,
            TokenKind::Newline if open.is_empty() => dots = 0,
            _ => {}
        }
        begins = open.is_empty() && (kind == TokenKind::Newline || begins && kind == TokenKind::Whitespace);
        if header + below + dots > DEPTH {
            let span = token.span();
            return Some(span.start()..span.end());
        }
    }
    None
}

/// What to say of it.
pub fn refusal() -> String {
    format!("tables and lists lie in each other more than {DEPTH} levels deep")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_people_write_is_shallow() {
        for text in [
            "",
            "a = 1.5\nb = [1.5, 2.5]\n[a.b.c]\nd.e = { f = [ { g = '.......' } ] } # .....",
            include_str!("../stack.toml"),
        ] {
            assert_eq!(too_deep(text), None, "{text}");
        }
    }

    fn depth(value: &toml::Value) -> usize {
        match value {
            toml::Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
            toml::Value::Table(table) => 1 + table.values().map(depth).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// One nested value in any spelling; unclosed now and then.
    fn nested() -> impl Strategy<Value = String> {
        let layer =
            prop::sample::select(vec!["[", "{ a = ", "{ a.b = ", "{ a.b.c.'d.e' = ", "[\n", "[ 1.5, "]);
        let layers = prop::collection::vec(layer, 0..90);
        (prop::collection::vec("[a-c]", 1..40), layers, any::<bool>()).prop_map(|(keys, layers, closed)| {
            let ends: String =
                layers.iter().rev().map(|layer| if layer.starts_with('[') { "]" } else { " }" }).collect();
            let header = keys.join(".");
            format!("[{header}]\nx = {}1{}\n", layers.concat(), if closed { ends.as_str() } else { "" })
        })
    }

    proptest! {
        #[test]
        fn what_passes_is_no_deeper_than_the_limit(text in nested()) {
            if too_deep(&text).is_none() && let Ok(table) = text.parse::<toml::Table>() {
                prop_assert!(depth(&toml::Value::Table(table)) <= DEPTH + 1, "{text}");
            }
        }

        #[test]
        fn any_text_has_an_answer(text in "[\\[\\]{}.,=a'\"#\n]{0,300}") {
            too_deep(&text);
        }
    }

    #[test]
    fn a_million_levels_are_refused_at_once() {
        for layer in ["[", "{a=", "{a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a=", "a."] {
            let text = format!("x = {}", layer.repeat(1_000_000 / layer.len()));
            assert!(too_deep(&text).is_some_and(|at| at.start < 1000), "{layer}");
        }
        // What the parser of TOML lets through and what would end whoever walks it.
        let key = "a.".repeat(70);
        let text = format!("x = {}1{}", format!("{{ {key}a = ").repeat(79), "}".repeat(79));
        assert!(too_deep(&text).is_some());
    }
}
