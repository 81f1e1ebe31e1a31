use super::damage::{Damage, is_sound_header};
use super::{Entry, Node, Source, Span, Template, Value, scan};
use crate::depth;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::terraform;
use indexmap::IndexMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// TOML to nodes, and what of the file is none. No nodes where nothing of it can be trusted.
pub(super) fn read(source: &Source, found: &mut Diagnostics) -> (Option<Node>, Option<Damage>) {
    if let Some(at) = depth::too_deep(&source.text) {
        found.push(
            Diagnostic::limit(
                depth::refusal(),
                "Keep tables flat; what is deeper belongs into a file of its own.",
            )
            .at(at.into(), "too deep from here on"),
        );
        return (None, None);
    }
    let damage = Damage::of(&source.text);
    let mut text = source.text.as_str();
    if let Some(damage) = &damage {
        for error in &damage.errors {
            let mistake = syntax(source, error);
            let is_hcl = mistake.help == HCL;
            found.push(mistake);
            if is_hcl {
                return (None, None);
            }
        }
        text = &damage.text;
    }
    let Ok(table) = DeTable::parse(text) else { return (None, damage) };
    let span = table.span().into();
    let mut reader = Reader { text, references: true, found };
    (Some(Node::new(reader.table(table.get_ref()), span)), damage)
}

/// For `for_each = "${subnet.private}"`, which no attribute would mend.
const KEYS_ARE_KNOWN: &str = "The keys of `for_each` have to be known before apply: write them out, or refer to a param that \
    the other block takes its keys from as well.";

const HCL: &str = "This is HCL, Terraform's language. Here a file is TOML: `[bucket.loans]` instead of `resource \
    \"aws_s3_bucket\" \"loans\" {`; `docs/from-terraform.md` has the words.";

/// One value of the command line or the environment, in TOML; `${` means nothing in it.
pub(super) fn value(text: &str, span: Span) -> Option<Node> {
    if depth::too_deep(text).is_some() {
        return None;
    }
    let value = DeValue::parse(text).ok()?;
    let mut found = Diagnostics::default();
    let mut node = Reader { text, references: false, found: &mut found }.node(&value);
    place(&mut node, span);
    found.is_empty().then_some(node)
}

/// Puts a node and all inside at one place.
pub(super) fn place(node: &mut Node, span: Span) {
    node.span = span;
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| place(item, span)),
        Value::Table(entries) => entries.values_mut().for_each(|entry| {
            entry.key = span;
            place(&mut entry.node, span);
        }),
        _ => {}
    }
}

struct Reader<'a> {
    text: &'a str,
    references: bool,
    found: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn table(&mut self, table: &DeTable<'_>) -> Value {
        let mut entries = IndexMap::with_capacity(table.len());
        for (key, value) in table.iter() {
            let before = self.found.iter().len();
            let entry = Entry { key: key.span().into(), node: self.node(value) };
            if key.get_ref() == "for_each" {
                self.found.advise_after(before, "names no attribute", KEYS_ARE_KNOWN);
            }
            entries.insert(key.get_ref().to_string(), entry);
        }
        Value::Table(entries)
    }

    fn node(&mut self, value: &Spanned<DeValue<'_>>) -> Node {
        let span: Span = value.span().into();
        let value = match value.get_ref() {
            DeValue::Boolean(value) => Value::Bool(*value),
            DeValue::Integer(value) => {
                let digits = value.as_str().replace('_', "");
                Value::Integer(i64::from_str_radix(&digits, value.radix()).unwrap_or_else(|_| {
                    self.too_large(span);
                    0
                }))
            }
            DeValue::Float(value) => match value.as_str().replace('_', "").parse::<f64>() {
                Ok(value) if value.is_finite() => Value::Float(value),
                _ => {
                    self.too_large(span);
                    Value::Float(0.0)
                }
            },
            DeValue::String(text) if self.references => {
                let raw = self.text.get(span.start..span.end).unwrap_or_default();
                Value::String(scan::template(text, raw, span, self.found))
            }
            DeValue::String(text) => Value::String(Template::text(text)),
            DeValue::Datetime(value) => Value::String(Template::text(&value.to_string())),
            DeValue::Array(items) => Value::List(items.iter().map(|item| self.node(item)).collect()),
            DeValue::Table(table) => self.table(table),
        };
        Node::new(value, span)
    }

    fn too_large(&mut self, span: Span) {
        self.found.push(
            Diagnostic::new(
                "stackctl::wrong_value",
                "the number is out of range",
                "Write a number that fits into 64 bits, neither `inf` nor `nan`.",
            )
            .at(span, "no number that AWS would take"),
        );
    }
}

fn syntax(source: &Source, error: &toml::de::Error) -> Diagnostic {
    let range = error.span().unwrap_or(0..0);
    let span: Span = range.clone().into();
    let line_start = source.text.get(..span.start).and_then(|text| text.rfind('\n')).map_or(0, |at| at + 1);
    let line = source.text.get(line_start..).and_then(|text| text.lines().next()).unwrap_or_default();
    let message = error.message();
    // `"${join("-", x)}"`: the quotes within end the string.
    let broken = line.split_once("${").and_then(|(_, inner)| terraform::expression(inner.split('}').next()?));
    let help = if message == "duplicate key" {
        "Remove one of the two, or give it another name."
    } else if line.contains("${") && line.contains("[\"") {
        "Quotes end the string. Write the key in single quotes: `\"${subnet.private['a'].id}\"`."
    } else if let Some(word) = &broken {
        word
    } else if terraform::is_hcl(line) {
        HCL
    } else if let Some(help) = terraform::value(line) {
        help
    } else if is_sound_header(line) {
        "Something above is not closed: a `[`, a `{` or a quote."
    } else if message.contains("must be quoted") || message.contains("string values") {
        "Text stands in quotes: `key = \"text\"`."
    } else {
        "Correct the line."
    };
    let summary = if message == "duplicate key" { "a key stands here twice" } else { "this is not TOML" };
    Diagnostic::new("stackctl::syntax", summary, help).at(span, message)
}
