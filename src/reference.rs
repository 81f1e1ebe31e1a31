//! `${vpc.main.id}`: what may stand between the braces, parsed and printed.

use crate::address::{Address, is_identifier, unquote};
use crate::path::Path;
use std::fmt;
use std::str::FromStr;

/// A reference to an attribute of a resource: an output or an input; `id` always exists.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    /// Has no key if `splat`.
    pub address: Address,
    /// `subnet.private[*].id`: of all resources of a family, as a list.
    pub splat: bool,
    /// Of the attribute: `id`, `endpoint.port`.
    pub path: Path,
}

/// What `${…}` may say.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Expression {
    Resource(Reference),
    /// `param.NAME` and the path into a table or list.
    Param {
        name: String,
        path: Path,
    },
    /// `stack.name`, `stack.region` or `stack.account`.
    Stack(String),
    /// `file(PATH)`, and the path into what it says.
    File {
        file: String,
        path: Path,
    },
    /// `each.key`, or `each.value` with the path into it.
    Each {
        field: String,
        path: Path,
    },
    /// What could not be read, and was reported: nothing is known of its value.
    Unread(String),
}

impl Reference {
    /// The name of the attribute without the path into it.
    pub fn attribute(&self) -> &str {
        self.path.head()
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
            Self::Unread(text) => return f.write_str(text),
            Self::Param { name, path } => (format!("param.{name}"), path),
            Self::File { file, path } => (format!("file({file})"), path),
            Self::Each { field, path } => (format!("each.{field}"), path),
        };
        if path.is_root() { f.write_str(&head) } else { write!(f, "{head}.{path}") }
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
        if let Some(call) = text.strip_prefix("file(") {
            let (file, path) = call.split_once(')').ok_or_else(error)?;
            if file.trim().is_empty() {
                return Err(error());
            }
            let path = into(path).ok_or_else(error)?;
            return Ok(Self::File { file: file.trim().to_owned(), path });
        }
        let (kind, rest) = text.split_once('.').ok_or_else(error)?;
        let (name, rest) = rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len()));
        if !is_identifier(kind) || !is_identifier(name) {
            return Err(error());
        }
        if matches!(kind, "param" | "stack" | "each") {
            let path = into(rest).ok_or_else(error)?;
            let field = name.to_owned();
            return match kind {
                "param" => Ok(Self::Param { name: field, path }),
                "each" if field == "value" || field == "key" && path.is_root() => {
                    Ok(Self::Each { field, path })
                }
                "stack" if matches!(name, "name" | "region" | "account") && path.is_root() => {
                    Ok(Self::Stack(field))
                }
                _ => Err(error()),
            };
        }
        let (index, rest) = index(rest).ok_or_else(error)?;
        let path = into(rest).filter(|path| !path.is_root()).ok_or_else(|| ReferenceError {
            message: format!("`${{{text}}}` names no attribute"),
            help: format!("Add one, as in `${{{}.id}}`.", text.trim_end_matches('.')),
        })?;
        let (key, splat) = match index {
            None => (None, false),
            Some(Index::All) => (None, true),
            Some(Index::Key(key)) => (Some(key), false),
        };
        let address = Address { kind: kind.to_owned(), name: name.to_owned(), key };
        Ok(Self::Resource(Reference { address, splat, path }))
    }
}

enum Index {
    Key(String),
    All,
}

/// `["a"].id` into the key and `.id`.
fn index(text: &str) -> Option<(Option<Index>, &str)> {
    let Some(inner) = text.strip_prefix('[') else { return Some((None, text)) };
    // A quoted key may hold a bracket; what follows holds none, or quotes of its own.
    let mut ends = inner.match_indices(']').map(|(at, _)| (&inner[..at], &inner[at + 1..]));
    ends.find_map(|(key, rest)| match key {
        "*" => Some((Some(Index::All), rest)),
        key => Some((Some(Index::Key(unquote(key)?)), rest)),
    })
}

/// The path behind a name: nothing, or a dot or bracket and its steps. Without quotes they are the names of attributes.
fn into(text: &str) -> Option<Path> {
    let steps = match text.strip_prefix('.') {
        Some(steps) if !steps.starts_with('[') => steps,
        Some(_) => return None,
        None if text.is_empty() || text.starts_with('[') => text,
        None => return None,
    };
    let quoted = text.contains(['"', '\'']);
    (quoted || steps.is_empty() && text.is_empty() || steps.split('.').all(is_step))
        .then(|| steps.parse().ok())
        .flatten()
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
            r#"vpc.main.tags."kubernetes.io/role""#,
            r#"subnet.private["a]b"].tags."c]d""#,
            r#"param.sizes."a b".0"#,
        ] {
            assert_eq!(text.parse::<Expression>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn keys_in_brackets_are_read_as_well() {
        let read = r#"vpc.main.tags["a.b"]"#.parse::<Expression>().unwrap();
        assert_eq!(read.to_string(), r#"vpc.main.tags."a.b""#);
        let read = "vpc.main.tags['a.b'].x".parse::<Expression>().unwrap();
        assert_eq!(read.to_string(), r#"vpc.main.tags."a.b".x"#);
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
            "vpc.main[a][b].id",
            "vpc.main.tags[b]",
            "vpc.main.a b",
            "vpc.main.tags.\"a",
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
