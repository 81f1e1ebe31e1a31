//! `bucket.loans`, `subnet.private["a"]`: how a resource is called in `stack.toml`, in state and on the command line.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The name of one resource in a stack.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Address {
    pub kind: String,
    pub name: String,
    /// The key under `for_each`.
    pub key: Option<String>,
}

impl Address {
    pub fn new(kind: &str, name: &str) -> Self {
        Self { kind: kind.to_owned(), name: name.to_owned(), key: None }
    }

    pub fn keyed(kind: &str, name: &str, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..Self::new(kind, name) }
    }

    /// The block that it is of, which has no key.
    pub fn block(&self) -> Self {
        Self::new(&self.kind, &self.name)
    }

    /// Whether it means this one on the command line: a name without key means all its keys.
    pub fn covers(&self, other: &Self) -> bool {
        self == other || self.key.is_none() && *self == other.block()
    }

    /// From the value of a tag.
    pub fn from_tag(text: &str) -> Option<Self> {
        let (head, key) = text.split_once('/').map_or((text, None), |(head, key)| (head, Some(key)));
        let address: Self = head.parse().ok()?;
        (address.key.is_none()).then(|| Self { key: key.map(str::to_owned), ..address })
    }

    /// As the value of a tag: `subnet.private/a`, since AWS allows neither brackets nor quotes in tag values.
    pub fn tag_value(&self) -> String {
        match &self.key {
            None => format!("{}.{}", self.kind, self.name),
            Some(key) => format!("{}.{}/{key}", self.kind, self.name),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.kind, self.name)?;
        match &self.key {
            None => Ok(()),
            // As JSON has it, which is how it is read.
            Some(key) => write!(f, "[{}]", serde_json::Value::from(key.as_str())),
        }
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

/// The text is no address.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "`{0}` is not an address: write KIND.NAME or KIND.NAME[\"KEY\"], as in bucket.loans or subnet.private[\"a\"]"
)]
pub struct AddressError(String);

impl TryFrom<String> for Address {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

/// Whether `text` can be a kind, a name or a key without quotes: letters, digits, `_` and `-`, a letter first.
pub fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// The key between the brackets: `"a"`, `'a'` (which needs no escape within a TOML string) or a bare `a`, since shells
/// eat quotes.
pub fn unquote(key: &str) -> Option<String> {
    let text = match key.strip_prefix('\'') {
        Some(rest) => rest.strip_suffix('\'').filter(|text| !text.contains('\''))?.to_owned(),
        None if key.starts_with('"') => serde_json::from_str::<String>(key).ok()?,
        None if key.contains(['"', '\'', '[', ']', '*']) => return None,
        None => key.to_owned(),
    };
    (!text.is_empty()).then_some(text)
}

impl FromStr for Address {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let error = || AddressError(text.to_owned());
        let (head, key) = match text.strip_suffix(']') {
            None => (text, None),
            Some(rest) => {
                let (head, key) = rest.split_once('[').ok_or_else(error)?;
                (head, Some(unquote(key).ok_or_else(error)?))
            }
        };
        let (kind, name) = head.split_once('.').ok_or_else(error)?;
        if !is_identifier(kind) || !is_identifier(name) {
            return Err(error());
        }
        Ok(Self { kind: kind.to_owned(), name: name.to_owned(), key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_what_it_parses() {
        for text in [
            "bucket.loans",
            r#"subnet.private["a"]"#,
            r#"subnet.private["eu \"west\""]"#,
            "a.b[\"\u{202e}\u{301}\u{7f}\"]",
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        for text in ["subnet.private[a]", "subnet.private['a']"] {
            assert_eq!(text.parse(), Ok(Address::keyed("subnet", "private", "a")));
        }
    }

    #[test]
    fn refuses_what_is_none() {
        for text in ["", "bucket", "bucket.", "b.1", "subnet.x[", "subnet.x[]", "subnet.x[\"a]", "a.b.c"] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
