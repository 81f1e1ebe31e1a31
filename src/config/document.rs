use super::fields::wrong_type;
use super::{Entry, Node, Source, Span};
use crate::address::{Address, is_identifier};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::resource::Kind;
use crate::schema::suggest;
use crate::terraform;
use indexmap::IndexMap;
use std::collections::HashSet;

/// The tables that are not a kind.
const TABLES: [&str; 5] = ["stack", "tags", "params", "outputs", "targets"];

/// `stack.toml` by its tables.
#[derive(Default)]
pub(super) struct Document {
    pub stack: Option<Node>,
    pub tags: Option<Node>,
    pub params: Option<Node>,
    pub outputs: Option<Node>,
    pub targets: Option<Node>,
    /// By their address without a key.
    pub blocks: IndexMap<Address, RawBlock>,
    /// Blocks with a mistake of their own: references to them are not reported on top.
    pub broken: HashSet<Address>,
    /// Whether the list of kinds has been given already.
    listed: bool,
}

/// A block before anything in it is filled in.
pub(super) struct RawBlock {
    pub kind: &'static dyn Kind,
    pub node: Node,
    pub span: Span,
}

impl Document {
    pub(super) fn new(
        root: Node,
        source: &Source,
        kinds: &[&'static dyn Kind],
        found: &mut Diagnostics,
    ) -> Self {
        let mut document = Self::default();
        let super::Value::Table(entries) = root.value else { return document };
        for (name, entry) in entries {
            match name.as_str() {
                "stack" => document.stack = Some(entry.node),
                "tags" => document.tags = Some(entry.node),
                "params" => document.params = Some(entry.node),
                "outputs" => document.outputs = Some(entry.node),
                "targets" => document.targets = Some(entry.node),
                _ => document.kind(&name, entry, source, kinds, found),
            }
        }
        // TOML has them by kind.
        document.blocks.sort_by(|_, a, _, b| a.span.cmp(&b.span));
        document
    }

    fn kind(
        &mut self,
        name: &str,
        entry: Entry,
        source: &Source,
        kinds: &[&'static dyn Kind],
        found: &mut Diagnostics,
    ) {
        let names = kinds.iter().map(|kind| kind.name());
        let Some(kind) = kinds.iter().copied().find(|kind| kind.name() == name) else {
            let word = terraform::table(name);
            let meant = suggest::closest(name, names.clone().chain(TABLES)).filter(|_| word.is_none());
            for block in entry.node.as_table().into_iter().flatten().map(|(block, _)| block) {
                self.broken.insert(Address::new(name, block));
                self.broken.extend(meant.map(|meant| Address::new(meant, block)));
            }
            return found.push(unknown_table(name, word, meant, &entry, names, &mut self.listed));
        };
        let super::Value::Table(blocks) = entry.node.value else {
            return found.push(
                wrong_type(&format!("`{name}`"), "a table for each resource", &entry.node)
                    .at(entry.key, format!("write `[{name}.NAME]`")),
            );
        };
        for (block, entry) in blocks {
            self.block(kind, &block, entry, source, found);
        }
    }

    fn block(
        &mut self,
        kind: &'static dyn Kind,
        name: &str,
        entry: Entry,
        source: &Source,
        found: &mut Diagnostics,
    ) {
        let address = Address::new(kind.name(), name);
        let mistake = if entry.node.as_table().is_none() {
            Some(
                wrong_type(&format!("`{}`", kind.name()), "a table for each resource", &entry.node)
                    .at(entry.key, format!("write `[{}.NAME]` above", kind.name())),
            )
        } else if !is_identifier(name) {
            let help = "A name has letters, digits, `_` and `-` and starts with a letter.";
            Some(
                Diagnostic::new("stackctl::bad_name", format!("`{name}` cannot be a name"), help)
                    .at(entry.key, "not a name"),
            )
        } else {
            None
        };
        if let Some(mistake) = mistake {
            self.broken.insert(address);
            return found.push(mistake);
        }
        let header = source.snippet(entry.node.span).starts_with('[');
        let span = if header { entry.node.span } else { entry.key };
        self.blocks.insert(address, RawBlock { kind, node: entry.node, span });
    }
}

fn unknown_table(
    name: &str,
    word: Option<&'static str>,
    meant: Option<&'static str>,
    entry: &Entry,
    kinds: impl Iterator<Item = &'static str>,
    listed: &mut bool,
) -> Diagnostic {
    let all: Vec<&str> = kinds.collect();
    // A table, or an array of tables such as `[[moved]]`.
    let is_table = |node: &Node| node.as_table().is_some();
    if !is_table(&entry.node) && !entry.node.as_list().is_some_and(|items| items.iter().any(is_table)) {
        return Diagnostic::new(
            "stackctl::unknown_key",
            format!("`{name}` stands outside of any table"),
            "Put it below the header it belongs to, such as `[stack]`.",
        )
        .at(entry.key, "before the first header");
    }
    let help = match (word, meant) {
        (Some(word), _) => format!("From Terraform: {word}"),
        (None, Some(meant)) => format!("Did you mean `{meant}`?"),
        (None, None) if std::mem::replace(listed, true) => {
            "No kind is called nearly so; the first such mistake lists them all.".to_owned()
        }
        (None, None) => format!("Kinds: {}; besides: {}.", suggest::list(&all), suggest::list(&TABLES)),
    };
    Diagnostic::new("stackctl::unknown_kind", format!("there is no kind `{name}`"), help)
        .at(entry.key, "unknown")
}
