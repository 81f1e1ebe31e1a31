use super::{Detail, Widening, detail, widenings};
use crate::plan::{Action, Step};
use crate::schema::tree;
use serde_json::Value as Json;

/// A step of a plan in detail.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StepDetail {
    /// For each of its changes.
    pub changes: Vec<Detail>,
    /// For each change that was made outside.
    pub drift: Vec<Detail>,
    pub widens: Vec<Widening>,
}

impl StepDetail {
    /// `inputs` is the schema of the kind's inputs, `account` where the resource is.
    pub fn of(inputs: &Json, step: &Step, account: &str) -> Self {
        let each =
            |changes: &[crate::diff::AttrChange]| changes.iter().map(|one| detail(inputs, one)).collect();
        let mut before = step.inputs.clone();
        for change in &step.changes {
            tree::set(&mut before, &change.path, &change.before);
        }
        let before = if step.action == Action::Create { Json::Null } else { before };
        let widens = match step.action {
            Action::Noop | Action::Delete => vec![],
            _ => widenings(inputs, &before, &step.inputs, account),
        };
        Self { changes: each(&step.changes), drift: each(&step.drift), widens }
    }
}
