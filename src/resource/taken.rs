//! What stands in the way of a create and was made by somebody else.

use crate::error::{Error, Result};

/// What to do about it. Deleting is no advice: nobody here knows what is in it.
const REMEDY: &str = "this stack did not create it: take it over (docs/state.md says how), or set another";

/// `what` is the object in words, with its article: `a queue named jobs`; `attribute` is what names it in `stack.toml`.
pub(super) fn taken(what: &str, attribute: &str) -> Error {
    Error::Refused(format!("{what} exists already and {REMEDY} `{attribute}`"))
}

/// For create calls that AWS refuses where the name is taken.
pub(super) trait Taken {
    /// As [`taken`], where AWS answered with one of these codes. The engine looks then whether an earlier attempt of the same
    /// create made it.
    fn taken(self, codes: &[&str], what: &str, name: Option<&str>, attribute: &str) -> Self;
}

impl<T> Taken for Result<T> {
    fn taken(self, codes: &[&str], what: &str, name: Option<&str>, attribute: &str) -> Self {
        self.map_err(|error| match error.is(codes) {
            true => taken(&format!("{what} named {}", name.unwrap_or_default()), attribute),
            false => error,
        })
    }
}
