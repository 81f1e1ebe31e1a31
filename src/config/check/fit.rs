use super::World;
use super::world::attribute;
use crate::address::Address;
use crate::config::{Block, Node, Span, Template, Value};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::path::{Path, Step};
use crate::reference::Reference;
use crate::resource::Kind;
use crate::schema::{tree, types::Types};
use serde_json::Value as Json;

/// Whether what references lead to fits the attributes they stand in.
pub(super) struct Fit<'a, 'b> {
    world: &'a World<'a>,
    found: &'b mut Diagnostics,
    owner: Option<&'a Address>,
    inputs: &'a Node,
    schema: Option<&'static Json>,
}

impl<'a, 'b> Fit<'a, 'b> {
    pub(super) fn new(world: &'a World<'a>, block: &'a Block, found: &'b mut Diagnostics) -> Self {
        let (owner, schema) = (Some(&block.address), Some(block.kind.inputs()));
        Self { world, found, owner, inputs: &block.inputs, schema }
    }

    pub(super) fn inputs(mut self) {
        self.node(self.inputs, self.schema, None, &Path::default());
    }

    pub(super) fn output(world: &'a World<'a>, value: &'a Node, found: &'b mut Diagnostics) {
        Self { world, found, owner: None, inputs: value, schema: None }.inputs();
    }

