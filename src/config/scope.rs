use super::header::Header;
use super::read::place;
use super::room::{Room, weight};
use super::{Node, Part, Span, Template, Value};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::limits::VALUE;
use crate::path;
use crate::reference::Expression;
use crate::schema::types::Types;
use crate::schema::{is, suggest, tree};
use serde_json::Value as Json;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What `${param…}`, `${stack…}` and `${each…}` stand for at one place of the file.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub header: &'a Header,
    /// The folder of the file: paths in it start there.
    pub folder: &'a Path,
    /// None for a param that has a mistake of its own.
    pub params: Option<&'a BTreeMap<String, Option<Node>>>,
    pub each: Option<&'a Each>,
    /// Whether there is an `each` of which nothing is known, since `for_each` has a mistake.
    pub any_each: bool,
    /// Why references to resources cannot stand here.
    pub known_only: Option<&'static str>,
    /// For all that is put in.
    pub room: &'a Room,
    /// The params that were asked for.
    pub used: &'a RefCell<BTreeSet<String>>,
    /// The params that are sensitive.
    pub secrets: &'a BTreeSet<String>,
    /// Whether a sensitive param can stand here: what is made of it is shown nowhere.
    pub secret: bool,
}

/// One element of a `for_each`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Each {
    pub key: String,
    pub value: Node,
}

/// What to put in place of an expression.
enum Filled {
    Node(Node),
    /// A reference to a resource; or a mistake, reported, that stands for an unknown value from here on.
    Same,
}

impl<'a> Scope<'a> {
    /// For a place where everything has to be known when the file is read.
    pub(super) fn known_only(self, why: &'static str) -> Self {
        Self { known_only: Some(why), ..self }
    }

    pub(super) fn with_each(self, each: &'a Each) -> Self {
        Self { each: Some(each), ..self }
    }

    /// Counts the params of a text as used that is not filled in, since there is nothing to make of it this time.
    pub(super) fn uses(&self, template: &Template) {
        self.used.borrow_mut().extend(template.expressions().filter_map(
            |(expression, _)| match expression {
                Expression::Param { name, .. } => Some(name.clone()),
                _ => None,
            },
        ));
    }

    /// For a place whose value is shown nowhere.
    pub(super) fn secret(self, secret: bool) -> Self {
        Self { secret: self.secret || secret, ..self }
    }

