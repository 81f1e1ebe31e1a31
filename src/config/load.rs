use super::blocks::Blocks;
use super::check::{self, Forgotten, World};
use super::document::Document;
use super::header::Header;
use super::outputs::outputs;
use super::overlay::Overlay;
use super::params::params;
use super::read::read;
use super::room::Room;
use super::scope::Scope;
use super::tags::tags;
use super::{Node, Options, Param, Source, Stack};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::limits;
use crate::resource::Kind;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// Reads and validates a `stack.toml`.
///
/// # Errors
/// All mistakes at once, also beside lines that are no TOML.
pub fn load(path: &Path, options: &Options, kinds: &[&'static dyn Kind]) -> Result<Stack, Diagnostics> {
    let name = path.display().to_string();
    match limits::read(path, limits::STACK).and_then(limits::text) {
        Ok(text) => parse(Source::new(name, text), options, kinds),
        Err(error) => {
            let help = match error.kind() {
                std::io::ErrorKind::NotFound => {
                    "Write a starter with `stackctl init`, run stackctl in the folder that has the file, or pass `--file`."
                }
                std::io::ErrorKind::InvalidData => "Save it as UTF-8.",
                std::io::ErrorKind::FileTooLarge => {
                    "Move data into files (`${file(data.json)}`), repeat by `for_each`, or make several stacks of it."
                }
                _ => "Check that the file can be read.",
            };
            let mut found = Diagnostics::default();
            found.push(Diagnostic::new(
                "stackctl::unreadable",
                format!("{name} cannot be read: {error}"),
                help,
            ));
            Err(found)
        }
    }
}

/// The same from text.
///
/// # Errors
/// As [`load`].
pub fn parse(source: Source, options: &Options, kinds: &[&'static dyn Kind]) -> Result<Stack, Diagnostics> {
    let source = Arc::new(source);
    let mut found = Diagnostics::default();
    let (root, damage) = read(&source, &mut found);
    let stack = root.and_then(|root| build(root, &source, options, kinds, &mut found));
    if let Some(damage) = &damage {
        damage.excuse(&source, &mut found);
    }
    match stack {
        Some(stack) if !found.has_errors() => Ok(Stack { warnings: found.finish(&source), ..stack }),
        // Warnings can follow from errors.
        _ => Err(found.errors().finish(&source)),
    }
}

fn build(
    root: Node,
    source: &Arc<Source>,
    options: &Options,
    kinds: &[&'static dyn Kind],
    found: &mut Diagnostics,
) -> Option<Stack> {
    let mut document = Document::new(root, source, kinds, found);
    let overlay = Overlay::apply(&mut document, options, kinds, found);
    let header = Header::new(document.stack.as_ref(), &overlay, found);

    let used = RefCell::new(BTreeSet::new());
    let room = Room::default();
    let none = BTreeSet::new();
    let bare = Scope {
        header: &header,
        folder: Path::new(&source.name).parent().unwrap_or(Path::new("")),
        params: None,
        each: None,
        any_each: false,
        known_only: None,
        room: &room,
        used: &used,
        secrets: &none,
        secret: false,
    };
    let params_scope = bare.known_only("params have to be known before apply");
    let params = params(document.params.as_ref(), &overlay, options, params_scope, found);
    let values: BTreeMap<String, Option<Node>> = params
        .iter()
        .map(|(name, param)| (name.clone(), param.as_ref().map(|param| param.value.clone())))
        .collect();
    let secret = |(name, param): (&String, &Option<Param>)| {
        param.as_ref().is_some_and(|param| param.sensitive).then(|| name.clone())
    };
    let secrets: BTreeSet<String> = params.iter().filter_map(secret).collect();
    let scope = Scope { params: Some(&values), secrets: &secrets, ..bare };

    let mut forgotten = Forgotten::new(kinds, source);
    forgotten.file(&document, &overlay, &values, bare.folder);
    let tags = tags(document.tags.as_ref(), scope, found);
    let blocks = Blocks::expand(&mut document, &tags, scope, found);
    let outputs = outputs(document.outputs.as_ref(), scope, found);
    if let Some(limit) = room.over() {
        *found = Diagnostics::default();
        found.push(limit);
        return None;
    }

    let world = World { kinds, blocks: &blocks, broken: &document.broken };
    if !check::links(&world, &outputs, found) {
        return None;
    }
    check::references(&world, &outputs, found);
    check::inputs(&world, found);
    check::outputs(&world, &outputs, found);
    check::cycles(&world, found);
    check::facts(&world, &header, found);
    check::inside(&world, found);
    check::asked(&world, found);
    check::derived(&world, &header, found);
    check::twins(&world, &header, found);
    blocks.all.values().chain(&blocks.suspects).for_each(|block| forgotten.block(block));
    forgotten.tell(found);
    check::sizes(&world, found);
    let depends_on = |block: &super::Block| {
        let all = block.depends_on.iter();
        all.flat_map(|(address, span)| world.members(address).into_iter().map(|one| (one, *span))).collect()
    };
    let expanded: Vec<Vec<_>> = blocks.all.values().map(depends_on).collect();

    for (name, param) in params.iter().filter_map(|(name, param)| Some((name, param.as_ref()?))) {
        if !used.borrow().contains(name) {
            found.push(
                Diagnostic::warning(
                    "stackctl::unused_param",
                    format!("param `{name}` is not used"),
                    format!("Refer to it as `${{param.{name}}}`, or remove it."),
                )
                .at(param.span, "declared, never referred to"),
            );
        }
    }
    let Blocks { mut all, families, .. } = blocks;
    for (block, depends_on) in all.values_mut().zip(expanded) {
        block.depends_on = depends_on;
    }
    let text = |entry: &super::Entry| entry.node.as_str().unwrap_or_default().to_owned();
    Some(Stack {
        source: source.clone(),
        name: header.name?,
        region: header.region?,
        account: header.account,
        state: header.state,
        state_at: header.state_at,
        encryption: header.encryption,
        target: overlay.target,
        params: params.into_iter().filter_map(|(name, param)| Some((name, param?))).collect(),
        tags: tags.iter().map(|(key, entry)| (key.clone(), text(entry))).collect(),
        blocks: all,
        families,
        outputs,
        warnings: Diagnostics::default(),
    })
}
