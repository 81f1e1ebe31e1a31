//! What to write instead.

use super::types::Types;
use serde_json::Value as Json;

/// How a value of the wrong type becomes one of the right type.
pub(super) fn retype(wanted: Types, value: &Json) -> String {
    let is = Types::of_value(value);
    let literal = value.to_string();
    match value {
        _ if wanted.only_text() && is.intersects(Types::SCALAR) => {
            format!("Put it in quotes: `\"{literal}\"`.")
        }
        Json::String(text) if wanted.intersects(Types::of_value(&parsed(text))) && !text.is_empty() => {
            format!("Leave the quotes away: `{text}`.")
        }
        Json::String(text) if wanted.intersects(Types::BOOLEAN) && yes_or_no(text).is_some() => {
            format!("Write `{}`.", yes_or_no(text).unwrap_or_default())
        }
        Json::Number(number) if wanted.intersects(Types::INTEGER) => {
            format!("Write a whole number, such as `{}`.", number.as_f64().unwrap_or_default().round())
        }
        Json::Object(_) if wanted.intersects(Types::LIST) => "Put it in brackets: `[{ … }]`.".to_owned(),
        _ if wanted.intersects(Types::LIST) && literal.len() < 40 => {
            format!("Put it in brackets: `[{literal}]`.")
        }
        _ => format!("Write {}.", wanted.describe()),
    }
}

/// The allowed values, where the schema is a list of them.
pub(super) fn constants(schema: &Json) -> Option<Vec<&Json>> {
    if let Some(value) = schema.get("const") {
        return Some(vec![value]);
    }
    if let Some(values) = schema.get("enum").and_then(Json::as_array) {
        return Some(values.iter().collect());
    }
    let options = schema.get("oneOf").or_else(|| schema.get("anyOf"))?.as_array()?;
    let mut all = vec![];
    for option in options {
        match option.get("type").and_then(Json::as_str) {
            Some("null") => all.push(&Json::Null),
            _ => all.extend(constants(option)?),
        }
    }
    Some(all)
}

/// What a value could look like, for a remedy.
pub(super) fn example(schema: &Json) -> String {
    if let Some(example) = schema.get("examples").and_then(|examples| examples.get(0)) {
        return example.to_string();
    }
    if let Some(fits) = schema.get("x-ref").map(|refs| refs.get(0).unwrap_or(refs)).and_then(Json::as_str) {
        let (kind, output) = fits.split_once('.').unwrap_or((fits, "id"));
        let reference = format!("\"${{{kind}.NAME.{output}}}\"");
        return match Types::of(schema).intersects(Types::STRING) {
            true => reference,
            false => format!("[{reference}]"),
        };
    }
    if let Some(first) = constants(schema).and_then(|values| values.first().copied().cloned()) {
        return first.to_string();
    }
    let types = Types::of(schema);
    let shown = [
        (Types::STRING, "\"…\""),
        (Types::INTEGER, "1"),
        (Types::FLOAT, "1.0"),
        (Types::BOOLEAN, "true"),
        (Types::LIST, "[…]"),
        (Types::TABLE, "{ … }"),
    ];
    let shown = shown.iter().find(|(one, _)| types.intersects(*one));
    shown.map_or_else(|| "…".to_owned(), |(_, text)| (*text).to_owned())
}

/// What people write for booleans elsewhere.
fn yes_or_no(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "yes" | "on" | "enabled" => Some(true),
        "no" | "off" | "disabled" => Some(false),
        _ => None,
    }
}

fn parsed(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or(Json::Null)
}
