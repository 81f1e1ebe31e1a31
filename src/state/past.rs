use super::Document;

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
