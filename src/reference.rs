//! `${vpc.main.id}`: what may stand between the braces, parsed and printed.

use crate::address::{Address, is_identifier, unquote};
use std::fmt;
use std::str::FromStr;

/// A reference to an attribute of a resource: an output or an input; `id` always exists.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    /// Has no key if `splat`.
    pub address: Address,
    /// `subnet.private[*].id`: of all resources of a family, as a list.
    pub splat: bool,
    /// Dotted path of the attribute: `id`, `endpoint.port`.
    pub path: String,
}

/// What `${…}` may say.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Expression {
    Resource(Reference),
    /// `param.NAME` and the path into a table or list.
    Param {
        name: String,
        path: String,
    },
    /// `stack.name`, `stack.region` or `stack.account`.
    Stack(String),
    /// `file(PATH)`, and the path into what it says.
    File {
        file: String,
        path: String,
    },
    /// `each.key`, or `each.value` with the path into it.
    Each {
        field: String,
        path: String,
    },
}

impl Reference {
    /// The name of the attribute without the path into it.
    pub fn attribute(&self) -> &str {
        self.path.split('.').next().unwrap_or_default()
    }

    /// The same attribute of one resource of the family.
    pub fn of(&self, member: Address) -> Self {
        Self { address: member, splat: false, path: self.path.clone() }
    }
}

impl Expression {
    pub fn as_resource(&self) -> Option<&Reference> {
        match self {
            Self::Resource(reference) => Some(reference),
            _ => None,
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let splat = if self.splat { "[*]" } else { "" };
        write!(f, "{}{splat}.{}", self.address, self.path)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (head, path) = match self {
            Self::Resource(reference) => return reference.fmt(f),
            Self::Stack(field) => return write!(f, "stack.{field}"),
            Self::Param { name, path } => (format!("param.{name}"), path),
            Self::File { file, path } => (format!("file({file})"), path),
            Self::Each { field, path } => (format!("each.{field}"), path),
        };
        if path.is_empty() { f.write_str(&head) } else { write!(f, "{head}.{path}") }
    }
}

/// The text between the braces says nothing that we know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ReferenceError {
    pub message: String,
    pub help: String,
}

const SHAPES: &str = "Write `${KIND.NAME.ATTRIBUTE}`, `${param.NAME}`, `${stack.name}`, `${stack.region}`, \
    `${stack.account}`, `${each.key}`, `${each.value}` or `${file(PATH)}`; a literal `${` is written `$${`.";

impl FromStr for Expression {
    type Err = ReferenceError;
    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let text = text.trim();
        let error =
            || ReferenceError { message: format!("`${{{text}}}` is no reference"), help: SHAPES.to_owned() };
        let dotted = |path: &str| path.split('.').all(is_step);
        if let Some(call) = text.strip_prefix("file(") {
            let (file, path) = call.split_once(')').ok_or_else(error)?;
            let into = path.strip_prefix('.');
            if file.trim().is_empty() || !(path.is_empty() || into.is_some_and(dotted)) {
                return Err(error());
            }
            let path = into.unwrap_or_default();
            return Ok(Self::File { file: file.trim().to_owned(), path: path.to_owned() });
        }
        let (head, index, rest) = split(text).ok_or_else(error)?;
        let (kind, name) = head.split_once('.').unwrap_or((head, ""));
        match (kind, &index) {
            ("param" | "stack" | "each", None) => {
                let (field, path) = name.split_once('.').unwrap_or((name, ""));
                if !is_identifier(field) || !(path.is_empty() || dotted(path)) {
                    return Err(error());
                }
                let (field, path) = (field.to_owned(), path.to_owned());
                match kind {
                    "param" => Ok(Self::Param { name: field, path }),
                    "each" if field == "value" || field == "key" && path.is_empty() => {
                        Ok(Self::Each { field, path })
                    }
                    "stack" if matches!(field.as_str(), "name" | "region" | "account") && path.is_empty() => {
                        Ok(Self::Stack(field))
                    }
                    _ => Err(error()),
                }
            }
            _ => {
                let (name, path) = match &index {
                    None => name.split_once('.').unwrap_or((name, "")),
                    Some(_) => (name, rest),
                };
                if !is_identifier(kind) || !is_identifier(name) {
                    return Err(error());
                }
                if !dotted(path) {
                    return Err(ReferenceError {
                        message: format!("`${{{text}}}` names no attribute"),
                        help: format!("Add one, as in `${{{}.id}}`.", text.trim_end_matches('.')),
                    });
                }
                let (key, splat) = match index {
                    None => (None, false),
                    Some(Index::All) => (None, true),
                    Some(Index::Key(key)) => (Some(key.clone()), false),
                };
                let address = Address { kind: kind.to_owned(), name: name.to_owned(), key };
                Ok(Self::Resource(Reference { address, splat, path: path.to_owned() }))
            }
        }
    }
}

enum Index {
    Key(String),
    All,
}

/// `subnet.private["a"].id` into `subnet.private`, the key and `id`.
fn split(text: &str) -> Option<(&str, Option<Index>, &str)> {
    let Some((head, rest)) = text.split_once('[') else { return Some((text, None, "")) };
    // No path holds a bracket, but a key may.
    let (index, rest) = rest.rsplit_once(']')?;
    let index = if index == "*" { Index::All } else { Index::Key(unquote(index)?) };
    match rest.strip_prefix('.') {
        Some(path) => Some((head, Some(index), path)),
        None => rest.is_empty().then_some((head, Some(index), rest)),
    }
}

fn is_step(step: &str) -> bool {
    !step.is_empty() && step.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_what_it_parses() {
        for text in [
            "vpc.main.id",
            r#"subnet.private["a"].id"#,
            r#"subnet.private["eu \"]} west"].id"#,
            "subnet.private[*].id",
            "database.loans.endpoint.port",
            "param.x",
            "param.sizes.small",
            "stack.region",
            "each.key",
            "each.value.cidr",
            "file(policies/read.json)",
            "file(../lake.json).loans.0",
        ] {
            assert_eq!(text.parse::<Expression>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn refuses_what_is_none() {
        for text in [
            "",
            "vpc",
            "vpc.main",
            "vpc.main.",
            "vpc.main[*]",
            "vpc.main[].id",
            "vpc.main[a]x.id",
            "stack.x",
            "each.x",
            "each.key.x",
            "param",
            "aws:username",
            "a b.c.d",
            "vpc.main[\"\"].id",
            "param[*].x",
            "file()",
            "file(a.json",
            "file(a.json)x",
            "file(a.json).",
        ] {
            assert!(text.parse::<Expression>().is_err(), "{text}");
        }
    }
}
