use super::lookalike::{Lookalikes, Reach, address};
use crate::config::document::Document;
use crate::config::overlay::Overlay;
use crate::config::{Block, Entry, Node, Part, Source, Span, Template, Value};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::resource::Kind;
use crate::schema::tree;
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashSet};
use std::path::Path as Folder;

/// References without their `${}`.
///
/// Where an attribute takes the id or ARN of something, no address of a block can be meant as text. Elsewhere it is a
/// mistake too; whoever means the text hands it over in a param. A warning it is only where people write for people
/// (descriptions, tags), where letters stand right beside it, and in params, which are that way out.
pub(in crate::config) struct Forgotten<'a> {
    kinds: &'a [&'static dyn Kind],
    source: &'a Source,
    found: Vec<Diagnostic>,
    /// The values that are mistakes: nothing else is to be said of them.
    places: HashSet<Span>,
}

const CODE: &str = "stackctl::forgotten_reference";

/// What a text in a place is for.
#[derive(Clone, Copy)]
struct Place {
    reach: Reach,
    severity: Severity,
    /// `x-ref` of the attribute or of the list it stands in.
    fits: Option<&'static Json>,
}

impl<'a> Forgotten<'a> {
    pub(in crate::config) fn new(kinds: &'a [&'static dyn Kind], source: &'a Source) -> Self {
        Self { kinds, source, found: vec![], places: HashSet::new() }
    }

    /// What the file says, before anything in it is filled in.
    pub(in crate::config) fn file(
        &mut self,
        document: &Document,
        overlay: &Overlay,
        params: &BTreeMap<String, Option<Node>>,
        folder: &Folder,
    ) {
        let likes = Lookalikes::new(document, params, folder);
        let early =
            Place { reach: Reach { each: false, early: true }, severity: Severity::Warning, fits: None };
        let entries = |node: &'_ Option<Node>| -> Vec<(String, Entry)> {
            let table = node.as_ref().and_then(Node::as_table).into_iter().flatten();
            table.map(|(name, entry)| (name.clone(), entry.clone())).collect()
        };
        let given = overlay.params.iter().map(|(name, entry)| (name.clone(), entry.clone()));
        for (_, entry) in entries(&document.params).into_iter().chain(given) {
            self.long(&likes, &entry.node, "default", early);
        }
        let late = Place { reach: Reach { each: false, early: false }, ..early };
        for (_, entry) in entries(&document.tags) {
            self.node(&likes, &entry.node, None, late);
        }
        for (_, entry) in entries(&document.outputs) {
            self.long(&likes, &entry.node, "value", Place { severity: Severity::Error, ..late });
        }
        for raw in document.blocks.values() {
            let table = raw.node.as_table();
            let each = table.is_some_and(|table| table.contains_key("for_each"));
            for (key, entry) in table.into_iter().flatten() {
                let for_people = matches!(key.as_str(), "description" | "tags");
                let place = Place {
                    reach: Reach { each: each && key != "for_each", early: false },
                    severity: if for_people { Severity::Warning } else { Severity::Error },
                    fits: None,
                };
                match key.as_str() {
                    "depends_on" | "lifecycle" => {}
                    _ => self.node(&likes, &entry.node, tree::child(raw.kind.inputs(), key), place),
                }
            }
        }
    }

    /// What came into an attribute that takes an id or ARN from elsewhere: from a param, a file, `for_each`.
    pub(in crate::config) fn block(&mut self, block: &Block) {
        self.filled(&block.inputs, Some(block.kind.inputs()), None);
    }

    fn filled(&mut self, node: &Node, schema: Option<&'static Json>, fits: Option<&'static Json>) {
        let fits = schema.and_then(|schema| schema.get("x-ref")).or(fits);
        match &node.value {
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.filled(item, schema.and_then(|s| tree::child(s, &index.to_string())), fits);
                }
            }
            Value::Table(entries) => {
                for (key, entry) in entries {
                    self.filled(&entry.node, schema.and_then(|schema| tree::child(schema, key)), fits);
                }
            }
            Value::String(template) => {
                if let (Some(fits), Some(text)) = (fits, template.as_text()) {
                    self.address(text, node.span, fits);
                }
            }
            _ => {}
        }
    }

    /// A table `{ KEY = …, description = … }`, or the value alone.
    fn long(&mut self, likes: &Lookalikes<'_>, node: &Node, key: &str, place: Place) {
        let inner = node.as_table().and_then(|table| table.get(key));
        self.node(likes, inner.map_or(node, |entry| &entry.node), None, place);
    }

    fn node(&mut self, likes: &Lookalikes<'_>, node: &Node, schema: Option<&'static Json>, place: Place) {
        let fits = schema.and_then(|schema| schema.get("x-ref")).or(place.fits);
        let place = Place { fits, ..place };
        match &node.value {
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    let schema = schema.and_then(|schema| tree::child(schema, &index.to_string()));
                    self.node(likes, item, schema, place);
                }
            }
            Value::Table(entries) => {
                for (key, entry) in entries {
                    let schema = schema.and_then(|schema| tree::child(schema, key));
                    self.node(likes, &entry.node, schema, place);
                }
            }
            Value::String(template) => self.text(likes, template, node.span, place),
            _ => {}
        }
    }

    fn text(&mut self, likes: &Lookalikes<'_>, template: &Template, span: Span, place: Place) {
        if let (Some(fits), Some(text)) = (place.fits, template.as_text())
            && self.address(text, span, fits)
        {
            return;
        }
        let mut fixed = String::new();
        let mut names = vec![];
        let mut apart = true;
        for part in &template.parts {
            match part {
                Part::Expression(expression, _) => fixed.push_str(&format!("${{{expression}}}")),
                Part::Text(text) => {
                    let mut rest = 0;
                    for hit in likes.find(text, place.reach) {
                        let name = &text[hit.range.clone()];
                        fixed.push_str(&text[rest..hit.range.start]);
                        fixed.push_str(&format!("${{{}}}", quoted(name)));
                        rest = hit.range.end;
                        apart &= hit.apart;
                        names.push(name.to_owned());
                    }
                    fixed.push_str(&text[rest..]);
                }
            }
        }
        let Some(first) = names.first() else { return };
        let severity = if apart { place.severity } else { Severity::Warning };
        let alone = template.as_text() == Some(first);
        // A long text is not written again.
        let short = fixed.len() < 80 && !fixed.contains('\n');
        let write = if short { fixed } else { format!("${{{}}}", quoted(first)) };
        let meant = match severity {
            Severity::Error => "If the text itself is meant, hand it over in a param.",
            Severity::Warning => "If the text itself is meant, leave it.",
        };
        let what = if alone { "is text here" } else { "is mere text in here" };
        let at = self.within(span, first);
        let mistake = Diagnostic::new(
            CODE,
            format!("`{first}` {what}, and refers to nothing"),
            format!("Write `\"{write}\"`. {meant}"),
        );
        self.push(Diagnostic { severity, ..mistake }.at(at, "without `${…}`"), span);
    }

    /// Whether a text that should be an id or ARN is the address of a block, there or not.
    fn address(&mut self, text: &str, span: Span, fits: &Json) -> bool {
        let Some((kind, head)) = address(text.trim(), self.kinds) else { return false };
        if self.places.contains(&span) {
            return true;
        }
        let write = if head.len() < text.trim().len() {
            quoted(text.trim())
        } else {
            let wanted = fits.as_array().map_or(std::slice::from_ref(fits), Vec::as_slice);
            let mut wanted = wanted.iter().filter_map(|fit| fit.as_str()?.split_once('.'));
            let output = wanted.find(|(name, _)| *name == kind.name()).map_or("id", |(_, output)| output);
            format!("{}.{output}", quoted(head))
        };
        let mistake = Diagnostic::new(
            CODE,
            format!("`{}` is text here, and refers to nothing", text.trim()),
            format!("Write `\"${{{write}}}\"`."),
        );
        self.push(mistake.at(span, "without `${…}`"), span);
        true
    }

    fn push(&mut self, mistake: Diagnostic, value: Span) {
        if mistake.severity == Severity::Error {
            self.places.insert(value);
        }
        self.found.push(mistake);
    }

    /// Where in the string it stands, if that can be told.
    fn within(&self, span: Span, name: &str) -> Span {
        let at = self.source.snippet(span).find(name).map(|at| span.start + at);
        at.map_or(span, |start| Span::new(start, start + name.len()))
    }

    /// Adds them, and takes away what else was found of the same values.
    pub(in crate::config) fn tell(self, found: &mut Diagnostics) {
        found.retain(|other| !other.labels.first().is_some_and(|label| self.places.contains(&label.span)));
        found.extend(self.found);
    }
}

/// Within a TOML string in double quotes.
fn quoted(reference: &str) -> String {
    reference.replace('"', "'")
}
