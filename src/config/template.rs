use super::Span;
use crate::reference::{Expression, Reference};
use std::fmt;

/// A string of `stack.toml`: text and references in it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Template {
    pub parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    Text(String),
    /// `${…}` and where it stands.
    Expression(Expression, Span),
}

impl Template {
    pub fn text(text: &str) -> Self {
        let mut template = Self::default();
        template.push_text(text);
        template
    }

    /// The text, if nothing is referred to.
    pub fn as_text(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The one reference that the whole string is; it keeps its type.
    pub fn as_whole(&self) -> Option<(&Expression, Span)> {
        match self.parts.as_slice() {
            [Part::Expression(expression, span)] => Some((expression, *span)),
            _ => None,
        }
    }

    pub fn expressions(&self) -> impl Iterator<Item = (&Expression, Span)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Expression(expression, span) => Some((expression, *span)),
        })
    }

    /// The references to attributes of resources.
    pub fn references(&self) -> impl Iterator<Item = (&Reference, Span)> {
        self.expressions().filter_map(|(expression, span)| Some((expression.as_resource()?, span)))
    }

    /// Bytes, as far as they are known.
    pub(super) fn len(&self) -> u64 {
        let one = |part: &Part| match part {
            Part::Text(text) => text.len() as u64,
            Part::Expression(..) => crate::limits::VALUE,
        };
        self.parts.iter().map(one).sum()
    }

    /// Appends text, joined with text before it.
    pub fn push_text(&mut self, text: &str) {
        match self.parts.last_mut() {
            Some(Part::Text(last)) => last.push_str(text),
            _ if text.is_empty() => {}
            _ => self.parts.push(Part::Text(text.to_owned())),
        }
    }
}

/// As in `stack.toml`, `$${` escapes included.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(&text.replace("${", "$${")),
            Part::Expression(expression, _) => write!(f, "${{{expression}}}"),
        })
    }
}
