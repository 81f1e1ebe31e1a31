use super::{Entry, Node, Source, Span, Value};
use crate::diagnostic::Diagnostic;
use crate::{depth, limits};
use serde_json::Value as Json;
use std::path::Path;

/// What `${file(PATH)}` stands for: the value that a `.json` or `.toml` file holds, the text of any other. `${` has no
/// meaning in it. It lies below the project's folder, or below one of `allowed`, links counted as where they lead: a
/// cloned project is not to read what its author has chosen among the files of the user.
pub(super) fn read(folder: &Path, allowed: &[String], file: &str, span: Span) -> Result<Node, Diagnostic> {
    let path = folder.join(file);
    let mistake = |message: String, help: &str| {
        Diagnostic::new("stackctl::unreadable", message, help).at(span, "named here")
    };
    if !is_within(folder, allowed, &path) {
        return Err(Diagnostic::new(
            "stackctl::file_outside",
            format!("{file} lies outside of the project's folder, and nothing allows to read it"),
            format!("Put the file there, or allow it: `files = [\"{file}\"]` in `[stack]`, which also takes folders."),
        )
        .at(span, "named here"));
    }
    let text = limits::read_file(&path, limits::INCLUDED).and_then(limits::text).map_err(|error| {
        let help = match error.kind() {
            std::io::ErrorKind::NotFound => {
                "Paths start at the folder of stack.toml: correct it, or make the file."
            }
            std::io::ErrorKind::FileTooLarge => {
                "Let it hold less: AWS takes nothing of that size as configuration."
            }
            std::io::ErrorKind::InvalidData => "Save it as UTF-8: it becomes part of the configuration.",
            _ => "Check that the file can be read.",
        };
        mistake(format!("{} cannot be read: {error}", path.display()), help)
    })?;
    let unfit = |error: String| mistake(format!("{} is not valid: {error}", path.display()), "Correct it.");
    let value = match path.extension().and_then(|extension| extension.to_str()) {
        Some("json") => serde_json::from_str(&text).map_err(|error| unfit(error.to_string()))?,
        Some("toml") if depth::too_deep(&text).is_some() => return Err(unfit(depth::refusal())),
        Some("toml") => toml::from_str(&text).map_err(|error: toml::de::Error| {
            let start = error.span().map_or(0, |span| span.start);
            let (line, column) = Source::new(file, text.as_str()).position(start);
            unfit(format!("{} at line {line} column {column}", error.message()))
        })?,
        _ => Json::String(text),
    };
    node(&value, span).ok_or_else(|| {
        unfit(
            "it holds a null, or a number that is neither a 64-bit integer nor a decimal fraction".to_owned(),
        )
    })
}

/// What is not there is within: that it cannot be read says it better.
fn is_within(folder: &Path, allowed: &[String], path: &Path) -> bool {
    let Ok(path) = path.canonicalize() else { return true };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let allowed = allowed.iter().map(|allowed| folder.join(allowed));
    std::iter::once(folder.to_owned())
        .chain(allowed)
        .any(|root| root.canonicalize().is_ok_and(|root| path.starts_with(root)))
}

/// The same value, all of it standing where the file is named. TOML has no null.
fn node(value: &Json, span: Span) -> Option<Node> {
    let value = match value {
        Json::Null => return None,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => Value::Integer(integer),
            None if number.is_u64() => return None,
            None => Value::Float(number.as_f64()?),
        },
        Json::String(text) => return Some(Node::text(text, span)),
        Json::Array(items) => Value::List(items.iter().map(|item| node(item, span)).collect::<Option<_>>()?),
        Json::Object(entries) => Value::Table(
            entries
                .iter()
                .map(|(key, value)| Some((key.clone(), Entry { key: span, node: node(value, span)? })))
                .collect::<Option<_>>()?,
        ),
    };
    Some(Node::new(value, span))
}
