use crate::path::Path;

/// One thing about a value that its schema does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `stackctl::wrong_type` and so on.
    pub code: &'static str,
    /// Of the attribute; of the one that is missing or unknown, too.
    pub path: Path,
    pub on: On,
    pub message: String,
    /// Why it is not allowed, or what is allowed.
    pub reason: String,
    /// What to do.
    pub help: String,
}

/// What of `key = value` is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    Key,
    Value,
    /// It is not there.
    Absence,
}
