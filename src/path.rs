//! `tags."kubernetes.io/role"`, `policies.p.Statement[Write].Action`: where an attribute is in a tree of attributes.
//!
//! | written | step |
//! |---|---|
//! | `owner` | the key of a table |
//! | `"a.b"`, `'a.b'`, `["a.b"]` | a key that cannot stand bare; the first is the printed one, with the escapes of JSON |
//! | `0`, `[0]` | the element of a list at this place, from 0; the first is the printed one |
//! | `[Write]`, `[="not bare"]` | the element of a list that its `Sid`, `id` or `name` calls so |
//!
//! This spelling is part of the formats of saved plans and of `plan --json`.

use crate::limits::STEPS;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// One step into a table or list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    Key(String),
    Index(usize),
    /// The element that its identifying field calls so.
    Element(String),
}

impl Step {
    /// As the key of a table: `0` may be one as well.
    pub fn as_key(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Key(key) => Some(key.into()),
            Self::Index(index) => Some(index.to_string().into()),
            Self::Element(_) => None,
        }
    }
}

/// Steps from the root of a tree. Its empty form is the tree itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path(Vec<Step>);

impl Path {
    pub fn key(name: &str) -> Self {
        Self::default().with(name)
    }

    /// One key further down.
    pub fn with(&self, key: &str) -> Self {
        self.then(Step::Key(key.to_owned()))
    }

    /// One element further down.
    pub fn at(&self, index: usize) -> Self {
        self.then(Step::Index(index))
    }

    pub fn then(&self, step: Step) -> Self {
        Self(self.0.iter().cloned().chain([step]).collect())
    }

    /// Both, one after the other.
    pub fn join(&self, below: &Self) -> Self {
        Self(self.0.iter().chain(&below.0).cloned().collect())
    }

    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The name of the attribute, without the path into it.
    pub fn head(&self) -> &str {
        match self.0.first() {
            Some(Step::Key(key)) => key,
            _ => "",
        }
    }

    /// Whether it is this attribute, and nothing in it.
    pub fn is(&self, name: &str) -> bool {
        matches!(self.0.as_slice(), [Step::Key(key)] if key == name)
    }
}

impl From<&[Step]> for Path {
    fn from(steps: &[Step]) -> Self {
        Self(steps.to_vec())
    }
}

impl FromIterator<Step> for Path {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Self {
        Self(steps.into_iter().collect())
    }
}

/// Every way to read the first steps as one key: `a`, then `a.b`, `a.b.c`. So a key that holds dots can stand without
/// quotes where it is the only thing that fits.
pub fn splits(steps: &[Step]) -> impl Iterator<Item = (Cow<'_, str>, &[Step])> {
    let bare = steps.iter().take_while(|step| step.as_key().is_some()).count();
    (1..=bare).map(|count| {
        let key = match &steps[..count] {
            [Step::Key(key)] => Cow::from(key),
            many => many.iter().filter_map(Step::as_key).collect::<Vec<_>>().join(".").into(),
        };
        (key, &steps[count..])
    })
}

fn is_bare(key: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    !key.is_empty() && key.chars().all(plain) && !key.chars().all(|c| c.is_ascii_digit())
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            let dot = if at == 0 { "" } else { "." };
            match step {
                Step::Key(key) if is_bare(key) => write!(f, "{dot}{key}")?,
                Step::Key(key) => write!(f, "{dot}{}", quoted(key))?,
                Step::Index(index) => write!(f, "{dot}{index}")?,
                Step::Element(name) if is_bare(name) => write!(f, "[{name}]")?,
                Step::Element(name) => write!(f, "[={}]", quoted(name))?,
            }
        }
        Ok(())
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The text is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no path: {why}")]
pub struct PathError {
    text: String,
    why: &'static str,
}

impl FromStr for Path {
    type Err = PathError;
    fn from_str(text: &str) -> Result<Self, PathError> {
        let error = |why| PathError { text: text.to_owned(), why };
        let mut steps = vec![];
        let mut rest = text;
        while !rest.is_empty() {
            if steps.len() == STEPS {
                return Err(error("it has more than 256 steps"));
            }
            if let Some(inner) = rest.strip_prefix('[') {
                let (step, behind) = bracket(inner).map_err(error)?;
                steps.push(step);
                rest = behind;
                continue;
            }
            if !steps.is_empty() {
                rest = rest
                    .strip_prefix('.')
                    .ok_or_else(|| error("a dot or a bracket belongs between its steps"))?;
            }
            if let Some((key, behind)) = quote(rest).map_err(error)? {
                steps.push(Step::Key(key));
                rest = behind;
                continue;
            }
            let end = rest.find(['.', '[', ']', '"', '\'']).unwrap_or(rest.len());
            if end == 0 {
                return Err(error("a step of it is empty"));
            }
            steps.push(bare(&rest[..end], Step::Key));
            rest = &rest[end..];
        }
        Ok(Self(steps))
    }
}

/// A number as it is printed is a place in a list.
fn bare(text: &str, otherwise: fn(String) -> Step) -> Step {
    match text.parse::<usize>() {
        Ok(index) if index.to_string() == text => Step::Index(index),
        _ => otherwise(text.to_owned()),
    }
}

