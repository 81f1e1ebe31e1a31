use super::{Source, Span};
use crate::diagnostic::{Diagnostic, Diagnostics};
use std::collections::HashSet;
use toml::de::{DeTable, Error};

/// Syntax errors of a file, and what of it can be read all the same.
///
/// The line of an error is taken out and the rest read again; the whole table where it is not the line that is wrong. What
/// was taken out could have said anything: nothing is said that may only follow from it.
pub(super) struct Damage {
    /// In the order of the file.
    pub errors: Vec<Error>,
    /// The text with blanks where it could not be read, so that every place in it stays what it is.
    pub text: String,
    /// What is damaged: `vpc.main`, `params`, or the empty text for everything.
    tables: HashSet<String>,
    /// Lines of errors, in bytes.
    lines: Vec<Span>,
}

/// More than that is another language.
const MOST: usize = 20;

impl Damage {
    /// None if the file is TOML.
    pub(super) fn of(text: &str) -> Option<Self> {
        DeTable::parse(text).err()?;
        let mut damage =
            Self { errors: vec![], text: text.to_owned(), tables: HashSet::new(), lines: vec![] };
        // A table is TOML by itself, so that one which is not closed does not speak for those below it.
        let mut start = 0;
        while start < text.len() {
            let table = table(text, start);
            damage.table(table);
            start = table.end.max(start + 1);
        }
        // What is left is between tables: one that stands there twice.
        while let Err(error) = DeTable::parse(&damage.text) {
            let at = error.span().map_or(0, |span| span.start);
            if !damage.add(text, error, line(text, at)) {
                break;
            }
            damage.blank(table(text, at));
        }
        Some(damage)
    }

    /// Takes out of a table what is no TOML in it.
    fn table(&mut self, table: Span) {
        let whole = self.text.clone();
        let blank = " ".repeat(table.start);
        let mut is_first = true;
        while let Err(error) = DeTable::parse(&format!("{blank}{}", &self.text[table.start..table.end])) {
            // At the end it is the last line that is meant.
            let at = error.span().map_or(0, |span| span.start).clamp(table.start, table.end - 1);
            let line = line(&whole, at);
            let written = &whole[line.start..line.end];
            let is_twice = error.message() == "duplicate key";
            // A line that is right by itself stands in something that was not closed above it.
            let is_sound = !is_twice && (written.trim().is_empty() || DeTable::parse(written).is_ok());
            // The rest of a list, the first line of which is out already, is no mistake of its own.
            let is_rest = !is_first && !written.contains('=') && !is_header(written);
            if !is_rest && (!is_sound || is_first) && !self.add(&whole, error, line) {
                break;
            }
            is_first = false;
            let all = is_sound || is_header(written) || self.text[line.start..line.end].trim().is_empty();
            // What has no `=` may be a header: what follows is then of another table.
            let end = if written.contains('=') { line.end } else { table.end };
            self.blank(if all { table } else { Span::new(line.start, end) });
            if all {
                break;
            }
        }
    }

    /// Whether that can go on.
    fn add(&mut self, text: &str, error: Error, line: Span) -> bool {
        if self.errors.len() == MOST || self.lines.contains(&line) {
            self.tables.insert(String::new());
            return false;
        }
        let table = table(text, line.start);
        self.tables.insert(head(&text[table.start..table.end]));
        let written = &text[line.start..line.end];
        if !written.contains('=') {
            let words = written.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')));
            let heads = words.filter(|word| word.contains('.')).map(|word| head(&format!("[{word}]")));
            self.tables.extend(heads.filter(|head| !head.is_empty()));
        }
        self.lines.push(line);
        self.errors.push(error);
        true
    }

    fn blank(&mut self, span: Span) {
        let blank: String = self.text[span.start..span.end]
            .bytes()
            .map(|byte| if byte == b'\n' { '\n' } else { ' ' })
            .collect();
        self.text.replace_range(span.start..span.end, &blank);
    }

    /// Whether nothing that is left can be trusted to be what was meant.
    pub(super) fn is_total(&self) -> bool {
        self.tables.contains("")
    }

    /// Takes away what may only follow from what could not be read.
    pub(super) fn excuse(&self, source: &Source, found: &mut Diagnostics) {
        found.retain(|one| !self.explains(source, one));
    }

