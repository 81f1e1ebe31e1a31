use super::{Cipher, Document, Moved, Unreadable};

/// A state as it once was.
#[derive(Debug, Clone, PartialEq)]
pub struct Past {
    /// What `stackctl state rollback` takes: the version of an object; `current` or `backup` of a file.
    pub version: String,
    /// When it was written; RFC 3339.
    pub written: String,
    /// What it says, or why that cannot be read.
    pub content: Result<Document, String>,
}

impl Past {
    pub(super) fn new(cipher: &Cipher, version: String, written: String, bytes: &[u8]) -> Self {
        let content = match Moved::parse(bytes) {
            Some(moved) => Err(format!("it was moved to {}", moved.moved_to)),
            None => cipher.read(bytes).map_err(Unreadable::into_text),
        };
        Self { version, written, content }
    }
}
