//! `x-identity`: which object an attribute names, where AWS gives a right to the object and not to its name. One that was
//! deleted and made again under its name is another one.

use super::properties;
use serde_json::Value as Json;

/// An attribute that says which object another one names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity<'a> {
    pub name: &'a str,
    /// The attribute that names the object.
    pub of: &'a str,
    /// The object's output that no other object has.
    pub output: &'a str,
}

/// Every identity of a kind.
pub fn all(schema: &Json) -> impl Iterator<Item = Identity<'_>> {
    properties(schema).into_iter().flatten().filter_map(|(name, sub)| {
        let rule = sub.get("x-identity")?;
        Some(Identity { name, of: rule["of"].as_str()?, output: rule["output"].as_str()? })
    })
}
