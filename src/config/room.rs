use super::{Node, Span, Value, file};
use crate::diagnostic::Diagnostic;
use crate::limits::{self, DEPTH, EXPANDED, RESOURCES, VALUE};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

/// What is left for params, files, `each` and `for_each` to be put in. A short file could come to any size: each of its references may
/// stand for a whole file, in each of thousands of resources.
#[derive(Debug, Default)]
pub(super) struct Room {
    taken: Cell<u64>,
    /// What was too much, once it was.
    over: RefCell<Option<Diagnostic>>,
    /// By the name in the reference: each is read once, however often it is named.
    files: RefCell<HashMap<String, Rc<Result<Node, Diagnostic>>>>,
}

impl Room {
    /// Makes room for so much at a place; false once there is none left.
    pub fn takes(&self, weight: u64, span: Span) -> bool {
        if self.is_over() {
            return false;
        }
        self.taken.set(self.taken.get().saturating_add(weight));
        if self.taken.get() <= EXPANDED {
            return true;
        }
        self.refuse(
            Diagnostic::limit(
                format!(
                    "what is put in for params, files and `for_each` comes to more than {}",
                    limits::size(EXPANDED)
                ),
                "Let fewer resources take less of it, or make several stacks of this one.",
            )
            .at(span, "no room left here"),
        );
        false
    }

    /// Whether a stack of so many resources is taken; `span` is where the last of them come from.
    pub fn has_seats(&self, count: usize, span: Span) -> bool {
        if count > RESOURCES {
            self.refuse(
                Diagnostic::limit(
                    format!("these are {count} resources and more, and a stack has {RESOURCES} at most"),
                    "Make several stacks of this one.",
                )
                .at(span, "too many from here on"),
            );
        }
        !self.is_over()
    }

    /// Refuses what lies deeper than a state could keep it.
    pub fn is_shallow(&self, node: &Node, span: Span) -> bool {
        if is_deeper(node, DEPTH) {
            self.refuse(
                Diagnostic::limit(
                    format!("with what is put in, tables and lists lie in each other more than {DEPTH} levels deep here"),
                    "Keep them flat; AWS takes nothing that deep.",
                )
                .at(span, "too deep"),
            );
        }
        !self.is_over()
    }

    pub fn is_over(&self) -> bool {
        self.over.borrow().is_some()
    }

    /// What was too much. Nothing else is said then: what was left out would make for mistakes that are none.
    pub fn over(&self) -> Option<Diagnostic> {
        self.over.borrow().clone()
    }

    fn refuse(&self, limit: Diagnostic) {
        self.over.borrow_mut().get_or_insert(limit);
    }

    /// What a file holds; the places in it are those of the first reference to it.
    pub fn file(
        &self,
        folder: &Path,
        allowed: &[String],
        name: &str,
        span: Span,
    ) -> Rc<Result<Node, Diagnostic>> {
        let mut files = self.files.borrow_mut();
        let read = || Rc::new(file::read(folder, allowed, name, span));
        files.entry(name.to_owned()).or_insert_with(read).clone()
    }
}

/// Of a value and all inside.
pub(super) fn weight(node: &Node) -> u64 {
    VALUE
        + match &node.value {
            Value::String(template) => template.len(),
            Value::List(items) => items.iter().map(weight).sum(),
            Value::Table(entries) => {
                entries.iter().map(|(key, entry)| key.len() as u64 + weight(&entry.node)).sum()
            }
            _ => 0,
        }
}

fn is_deeper(node: &Node, levels: usize) -> bool {
    let Some(left) = levels.checked_sub(1) else { return true };
    match &node.value {
        Value::List(items) => items.iter().any(|item| is_deeper(item, left)),
        Value::Table(entries) => entries.values().any(|entry| is_deeper(&entry.node, left)),
        _ => false,
    }
}
