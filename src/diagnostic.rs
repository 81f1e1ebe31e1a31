//! What is wrong, where, and what to do about it.

use crate::config::{Source, Span};
use crate::limits::MISTAKES;
use crate::visible::{is_hidden, push, visible, visible_lines};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};
use std::collections::HashSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// One mistake.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    /// `stackctl::unknown_attribute`: stays the same when the words change.
    pub code: &'static str,
    pub severity: Severity,
    /// Plain words, no full stop.
    pub message: String,
    /// The first is where the mistake is; none if it is not in `stack.toml`.
    pub labels: Vec<Label>,
    /// What to do.
    pub help: String,
    pub source: Option<Arc<Source>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    /// Stops nothing.
    Warning,
}

/// A place and what is to say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    pub span: Span,
    /// Why this is a mistake, or what the place has to do with it.
    pub text: String,
}

impl Diagnostic {
    pub fn new(code: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            labels: vec![],
            help: help.into(),
            source: None,
        }
    }

    /// Something is more than what is taken of it.
    pub fn limit(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new("stackctl::limit", message, help)
    }

    pub fn warning(code: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::new(code, message, help) }
    }

    /// Adds a place; the first one added is where the mistake is.
    #[must_use]
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// As it may be shown: the file that it quotes may be anybody's.
    fn visible(&self) -> Self {
        let mut shown = self.clone();
        shown.message = visible(&self.message).into_owned();
        shown.help = visible_lines(&self.help);
        shown.labels.iter_mut().for_each(|label| label.text = visible(&label.text).into_owned());
        let hides = |text: &str| text.contains(|c| is_hidden(c) && !matches!(c, '\n' | '\r' | '\t'));
        let Some(source) = self.source.as_ref().filter(|source| hides(&source.text) || hides(&source.name))
        else {
            return shown;
        };
        // Escapes are longer than what they stand for: where each place of the text is then.
        let (mut text, mut places) = (String::new(), vec![]);
        for c in source.text.chars() {
            places.extend(std::iter::repeat_n(text.len(), c.len_utf8()));
            if matches!(c, '\n' | '\r' | '\t') { text.push(c) } else { push(&mut text, c) }
        }
        places.push(text.len());
        let moved = |at: usize| places.get(at).copied().unwrap_or(text.len());
        for label in &mut shown.labels {
            label.span = Span { start: moved(label.span.start), end: moved(label.span.end) };
        }
        shown.source = Some(Arc::new(Source::new(visible(&source.name), text)));
        shown
    }

    /// Of the same mistake at the same places, whatever the labels say.
    fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let places: Vec<Span> = self.labels.iter().map(|label| label.span).collect();
        (self.severity == Severity::Error, self.code, &self.message, places).hash(&mut hasher);
        hasher.finish()
    }

    /// `stack.toml:12:5`, if it is there.
    pub fn place(&self) -> Option<String> {
        Some(self.source.as_ref()?.place(self.labels.first()?.span))
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}

impl miette::Diagnostic for Diagnostic {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_deref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let spans = self.labels.iter().enumerate().map(|(index, label)| {
            let text = (!label.text.is_empty()).then(|| label.text.clone());
            match index {
                0 => LabeledSpan::new_primary_with_span(text, label.span),
                _ => LabeledSpan::new_with_span(text, label.span),
            }
        });
        (!self.labels.is_empty()).then(|| Box::new(spans) as _)
    }
}

/// Every mistake of a run, in the order of the file, each once; no more than [`MISTAKES`] of a severity, since nobody reads them
/// and a large file has room for a hundred thousand.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    /// What was told before, by severity, code, message and places.
    seen: HashSet<u64>,
    /// How many were told again.
    again: usize,
    /// How many are left out.
    left_out: usize,
}

impl Diagnostics {
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if !self.seen.insert(diagnostic.hash()) {
            self.again += 1;
        } else if self.count(diagnostic.severity) >= MISTAKES {
            self.left_out += 1;
        } else {
            self.list.push(diagnostic);
        }
    }

    fn count(&self, severity: Severity) -> usize {
        self.list.iter().filter(|diagnostic| diagnostic.severity == severity).count()
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// How many there were, those included that were told again or are left out.
    pub fn len(&self) -> usize {
        self.list.len() + self.again + self.left_out
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub fn retain(&mut self, keep: impl FnMut(&Diagnostic) -> bool) {
        self.list.retain(keep);
    }

    /// Gives another remedy to those that came after the first `count` of [`Diagnostics::iter`], whose message contains `words`.
    pub fn advise_after(&mut self, count: usize, words: &str, help: &str) {
        let since = self.list.iter_mut().skip(count).filter(|one| one.message.contains(words));
        since.for_each(|one| one.help = help.to_owned());
    }

    /// Whether anything stops the run.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Whether no further mistake would be told: there is no need to look for one.
    pub fn is_full(&self) -> bool {
        self.count(Severity::Error) >= MISTAKES
    }

    /// Without the warnings.
    #[must_use]
    pub fn errors(mut self) -> Self {
        self.list.retain(|diagnostic| diagnostic.severity == Severity::Error);
        self
    }

    /// In the order of the file, those outside of it first; every instance of a `for_each` makes the same mistake, which is told
    /// once.
    #[must_use]
    pub fn finish(mut self, source: &Arc<Source>) -> Self {
        let place = |d: &Diagnostic| d.labels.first().map(|label| label.span);
        self.list.sort_by(|a, b| place(a).cmp(&place(b)).then(a.severity.cmp(&b.severity)));
        if self.left_out > 0 {
            let more = Diagnostic::limit("there is more than that", "Mend these first.");
            let severity = if self.has_errors() { Severity::Error } else { Severity::Warning };
            self.list.push(Diagnostic { severity, ..more });
            self.left_out = 0;
        }
        for diagnostic in &mut self.list {
            diagnostic.source.get_or_insert_with(|| source.clone());
        }
        self
    }

    /// All of them as text for a terminal of that width.
    pub fn render(&self, width: usize, colour: bool) -> String {
        let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(width)
            .with_links(false)
            // At blanks alone: what is to be typed, such as `$${`, stays together.
            .with_word_separator(textwrap::WordSeparator::AsciiSpace)
            .with_word_splitter(textwrap::WordSplitter::NoHyphenation);
        let mut out = String::new();
        for diagnostic in &self.list {
            let shown = diagnostic.visible();
            if handler.render_report(&mut out, &shown).is_err() {
                out.push_str(&shown.message);
            }
            out.push('\n');
        }
        out
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, diagnostics: I) {
        diagnostics.into_iter().for_each(|diagnostic| self.push(diagnostic));
    }
}

/// One line each: `stack.toml:12:5: message`.
impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.list.iter().enumerate() {
            let newline = if index == 0 { "" } else { "\n" };
            match diagnostic.place() {
                Some(place) => write!(f, "{newline}{place}: {diagnostic}")?,
                None => write!(f, "{newline}{diagnostic}")?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}
