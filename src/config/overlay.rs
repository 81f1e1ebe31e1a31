use super::document::Document;
use super::fields::{Fields, wrong_type};
use super::target::LOCAL;
use super::{Entry, Node, Options, Span, Target, Value};
use crate::address::Address;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::resource::Kind;
use crate::schema::suggest;
use indexmap::IndexMap;

/// What the chosen target says instead of the rest of the file.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    pub target: Option<Target>,
    pub region: Option<(String, Span)>,
    /// The regions of the targets that were not chosen and go to AWS.
    pub regions: Vec<(String, Span)>,
    pub account: Option<(String, Span)>,
    pub state: Option<(String, Span)>,
    pub encryption: Option<Node>,
    pub params: IndexMap<String, Entry>,
}

const KEYS: [&str; 9] = [
    "endpoint_url",
    "emulator",
    "region",
    "profile",
    "account",
    "state",
    "encryption",
    "protected",
    "params",
];

impl Overlay {
    /// Checks every target and merges the chosen one into the blocks of the document.
    pub(super) fn apply(
        document: &mut Document,
        options: &Options,
        kinds: &[&'static dyn Kind],
        found: &mut Diagnostics,
    ) -> Self {
        let targets = document.targets.take();
        let targets = targets.as_ref().and_then(|node| {
            let table = node.as_table();
            if table.is_none() {
                found.push(wrong_type("`targets`", "a table for each target", node));
            }
            table
        });
        let mut overlay = Self::default();
        for (name, entry) in targets.into_iter().flatten() {
            let chosen = options.target.as_deref() == Some(name);
            let read = Self::read(name, entry, chosen, document, kinds, found);
            if chosen {
                overlay = Self { regions: overlay.regions, ..read };
            } else if read.target.is_some_and(|target| target.is_aws()) {
                overlay.regions.extend(read.region);
            }
        }
        let names: Vec<&str> = targets.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        if let Some(wanted) = options.target.as_deref().filter(|wanted| !names.contains(wanted)) {
            if wanted == LOCAL {
                overlay.target = Some(Target { name: wanted.to_owned(), ..Target::default() });
                return overlay;
            }
            let help = suggest::help(wanted, names.into_iter().chain([LOCAL]), "Targets");
            found.push(Diagnostic::new(
                "stackctl::unknown_target",
                format!("there is no target `{wanted}`"),
                format!("{help} A new one is a table `[targets.{wanted}]`."),
            ));
        }
        overlay
    }

    fn read(
        name: &str,
        entry: &Entry,
        chosen: bool,
        document: &mut Document,
        kinds: &[&'static dyn Kind],
        found: &mut Diagnostics,
    ) -> Self {
        let known: Vec<&str> = KEYS.into_iter().chain(kinds.iter().map(|kind| kind.name())).collect();
        let fields = Fields::new(&entry.node, format!("[targets.{name}]"), &known, found);
        let endpoint = fields.text("endpoint_url", found);
        let profile = fields.text("profile", found);
        if let Some((url, span)) = &endpoint
            && !(url.starts_with("http://") || url.starts_with("https://"))
        {
            found.push(
                Diagnostic::new(
                    "stackctl::wrong_value",
                    format!("`{url}` is not the address of a server"),
                    "Write it with its scheme, such as `http://localhost:4566`.",
                )
                .at(*span, "has another form"),
            );
        }
        let params = fields.get("params").map(|entry| Self::params(&entry.node, document, found));
        for kind in kinds {
            let blocks = fields.get(kind.name()).and_then(|entry| entry.node.as_table());
            for (block, entry) in blocks.into_iter().flatten() {
                Self::block(&Address::new(kind.name(), block), entry, chosen, document, found);
            }
        }
        let (endpoint_url, profile) = (endpoint.map(|(url, _)| url), profile.map(|(profile, _)| profile));
        let protected = fields.bool("protected", found).unwrap_or(false);
        let emulator = fields.bool("emulator", found);
        Self {
            target: Some(Target {
                name: name.to_owned(),
                endpoint_url,
                emulator,
                profile,
                protected,
                span: entry.key,
            }),
            region: fields.text("region", found),
            regions: vec![],
            account: fields.text("account", found),
            state: fields.text("state", found),
            encryption: fields.get("encryption").map(|entry| entry.node.clone()),
            params: params.unwrap_or_default(),
        }
    }

    fn params(node: &Node, document: &Document, found: &mut Diagnostics) -> IndexMap<String, Entry> {
        let Some(table) = node.as_table() else {
            found.push(wrong_type("`params`", "a table", node));
            return IndexMap::new();
        };
        let declared =
            document.params.iter().filter_map(|node| node.as_table()).flat_map(|table| table.keys());
        let declared: Vec<&str> = declared.map(String::as_str).collect();
        for (name, entry) in table.iter().filter(|(name, _)| !declared.contains(&name.as_str())) {
            let help = match declared.is_empty() {
                true => format!("Declare it: `[params]`, then `{name} = …`."),
                false => suggest::help(name, declared.iter().copied(), "Params"),
            };
            found.push(
                Diagnostic::new("stackctl::unknown_param", format!("there is no param `{name}`"), help)
                    .at(entry.key, "not declared in `[params]`"),
            );
        }
        table.clone()
    }

    fn block(
        address: &Address,
        entry: &Entry,
        chosen: bool,
        document: &mut Document,
        found: &mut Diagnostics,
    ) {
        match document.blocks.get_mut(address) {
            Some(block) if chosen => merge(&mut block.node, &entry.node),
            Some(_) => {}
            None if document.broken.contains(address) => {}
            None => {
                let all: Vec<String> = document.blocks.keys().map(ToString::to_string).collect();
                let help = suggest::help(&address.to_string(), all.iter().map(String::as_str), "Resources");
                found.push(
                    Diagnostic::new(
                        "stackctl::unknown_resource",
                        format!("there is no `{address}` to change"),
                        help,
                    )
                    .at(entry.key, "a target changes what stands outside of it"),
                );
            }
        }
    }
}

/// Lays `over` over `base`: tables entry by entry, everything else as a whole. What is laid over keeps its own place.
pub(super) fn merge(base: &mut Node, over: &Node) {
    match (&mut base.value, &over.value) {
        (Value::Table(base), Value::Table(over)) => {
            for (key, entry) in over {
                match base.get_mut(key) {
                    Some(below) if below.node.as_table().is_some() && entry.node.as_table().is_some() => {
                        merge(&mut below.node, &entry.node);
                    }
                    _ => {
                        base.insert(key.clone(), entry.clone());
                    }
                }
            }
        }
        _ => *base = over.clone(),
    }
}
