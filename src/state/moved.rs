use super::{Document, StateError};
use serde::{Deserialize, Serialize};

/// What lies in the place of a state that was moved, so that a checkout which does not know yet is sent on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moved {
    /// As `state` in stack.toml says it.
    pub moved_to: String,
    pub lineage: String,
    /// Of the last write here.
    pub serial: u64,
    /// RFC 3339.
    pub at: String,
}

/// Where a state comes from that is being moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arriving {
    /// As `state` in stack.toml says it.
    pub from: String,
    /// What the stack was called there.
    pub stack: String,
}

impl Moved {
    pub fn new(document: &Document, to: &str) -> Self {
        Self {
            moved_to: to.to_owned(),
            lineage: document.lineage.clone(),
            serial: document.serial,
            at: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        }
    }

    /// The marker in a file or an object, if that is what lies there.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    pub(super) fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    pub(super) fn error(self, name: &str) -> StateError {
        StateError::Moved { name: name.to_owned(), to: self.moved_to, at: self.at }
    }
}
