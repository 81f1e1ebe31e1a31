//! Where stack.toml says what a plan does, and what of it: so far as a plan is told with it.

use crate::address::Address;
use crate::config::Stack;
use crate::path::Path;
use crate::plan::Plan;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// By the address of what changes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Places(BTreeMap<Address, Place>);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Place {
    /// Of the block: `stack.toml:9:1`.
    block: String,
    /// The attributes that the block writes.
    written: BTreeSet<String>,
    /// Of what forces a replacement, by its path.
    causes: BTreeMap<String, String>,
}

impl Places {
    pub fn of(stack: &Stack, plan: &Plan) -> Self {
        let pending = plan.steps.iter().filter(|step| step.is_pending());
        let places = pending.filter_map(|step| {
            let block = stack.blocks.get(&step.address)?;
            let causes = step
                .forcing()
                .map(|change| (change.path.to_string(), stack.place(block.span_of(&change.path))));
            let written = step.changes.iter().map(|change| change.path.head().to_owned());
            let place = Place {
                block: stack.place(block.span),
                written: written.filter(|name| block.inputs.get(name).is_some()).collect(),
                causes: causes.collect(),
            };
            Some((step.address.clone(), place))
        });
        Self(places.collect())
    }

    /// Where its block is; none where the file has it no more.
    pub fn block(&self, address: &Address) -> Option<&str> {
        self.0.get(address).map(|place| place.block.as_str())
    }

    /// Whether its block writes this attribute; none where there is no block.
    pub fn writes(&self, address: &Address, attribute: &str) -> Option<bool> {
        self.0.get(address).map(|place| place.written.contains(attribute))
    }

    /// Where that stands which forces a replacement.
    pub fn cause(&self, address: &Address, path: &Path) -> Option<&str> {
        self.0.get(address)?.causes.get(&path.to_string()).map(String::as_str)
    }
}