    /// The node with params, `stack` and `each` filled in. Where the schema takes text only, numbers and booleans
    /// that come from a param become text.
    pub(super) fn fill(&self, node: &Node, schema: Option<&Json>, found: &mut Diagnostics) -> Node {
        if !self.secret && schema.is_some_and(|schema| is(schema, "x-sensitive")) {
            return self.secret(true).fill(node, schema, found);
        }
        let text = node.as_string().map_or(0, Template::len);
        if !self.room.takes(VALUE + text, node.span) {
            return Node::new(Value::Bool(false), node.span);
        }
        let value = match &node.value {
            Value::String(template) => return self.template(template, node.span, schema, found),
            Value::List(items) => Value::List(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| {
                        let schema = schema.and_then(|schema| tree::child(schema, &index.to_string()));
                        self.fill(item, schema, found)
                    })
                    .collect(),
            ),
            Value::Table(entries) => Value::Table(
                entries
                    .iter()
                    .map(|(key, entry)| {
                        let schema = schema.and_then(|schema| tree::child(schema, key));
                        let mut entry = entry.clone();
                        entry.node = self.fill(&entry.node, schema, found);
                        (key.clone(), entry)
                    })
                    .collect(),
            ),
            scalar => scalar.clone(),
        };
        Node::new(value, node.span)
    }

    fn template(
        &self,
        template: &Template,
        span: Span,
        schema: Option<&Json>,
        found: &mut Diagnostics,
    ) -> Node {
        if let Some((expression, place)) = template.as_whole() {
            return match self.expression(expression, place, found) {
                Filled::Same => Node::new(Value::String(template.clone()), span),
                Filled::Node(node) => {
                    let text =
                        scalar_text(&node).filter(|_| schema.is_some_and(|s| Types::of(s).only_text()));
                    match text {
                        Some(text) => Node::text(&text, span),
                        None => Node::new(node.value, span),
                    }
                }
            };
        }
        let mut filled = Template::default();
        for part in &template.parts {
            let (expression, place) = match part {
                Part::Text(text) => {
                    filled.push_text(text);
                    continue;
                }
                Part::Expression(expression, place) => (expression, *place),
            };
            match self.expression(expression, place, found) {
                Filled::Same => filled.parts.push(part.clone()),
                Filled::Node(Node { value: Value::String(inner), .. }) => {
                    for part in inner.parts {
                        match part {
                            Part::Text(text) => filled.push_text(&text),
                            Part::Expression(inner, _) => filled.parts.push(Part::Expression(inner, place)),
                        }
                    }
                }
                Filled::Node(node) => match scalar_text(&node) {
                    Some(text) => filled.push_text(&text),
                    None => {
                        let is = node.type_name();
                        found.push(
                            Diagnostic::new(
                                "stackctl::reference_type",
                                format!("`${{{expression}}}` is {is} and cannot stand in text"),
                                "Let the reference be the whole string, or refer to a part of it.",
                            )
                            .at(place, format!("this is {is}")),
                        );
                        filled.parts.push(part.clone());
                    }
                },
            }
        }
        Node::new(Value::String(filled), span)
    }

    fn expression(&self, expression: &Expression, span: Span, found: &mut Diagnostics) -> Filled {
        match expression {
            Expression::Resource(_) => {
                if let Some(why) = self.known_only {
                    found.push(
                        Diagnostic::new(
                            "stackctl::misplaced_reference",
                            format!("`${{{expression}}}` cannot stand here"),
                            "Write the value itself, or refer to a param.",
                        )
                        .at(span, why),
                    );
                }
                Filled::Same
            }
            Expression::Unread(_) => Filled::Same,
            Expression::Stack(field) => self.stack(field, span, found),
            Expression::Param { name, path } => self.param(name, path, span, found),
            Expression::File { file, path } => self.file(file, path, span, found),
            Expression::Each { field, path } => self.each(field, path, span, found),
        }
    }

    fn stack(&self, field: &str, span: Span, found: &mut Diagnostics) -> Filled {
        let value = match field {
            "name" => &self.header.name,
            "region" => &self.header.region,
            _ => &self.header.account,
        };
        if field == "account" && self.header.no_account {
            found.push(
                Diagnostic::new(
                    "stackctl::missing_key",
                    "`${stack.account}` is not known",
                    "Add `account = \"123456789012\"` to `[stack]`.",
                )
                .at(span, "`[stack]` names no account"),
            );
        }
        value.as_ref().map_or(Filled::Same, |text| Filled::Node(Node::text(text, span)))
    }

    fn param(&self, name: &str, path: &path::Path, span: Span, found: &mut Diagnostics) -> Filled {
        let Some(params) = self.params else {
            found.push(
                Diagnostic::new(
                    "stackctl::misplaced_reference",
                    "a param cannot refer to params",
                    "Write the value itself, or `${stack.name}`, `${stack.region}`, `${stack.account}`.",
                )
                .at(span, "not known yet"),
            );
            return Filled::Same;
        };
        self.used.borrow_mut().insert(name.to_owned());
        if self.secrets.contains(name) && !self.secret {
            found.push(
                Diagnostic::new(
                    "stackctl::sensitive_param",
                    format!("param `{name}` is sensitive, and what stands here is shown in plans and kept in the state"),
                    "Give it to a `secret` (`value`), and let what needs it read that; for an output, add `sensitive = true`.",
                )
                .at(span, "would show it"),
            );
            return Filled::Same;
        }
        match params.get(name) {
            Some(Some(value)) => self.part(value, &format!("param.{name}"), path, span, None, found),
            Some(None) => Filled::Same,
            None => {
                let help = match params.is_empty() {
                    true => format!("Declare it: `[params]`, then `{name} = …`."),
                    false => suggest::help(name, params.keys().map(String::as_str), "Params"),
                };
                found.push(
                    Diagnostic::new("stackctl::unknown_param", format!("there is no param `{name}`"), help)
                        .at(span, "not declared in `[params]`"),
                );
                Filled::Same
            }
        }
    }

    fn file(&self, file: &str, path: &path::Path, span: Span, found: &mut Diagnostics) -> Filled {
        match self.room.file(self.folder, &self.header.files, file, span).as_ref() {
            Ok(node) => match self.part(node, &format!("file({file})"), path, span, None, found) {
                Filled::Node(mut node) => {
                    place(&mut node, span);
                    Filled::Node(node)
                }
                Filled::Same => Filled::Same,
            },
            Err(mistake) => {
                let mut mistake = mistake.clone();
                mistake.labels.iter_mut().for_each(|label| label.span = span);
                found.push(mistake);
                Filled::Same
            }
        }
    }

    fn each(&self, field: &str, path: &path::Path, span: Span, found: &mut Diagnostics) -> Filled {
        let Some(each) = self.each else {
            if self.any_each {
                return Filled::Same;
            }
            found.push(
                Diagnostic::new(
                    "stackctl::misplaced_reference",
                    "there is no `each` here",
                    "`each` belongs into a block with `for_each`; add one, or write the value itself.",
                )
                .at(span, "no `for_each` around this"),
            );
            return Filled::Same;
        };
        match field {
            "key" => Filled::Node(Node::text(&each.key, span)),
            _ => self.part(&each.value, "each.value", path, span, Some(each), found),
        }
    }

    fn part(
        &self,
        value: &Node,
        name: &str,
        path: &path::Path,
        span: Span,
        each: Option<&Each>,
        found: &mut Diagnostics,
    ) -> Filled {
        let at = value.nearest(path);
        if at.rest.is_root() {
            return match self.room.takes(weight(at.node), span) {
                true => Filled::Node(at.node.clone()),
                false => Filled::Same,
            };
        }
        // What stands behind a reference is not known before apply.
        if matches!(&at.node.value, Value::String(template) if template.as_text().is_none()) {
            return Filled::Same;
        }
        let (taken, rest) = path.steps().split_at(path.steps().len() - at.rest.steps().len());
        let step = path::Path::from(&rest[..1]).to_string();
        let keys = at.node.as_table().into_iter().flatten().map(|(key, _)| key.as_str());
        let whole = match taken {
            [] => name.to_owned(),
            taken => format!("{name}.{}", path::Path::from(taken)),
        };
        let help = match at.node.as_table() {
            Some(_) => suggest::help(&step, keys, "It has"),
            None => format!("It is {}: refer to `${{{whole}}}`.", at.node.type_name()),
        };
        let mut mistake =
            Diagnostic::new("stackctl::unknown_attribute", format!("`{whole}` has no `{step}`"), help)
                .at(span, format!("no `{step}`"));
        if let Some(each) = each {
            mistake = mistake.at(at.node.span, format!("`each.value` of {:?}", each.key));
        }
        found.push(mistake);
        Filled::Same
    }
}

/// A known scalar as it reads in the midst of text.
fn scalar_text(node: &Node) -> Option<String> {
    match &node.value {
        Value::Bool(value) => Some(value.to_string()),
        Value::Integer(value) => Some(value.to_string()),
        Value::Float(value) => Some(value.to_string()),
        _ => None,
    }
}
