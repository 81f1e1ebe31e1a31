use super::{Span, Template};
use crate::path::{Path, Step, splits};
use crate::schema::tree;
use indexmap::IndexMap;
use std::borrow::Cow;

/// A value of `stack.toml` that knows where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub value: Value,
    pub span: Span,
}

/// What stands there. Dates are text, since no attribute is a date but `Version = 2012-10-17` in policies.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Bool(bool),
    Integer(i64),
    Float(f64),
    String(Template),
    List(Vec<Node>),
    Table(IndexMap<String, Entry>),
}

/// One line of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Where the key stands.
    pub key: Span,
    pub node: Node,
}

impl Node {
    pub fn new(value: Value, span: Span) -> Self {
        Self { value, span }
    }

    pub fn text(text: &str, span: Span) -> Self {
        Self::new(Value::String(Template::text(text)), span)
    }

    pub fn table(span: Span) -> Self {
        Self::new(Value::Table(IndexMap::new()), span)
    }

    pub fn as_table(&self) -> Option<&IndexMap<String, Entry>> {
        match &self.value {
            Value::Table(entries) => Some(entries),
            _ => None,
        }
    }

    pub fn as_table_mut(&mut self) -> Option<&mut IndexMap<String, Entry>> {
        match &mut self.value {
            Value::Table(entries) => Some(entries),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    pub(super) fn as_string(&self) -> Option<&Template> {
        match &self.value {
            Value::String(template) => Some(template),
            _ => None,
        }
    }

    /// A string without references.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(template) => template.as_text(),
            _ => None,
        }
    }

    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_table()?.get(key).map(|entry| &entry.node)
    }

    /// `a string`, `a table`, …: for messages.
    pub fn type_name(&self) -> &'static str {
        match &self.value {
            Value::Bool(_) => "a boolean",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a float",
            Value::String(_) => "a string",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }

    /// The node at a path such as `tags.owner` or `rules.0.cidr`, or the nearest above it.
    pub fn nearest(&self, path: &Path) -> Found<'_> {
        let mut steps = path.steps();
        let mut found = Found { key: None, node: self, rest: Path::default() };
        while let Some(first) = steps.first() {
            let (key, node, rest) = match &found.node.value {
                Value::Table(entries) => {
                    let at = |(key, rest): (Cow<'_, str>, _)| Some((entries.get(key.as_ref())?, rest));
                    let Some((entry, rest)) = splits(steps).find_map(at) else { break };
                    (Some(entry.key), &entry.node, rest)
                }
                Value::List(items) => {
                    let Some(item) = element(items, first) else { break };
                    (None, item, &steps[1..])
                }
                _ => break,
            };
            found = Found { key, node, rest: Path::default() };
            steps = rest;
        }
        Found { rest: steps.into(), ..found }
    }

    /// Where the value at a path stands.
    pub fn span_of(&self, path: &Path) -> Option<Span> {
        let found = self.nearest(path);
        found.rest.is_root().then_some(found.node.span)
    }

    /// Calls `each` with every string inside, and the path to it.
    pub fn templates<'a>(&'a self, each: &mut dyn FnMut(&Path, &'a Template)) {
        self.walk(&Path::default(), &mut |path, node| {
            if let Value::String(template) = &node.value {
                each(path, template);
            }
        });
    }

    /// Calls `each` with this node and every node inside, and the path to it.
    pub fn walk<'a>(&'a self, path: &Path, each: &mut dyn FnMut(&Path, &'a Node)) {
        each(path, self);
        match &self.value {
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.walk(&path.at(index), each);
                }
            }
            Value::Table(entries) => {
                for (key, entry) in entries {
                    entry.node.walk(&path.with(key), each);
                }
            }
            _ => {}
        }
    }
}

fn element<'a>(items: &'a [Node], step: &Step) -> Option<&'a Node> {
    match step {
        Step::Index(index) => items.get(*index),
        Step::Element(name) => items.iter().find(|item| {
            let field = |field: &&str| item.get(field).and_then(Node::as_str).filter(|text| !text.is_empty());
            tree::IDENTITIES.iter().find_map(field) == Some(name)
        }),
        Step::Key(_) => None,
    }
}

/// What [`Node::nearest`] found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<'a> {
    /// Where the key stands, if the last step was one into a table.
    pub key: Option<Span>,
    pub node: &'a Node,
    /// The steps that lead nowhere.
    pub rest: Path,
}