    fn explains(&self, source: &Source, found: &Diagnostic) -> bool {
        if found.code == "stackctl::syntax" {
            return false;
        }
        let code = found.code.trim_start_matches("stackctl::");
        let damaged = |name: &str| self.tables.contains(name);
        let Some(place) = found.labels.first().map(|label| label.span) else {
            // Of the command line, or of a table that is not there.
            return self.is_total() || damaged("stack") || damaged("params") || damaged("targets");
        };
        if self.lines.iter().any(|line| (line.start..=line.end).contains(&place.start)) {
            return true;
        }
        let table = table(&source.text, place.start);
        let inside = damaged(&head(source.text.get(table.start..table.end).unwrap_or_default()));
        match code {
            "unknown_param" => damaged("params") || self.is_total(),
            "unknown_resource" | "no_for_each" | "unknown_key" => {
                self.is_total() || self.tables.iter().any(|table| found.message.contains(table.as_str()))
            }
            // Of what stands there, whatever else does.
            "bad_name"
            | "bad_reference"
            | "forgotten_reference"
            | "not_at_aws"
            | "outdated"
            | "reserved_tag"
            | "unknown_attribute"
            | "unknown_kind"
            | "wrong_type"
            | "wrong_value" => false,
            _ => inside || self.is_total(),
        }
    }
}

/// The line around a place, without its newline.
fn line(text: &str, at: usize) -> Span {
    let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
    let end = text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |newline| at + newline);
    Span::new(start, end)
}

/// From the header above a place to the next one.
fn table(text: &str, at: usize) -> Span {
    let mut span = Span::new(0, text.len());
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if is_header(line) {
            if start > at {
                span.end = start;
                break;
            }
            span.start = start;
        }
        start += line.len();
    }
    span
}

/// `[vpc.main]`, broken or not; no element of a list that goes over lines.
fn is_header(line: &str) -> bool {
    let name = line.trim_start_matches('[');
    name.len() < line.len() && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// Whether the line is a header without a mistake of its own.
pub(super) fn is_sound_header(line: &str) -> bool {
    is_header(line) && DeTable::parse(line).is_ok()
}

/// The block or table that a text with its header belongs to: `lambda_function.loader` of `[lambda_function.loader.files]`.
fn head(text: &str) -> String {
    let header = text.lines().next().filter(|line| is_header(line)).unwrap_or_default();
    let name = header.trim_start_matches('[');
    let end = name
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))
        .unwrap_or(name.len());
    let mut steps = name[..end].split('.').filter(|step| !step.is_empty());
    match (steps.next(), steps.next()) {
        (Some(table @ ("stack" | "params" | "tags" | "outputs" | "targets")), _) => table.to_owned(),
        (Some(kind), Some(block)) => format!("{kind}.{block}"),
        (Some(kind), None) => kind.to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_stays_and_the_rest_is_toml() {
        let text = "[stack]\nname = x\n[vpc.a]\ncidr = \"é\nb = 1\n[vpc.b]\nc = 2\n[[x.y\n[z.z]\n";
        let damage = Damage::of(text).unwrap();
        assert_eq!(damage.text.len(), text.len());
        assert!(DeTable::parse(&damage.text).is_ok(), "{}", damage.text);
        assert_eq!(damage.errors.len(), 3);
        assert!(damage.text.contains("[vpc.b]\nc = 2") && damage.text.contains("b = 1"));
        assert!(!damage.is_total());
        assert!(Damage::of("[stack]\n").is_none());
    }

    #[test]
    fn what_is_not_closed_damages_its_own_table_alone() {
        let text = "[vpc.a]\nlist = [1,\n[vpc.b]\nc = 2\n[vpc.c]\n";
        let damage = Damage::of(text).unwrap();
        assert_eq!((damage.errors.len(), damage.tables.len()), (1, 1));
        assert!(damage.tables.contains("vpc.a") && damage.text.contains("[vpc.b]\nc = 2"));
        let text = "[vpc.a]\nb = \"\"\"x\n[vpc.b]\nc = 2\n";
        assert!(Damage::of(text).is_some_and(|damage| damage.errors.len() < 3));
    }

    #[test]
    fn another_language_is_damaged_as_a_whole() {
        let text = "resource \"aws_s3_bucket\" \"a\" {\n  bucket = \"x\"\n}\n";
        let damage = Damage::of(text).unwrap();
        assert!(damage.is_total() && damage.errors.len() == 1, "{:?}", damage.errors);
    }
}
