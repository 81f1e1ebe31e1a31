use crate::path::Path;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// What happens to a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// Nothing: it is context.
    Same,
    Added,
    Removed,
    Changed,
}

/// A value that differs as a whole: a scalar; or a table or list that only one side has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Leaf {
    /// From the root of the resource. Elements of a list that several leaves are about share the path of the list.
    pub path: Path,
    pub turn: Turn,
    /// Null where it is added, or sensitive.
    pub before: Json,
    /// Null where it is removed, or sensitive. May hold unknown values.
    pub after: Json,
    pub sensitive: bool,
    /// Of an element of a list: what stays the same in it, to know it by.
    #[serde(skip_serializing_if = "Json::is_null", default)]
    pub within: Json,
}

/// A change, leaf by leaf, in the order of the schema.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// What stays the same is among them.
    pub leaves: Vec<Leaf>,
}

impl Detail {
    /// What differs.
    pub fn differing(&self) -> impl Iterator<Item = &Leaf> {
        self.leaves.iter().filter(|leaf| leaf.turn != Turn::Same)
    }

    /// How many leaves stay the same.
    pub fn unchanged(&self) -> usize {
        self.leaves.len() - self.differing().count()
    }
}
