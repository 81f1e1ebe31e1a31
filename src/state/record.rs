use crate::address::Address;
use crate::resource::Id;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// One resource in the state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub id: Id,
    /// As wanted at the last apply, defaults filled in, secrets as digests.
    pub inputs: Json,
    /// As read at the end of the last apply, secrets as digests.
    pub outputs: Json,
    /// What it referred to: the order of a destroy, also when its block is gone from `stack.toml`.
    #[serde(default)]
    pub depends_on: Vec<Address>,
    /// `lifecycle.prevent_destroy`, which outlives its block.
    #[serde(default)]
    pub protected: bool,
    /// Of the create that made it; the value of its `stackctl:intent` tag.
    pub intent: String,
    /// Created, but an error or a crash came before it was configured to the end.
    #[serde(default)]
    pub incomplete: bool,
    /// Older objects of this address, replaced create-first and not deleted yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deposed: Vec<Record>,
}

impl Record {
    /// The current object, and after it the older ones that are not deleted yet.
    pub fn objects(&self) -> impl Iterator<Item = &Record> + Clone {
        std::iter::once(self).chain(&self.deposed)
    }
}