    /// `fits` is the `x-ref` of the attribute or of the list it stands in.
    fn node(&mut self, node: &Node, schema: Option<&'static Json>, fits: Option<&'static Json>, path: &Path) {
        let fits = schema.and_then(|schema| schema.get("x-ref")).or(fits);
        let child = |step: &str| schema.and_then(|schema| tree::child(schema, step));
        match &node.value {
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.node(item, child(&index.to_string()), fits, &path.at(index));
                }
            }
            Value::Table(entries) => {
                for (key, entry) in entries {
                    self.node(&entry.node, child(key), fits, &path.with(key));
                }
            }
            Value::String(template) => self.template(template, schema, fits, path),
            _ => {}
        }
    }

    fn template(
        &mut self,
        template: &Template,
        schema: Option<&'static Json>,
        fits: Option<&'static Json>,
        path: &Path,
    ) {
        let wanted = schema.map_or(Types::ANY, Types::of);
        let whole = template.as_whole().is_some();
        for (reference, span) in template.references() {
            // What leads nowhere, or to the block itself, is reported elsewhere.
            let Some((kind, referred)) = self.referred(reference) else { continue };
            if !whole {
                self.in_text(reference, span, Types::of(referred), wanted, path);
            } else if reference.splat {
                let element =
                    schema.and_then(|schema| tree::child(schema, "0")).map_or(Types::ANY, Types::of);
                if !wanted.intersects(Types::LIST) {
                    self.mismatch(reference, span, Types::LIST, wanted, path);
                } else if takes(element, Types::of(referred)) {
                    self.kind(reference, span, kind, referred, fits, path);
                } else {
                    let path = path.at(0);
                    self.mismatch(reference, span, Types::of(referred), element, &path);
                }
            } else if takes(wanted, Types::of(referred)) {
                self.kind(reference, span, kind, referred, fits, path);
            } else {
                self.mismatch(reference, span, Types::of(referred), wanted, path);
            }
        }
    }

    fn referred(&self, reference: &Reference) -> Option<(&'static dyn Kind, &'static Json)> {
        let mut ignored = Diagnostics::default();
        if self.owner.is_some_and(|owner| self.world.members(&reference.address).contains(owner)) {
            return None;
        }
        let kind = self.world.kind(&reference.address, Span::default(), &mut ignored)?;
        let keyed = self.world.key(reference, Span::default(), &mut ignored);
        keyed.then(|| attribute(kind, &reference.path)).flatten().map(|schema| (kind, schema))
    }

    fn in_text(&mut self, reference: &Reference, span: Span, is: Types, wanted: Types, path: &Path) {
        let (message, reason) = if reference.splat || !is.intersects(Types::SCALAR) {
            let is = if reference.splat { Types::LIST } else { is }.describe();
            (format!("`${{{reference}}}` is {is} and cannot stand in text"), format!("this is {is}"))
        } else if wanted.intersects(Types::STRING) {
            return;
        } else {
            (
                format!("`{path}` takes {}, not text", wanted.describe()),
                "text around it makes it text".to_owned(),
            )
        };
        let help = "Let the reference be the whole string, or refer to a part of it.";
        self.found.push(Diagnostic::new("stackctl::reference_type", message, help).at(span, reason));
    }

    fn mismatch(&mut self, reference: &Reference, span: Span, is: Types, wanted: Types, path: &Path) {
        let help = if wanted.intersects(Types::LIST) && !is.intersects(Types::LIST) {
            format!("Put it in brackets: `[\"${{{reference}}}\"]`.")
        } else if reference.splat && matches!(path.steps().last(), Some(Step::Index(_))) {
            format!("It is a list already, so leave the brackets away: `\"${{{reference}}}\"`.")
        } else if reference.splat {
            let head = format!("{}.{}", reference.address.kind, reference.address.name);
            let keys = self.world.blocks.families.get(&reference.address);
            let key = keys.and_then(|keys| keys.first()).map_or("KEY", String::as_str);
            format!("Choose one: `${{{head}['{key}'].{}}}`.", reference.path)
        } else if is.intersects(Types::LIST) {
            format!("Choose one element: `${{{reference}.0}}`.")
        } else {
            format!("Refer to an attribute that is {}.", wanted.describe())
        };
        let is = is.describe();
        let message = format!("`{path}` takes {}, not {is}", wanted.describe());
        self.found.push(
            Diagnostic::new("stackctl::reference_type", message, help)
                .at(span, format!("`{reference}` is {is}")),
        );
    }

    /// Whether the output is one that the attribute is made for.
    fn kind(
        &mut self,
        reference: &Reference,
        span: Span,
        kind: &'static dyn Kind,
        referred: &'static Json,
        fits: Option<&'static Json>,
        path: &Path,
    ) {
        let Some(fits) = fits else { return };
        let wanted = names(fits);
        let own = format!("{}.{}", kind.name(), reference.path);
        // An input that takes the same holds the same.
        let same = referred.get("x-ref").is_some_and(|refs| names(refs).iter().any(|r| wanted.contains(r)));
        if wanted.is_empty() || wanted.contains(&own.as_str()) || same {
            return;
        }
        let (wanted_kind, output) = wanted[0].split_once('.').unwrap_or((wanted[0], "id"));
        let help = if wanted_kind == kind.name() {
            let head = reference.of(reference.address.clone());
            let fixed = Reference { path: Path::key(output), splat: reference.splat, ..head };
            format!("Write `${{{fixed}}}`.")
        } else {
            let one = self.world.blocks.all.keys().find(|address| address.kind == wanted_kind);
            let one = one.map_or_else(
                || format!("{wanted_kind}.NAME"),
                |address| match &address.key {
                    Some(key) => format!("{}.{}['{key}']", address.kind, address.name),
                    None => address.to_string(),
                },
            );
            format!("Write `${{{one}.{output}}}`.")
        };
        let message = format!("`{path}` takes {}, not {reference}", wanted.join(" or "));
        self.found.push(
            Diagnostic::new("stackctl::reference_kind", message, help).at(span, format!("this is {own}")),
        );
    }
}

/// Text takes numbers and booleans, which are turned into text.
fn takes(wanted: Types, is: Types) -> bool {
    wanted.intersects(is.some()) || wanted.intersects(Types::STRING) && is.intersects(Types::SCALAR)
}

fn names(refs: &Json) -> Vec<&str> {
    match refs {
        Json::String(one) => vec![one],
        Json::Array(many) => many.iter().filter_map(Json::as_str).collect(),
        _ => vec![],
    }
}
