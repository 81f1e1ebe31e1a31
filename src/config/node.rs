use super::{Span, Template};
use indexmap::IndexMap;

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
    pub fn nearest(&self, path: &str) -> Found<'_> {
        let mut found = Found { key: None, node: self, rest: path.to_owned() };
        while !found.rest.is_empty() {
            let (key, node, taken) = match &found.node.value {
                Value::Table(entries) => {
                    // Keys may hold dots (`"kubernetes.io/role"`).
                    let fits = |key: &&String| {
                        found
                            .rest
                            .strip_prefix(key.as_str())
                            .is_some_and(|r| r.is_empty() || r.starts_with('.'))
                    };
                    let Some(key) = entries.keys().filter(fits).max_by_key(|key| key.len()) else { break };
                    (Some(entries[key].key), &entries[key].node, key.len())
                }
                Value::List(items) => {
                    let step = found.rest.split('.').next().unwrap_or_default();
                    let Some(item) = step.parse::<usize>().ok().and_then(|index| items.get(index)) else {
                        break;
                    };
                    (None, item, step.len())
                }
                _ => break,
            };
            found = Found { key, node, rest: found.rest[taken..].trim_start_matches('.').to_owned() };
        }
        found
    }

    /// Where the value at a path stands.
    pub fn span_of(&self, path: &str) -> Option<Span> {
        let found = self.nearest(path);
        found.rest.is_empty().then_some(found.node.span)
    }

    /// Calls `each` with every string inside, and the path to it.
    pub fn templates<'a>(&'a self, each: &mut dyn FnMut(&str, &'a Template)) {
        self.walk("", &mut |path, node| {
            if let Value::String(template) = &node.value {
                each(path, template);
            }
        });
    }

    /// Calls `each` with this node and every node inside, and the path to it.
    pub fn walk<'a>(&'a self, path: &str, each: &mut dyn FnMut(&str, &'a Node)) {
        each(path, self);
        match &self.value {
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.walk(&join(path, &index.to_string()), each);
                }
            }
            Value::Table(entries) => {
                for (key, entry) in entries {
                    entry.node.walk(&join(path, key), each);
                }
            }
            _ => {}
        }
    }
}

/// What [`Node::nearest`] found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<'a> {
    /// Where the key stands, if the last step was one into a table.
    pub key: Option<Span>,
    pub node: &'a Node,
    /// The steps that lead nowhere.
    pub rest: String,
}

/// `tags` and `owner` are `tags.owner`.
pub fn join(path: &str, step: &str) -> String {
    if path.is_empty() { step.to_owned() } else { format!("{path}.{step}") }
}
