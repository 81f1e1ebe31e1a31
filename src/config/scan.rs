use super::{Part, Span, Template};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::limits::REFERENCE;
use crate::reference::Expression;
use crate::terraform;

/// Reads the references out of a string. `raw` is the string as it stands in the file, quotes and escapes included,
/// from which the places of the references are taken.
pub(super) fn template(text: &str, raw: &str, span: Span, found: &mut Diagnostics) -> Template {
    let opened = openings(text);
    let raw_opened = openings(raw);
    let mut template = Template::default();
    let mut rest = 0;
    for (index, opening) in opened.iter().enumerate() {
        // Something is escaped in a way that hides a reference: the whole string has to do as its place.
        let place = match raw_opened.get(index) {
            Some(at) if raw_opened.len() == opened.len() => {
                let end = at.end.unwrap_or(raw.len().saturating_sub(1).max(at.start));
                Span::new(span.start + at.start, span.start + end)
            }
            _ => span,
        };
        template.push_text(text.get(rest..opening.start).unwrap_or_default());
        rest = opening.start;
        if opening.escaped {
            // `$${` is `${`.
            template.push_text("${");
            rest = opening.start + "$${".len();
            continue;
        }
        let Some(end) = opening.end else {
            let within = match text.len() - opening.start > REFERENCE {
                true => format!(" within {REFERENCE} bytes"),
                false => String::new(),
            };
            found.push(
                Diagnostic::new(
                    "stackctl::bad_reference",
                    format!("a reference is not closed{within}"),
                    "Add the `}`; a literal `${` is written `$${`.",
                )
                .at(place, "starts here"),
            );
            break;
        };
        rest = end;
        let inner = text.get(opening.start + "${".len()..end - "}".len()).unwrap_or_default();
        match inner.parse::<Expression>() {
            Ok(expression) => template.parts.push(Part::Expression(expression, place)),
            Err(error) => {
                let help = terraform::expression(inner).map(|word| format!("From Terraform: {word}"));
                found.push(
                    Diagnostic::new("stackctl::bad_reference", error.message, help.unwrap_or(error.help))
                        .at(place, "not understood"),
                );
                template.parts.push(Part::Expression(Expression::Unread(inner.to_owned()), place));
            }
        }
    }
    template.push_text(text.get(rest..).unwrap_or_default());
    template
}

struct Opening {
    /// Of `${`, or of `$${` if escaped.
    start: usize,
    /// After the `}`.
    end: Option<usize>,
    escaped: bool,
}

fn openings(text: &str) -> Vec<Opening> {
    let mut all = vec![];
    let mut at = 0;
    while let Some(offset) = text.get(at..).and_then(|rest| rest.find("${")) {
        let start = at + offset;
        if start > at && text.as_bytes()[start - 1] == b'$' {
            all.push(Opening { start: start - 1, end: None, escaped: true });
            at = start + "${".len();
            continue;
        }
        let end = close(text, start + "${".len());
        all.push(Opening { start, end, escaped: false });
        at = end.unwrap_or(text.len());
    }
    all
}

/// After the `}` that closes; one within a quoted key does not. It is not looked for without end, since many openings may follow.
fn close(text: &str, from: usize) -> Option<usize> {
    let mut quote = None;
    let mut before = ' ';
    let end = text.floor_char_boundary(from.saturating_add(REFERENCE));
    let inner = text.get(from..end)?;
    for (at, c) in inner.char_indices() {
        match quote {
            Some(open) if c == open && before != '\\' => quote = None,
            None if c == '}' => return Some(from + at + 1),
            None if c == '\'' || c == '"' => quote = Some(c),
            _ => {}
        }
        before = c;
    }
    // A stray quote: the first brace it is.
    inner.find('}').map(|at| from + at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, Vec<(usize, usize)>, usize) {
        let mut found = Diagnostics::default();
        let raw = format!("{text:?}");
        let template = template(text, &raw, Span::new(0, raw.len()), &mut found);
        let spans = template.expressions().map(|(_, span)| (span.start, span.end)).collect();
        (template.to_string(), spans, found.len())
    }

    #[test]
    fn prints_what_it_reads() {
        for text in [
            "",
            "plain",
            "${vpc.main.id}",
            "a ${param.x} b ${each.key}",
            "$${aws:username} and ${stack.name}",
            r#"${subnet.private["a}b"].id}"#,
        ] {
            assert_eq!(parts(text).0, text);
        }
        assert_eq!(parts("${subnet.private['a'].id}").0, r#"${subnet.private["a"].id}"#);
    }

    #[test]
    fn places_are_those_in_the_file() {
        assert_eq!(parts("é ${param.x}").1, [(4, 14)]);
        assert_eq!(parts("\t${param.x}").1, [(3, 13)]);
        assert_eq!(parts("${param.x").2, 1);
        assert_eq!(parts("${aws:username}").2, 1);
    }
}