/// What stands behind an opening bracket, and what comes after the closing one.
fn bracket(inner: &str) -> Result<(Step, &str), &'static str> {
    const OPEN: &str = "a bracket is not closed";
    let named = inner.strip_prefix('=');
    let (step, rest) = match (quote(named.unwrap_or(inner))?, named) {
        (Some((name, rest)), Some(_)) => (Step::Element(name), rest),
        (Some((key, rest)), None) => (Step::Key(key), rest),
        (None, Some(_)) => return Err("quotes belong behind `[=`"),
        (None, None) => {
            let end = inner.find(['.', '[', ']', '"', '\'']).ok_or(OPEN)?;
            if end == 0 {
                return Err("there is nothing between its brackets");
            }
            (bare(&inner[..end], Step::Element), &inner[end..])
        }
    };
    Ok((step, rest.strip_prefix(']').ok_or(OPEN)?))
}

/// The quoted text at the start, if there is one, and what comes after it.
fn quote(text: &str) -> Result<Option<(String, &str)>, &'static str> {
    const OPEN: &str = "a quote is not closed";
    if let Some(inner) = text.strip_prefix('\'') {
        let (key, rest) = inner.split_once('\'').ok_or(OPEN)?;
        return Ok(Some((key.to_owned(), rest)));
    }
    let Some(inner) = text.strip_prefix('"') else { return Ok(None) };
    let mut escaped = false;
    let end = inner.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    let end = end.ok_or(OPEN)? + 2;
    let key = serde_json::from_str(&text[..end]).map_err(|_| "what stands in quotes is no text of JSON")?;
    Ok(Some((key, &text[end..])))
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Plans that were saved when no key was quoted are read as well; whoever wrote `a"b` then is cut at its dots, as it was.
impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(text.parse().unwrap_or_else(|_| text.split('.').map(|step| bare(step, Step::Key)).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn step() -> impl Strategy<Value = Step> {
        let odd = prop_oneof![
            Just(String::new()),
            "[a-z._\\[\\]\"'\\\\= /:@0-9-]{0,12}",
            "\\PC{0,8}",
            any::<String>(),
            "[0-9]{1,22}",
        ];
        prop_oneof![
            odd.clone().prop_map(Step::Key),
            any::<usize>().prop_map(Step::Index),
            odd.prop_map(Step::Element),
        ]
    }

    proptest! {
        #[test]
        fn reads_what_it_prints(steps in prop::collection::vec(step(), 0..6)) {
            let path = Path(steps);
            prop_assert_eq!(path.to_string().parse::<Path>(), Ok(path.clone()));
            let json = serde_json::to_value(&path).unwrap();
            prop_assert_eq!(serde_json::from_value::<Path>(json).unwrap(), path);
        }

        #[test]
        fn never_panics_and_prints_what_it_reads(text in "[a-z.\\[\\]\"'\\\\=0-9é/]{0,16}") {
            if let Ok(path) = text.parse::<Path>() {
                prop_assert_eq!(path.to_string().parse::<Path>(), Ok(path));
            }
        }
    }

    #[test]
    fn every_spelling_has_one_printed_form() {
        for (written, printed) in [
            ("tags.owner", "tags.owner"),
            ("ingress.0.cidr", "ingress.0.cidr"),
            ("ingress[0].cidr", "ingress.0.cidr"),
            ("tags.\"a.b/c\"", "tags.\"a.b/c\""),
            ("tags[\"a.b/c\"]", "tags.\"a.b/c\""),
            ("tags['a.b']", "tags.\"a.b\""),
            ("tags.'a.b'.x", "tags.\"a.b\".x"),
            ("policies.p.Statement[Write].Action", "policies.p.Statement[Write].Action"),
            ("rules[=\"a b\"].days", "rules[=\"a b\"].days"),
            ("tags.\"0\"", "tags.\"0\""),
            ("tags.007", "tags.\"007\""),
            ("tags.kubernetes.io/role", "tags.kubernetes.\"io/role\""),
            ("", ""),
        ] {
            assert_eq!(written.parse::<Path>().unwrap().to_string(), printed, "{written}");
        }
    }

    #[test]
    fn says_why_a_text_is_none() {
        for (text, why) in [
            ("a..b", "a step of it is empty"),
            ("a.", "a step of it is empty"),
            (".a", "a step of it is empty"),
            ("a[", "a bracket is not closed"),
            ("a[]", "there is nothing between its brackets"),
            ("a[b", "a bracket is not closed"),
            ("a[b]c", "a dot or a bracket belongs between its steps"),
            ("a.\"b", "a quote is not closed"),
            ("a.\"\\x\"", "what stands in quotes is no text of JSON"),
            ("a.\"b\"c", "a dot or a bracket belongs between its steps"),
            ("a[=b]", "quotes belong behind `[=`"),
        ] {
            let error = text.parse::<Path>().unwrap_err().to_string();
            assert!(error.ends_with(why), "{text}: {error}");
        }
    }
}
