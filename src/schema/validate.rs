//! A value against its JSON Schema, with messages for people. Unknown values fit everywhere.

use super::defaults::option;
use super::types::Types;
use super::{On, Problem, as_unknown, has_unknown, is, policy, suggest};
use regex_lite::Regex;
use serde_json::{Map, Value as Json};

/// Everything that is wrong with `value`. An object whose schema lists properties takes no others, also where the
/// schema forgets to say so.
pub fn validate(schema: &Json, value: &Json) -> Vec<Problem> {
    let mut problems = vec![];
    Place { path: String::new(), problems: &mut problems }.value(schema, value);
    problems
}

struct Place<'a> {
    path: String,
    problems: &'a mut Vec<Problem>,
}

impl Place<'_> {
    fn name(&self) -> String {
        if self.path.is_empty() { "the value".to_owned() } else { format!("`{}`", self.path) }
    }

    fn problem(&mut self, code: &'static str, message: String, reason: String, help: String) {
        let path = self.path.clone();
        self.problems.push(Problem { code, path, on: On::Value, message, reason, help });
    }

    fn at(&mut self, step: &str) -> Place<'_> {
        let path = if self.path.is_empty() { step.to_owned() } else { format!("{}.{step}", self.path) };
        Place { path, problems: self.problems }
    }

    fn value(&mut self, schema: &Json, value: &Json) {
        if as_unknown(value).is_some() || schema == &Json::Bool(true) {
            return;
        }
        if is(schema, "x-policy") {
            return self.policy(value);
        }
        let (types, is) = (Types::of(schema), Types::of_value(value));
        if !types.intersects(is) {
            return self.wrong_type(types, value);
        }
        if let Some(values) = constants(schema) {
            return self.one_of(&values, value);
        }
        if schema.get("anyOf").or_else(|| schema.get("oneOf")).is_some() {
            let chosen = option(schema, value);
            if !std::ptr::eq(chosen, schema) {
                self.value(chosen, value);
            } else {
                self.no_option(schema, value);
            }
        }
        for all in schema.get("allOf").and_then(Json::as_array).into_iter().flatten() {
            self.value(all, value);
        }
        match value {
            Json::String(text) => self.text(schema, text),
            Json::Number(number) => self.number(schema, number.as_f64().unwrap_or_default(), value),
            Json::Array(items) => self.list(schema, items),
            Json::Object(map) => self.table(schema, map),
            _ => {}
        }
    }

    fn wrong_type(&mut self, wanted: Types, value: &Json) {
        let (wanted_words, is) = (wanted.describe(), Types::of_value(value));
        let literal = value.to_string();
        let help = match value {
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
            _ => format!("Write {wanted_words}."),
        };
        let message = format!("{} takes {wanted_words}, not {}", self.name(), is.describe());
        self.problem("stackctl::wrong_type", message, format!("this is {}", is.describe()), help);
    }

    fn one_of(&mut self, values: &[&Json], value: &Json) {
        if values.contains(&value) {
            return;
        }
        let names: Vec<String> = values
            .iter()
            .filter(|value| !value.is_null())
            .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let written = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let message = format!("{} cannot be `{written}`", self.name());
        let help = match suggest::closest(&written, names.iter().copied()) {
            Some(found) => format!("Did you mean `{found}`? Allowed: {}.", suggest::list(&names)),
            None => format!("Allowed: {}.", suggest::list(&names)),
        };
        self.problem("stackctl::wrong_value", message, "not one of the allowed values".to_owned(), help);
    }

    /// No option of an enum with data fits: says by what the options are told apart.
    fn no_option(&mut self, schema: &Json, value: &Json) {
        let options = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Json::as_array);
        let options: Vec<&Json> = options.into_iter().flatten().collect();
        let Some(map) = value.as_object().filter(|_| !has_unknown(value)) else { return };
        for option in &options {
            for (tag, property) in option.get("properties").and_then(Json::as_object).into_iter().flatten() {
                if property.get("const").is_none() {
                    continue;
                }
                let allowed: Vec<&Json> =
                    options.iter().filter_map(|o| o.get("properties")?.get(tag)?.get("const")).collect();
                return match map.get(tag) {
                    Some(found) => self.at(tag).one_of(&allowed, found),
                    None => self.missing(tag, None),
                };
            }
        }
        let names: Vec<&str> =
            options.iter().filter_map(|o| o.get("required")?.as_array()?.first()?.as_str()).collect();
        let message = format!("{} has none of its forms", self.name());
        let help = format!("Write exactly one of {}.", suggest::list(&names));
        self.problem("stackctl::wrong_value", message, "this fits none of them".to_owned(), help);
    }

    fn text(&mut self, schema: &Json, text: &str) {
        let length = text.chars().count() as u64;
        if let Some(least) = bound(schema, "minLength").filter(|least| length < *least) {
            let message = match text.is_empty() {
                true => format!("{} is empty", self.name()),
                false => format!("{} is too short", self.name()),
            };
            let help = format!("Write at least {least} character{}.", plural(least));
            self.problem("stackctl::wrong_value", message, format!("{length} characters"), help);
        }
        if let Some(most) = bound(schema, "maxLength").filter(|most| length > *most) {
            let message = format!("{} is too long", self.name());
            let help = format!("Write at most {most} character{}.", plural(most));
            self.problem("stackctl::wrong_value", message, format!("{length} characters"), help);
        }
        let pattern = schema.get("pattern").and_then(Json::as_str);
        // A pattern that is no regular expression is a mistake of ours, not of the user.
        if let Some((pattern, regex)) = pattern.and_then(|pattern| Some((pattern, Regex::new(pattern).ok()?)))
            && !regex.is_match(text)
        {
            let message = format!("{} does not have the right form", self.name());
            let example = schema.get("examples").and_then(|examples| examples.get(0));
            let help = match example {
                Some(example) => format!("Write it as in {example}."),
                None => format!("It has to match `{pattern}`."),
            };
            self.problem("stackctl::wrong_value", message, format!("does not match `{pattern}`"), help);
        }
    }

    fn number(&mut self, schema: &Json, number: f64, value: &Json) {
        let limit = |keyword| schema.get(keyword).and_then(Json::as_f64);
        let (least, most) = (limit("minimum"), limit("maximum"));
        let low = least.is_some_and(|least| number < least)
            || limit("exclusiveMinimum").is_some_and(|least| number <= least);
        let high = most.is_some_and(|most| number > most)
            || limit("exclusiveMaximum").is_some_and(|most| number >= most);
        if low || high {
            let message = format!("{} is too {}", self.name(), if low { "small" } else { "large" });
            let help = match (least, most) {
                (Some(least), Some(most)) => format!("Write a number from {least} to {most}."),
                (Some(least), None) => format!("Write {least} or more."),
                (None, Some(most)) => format!("Write {most} or less."),
                (None, None) => "Write a number within the limits.".to_owned(),
            };
            self.problem("stackctl::wrong_value", message, format!("{value} is out of range"), help);
        }
    }

    fn list(&mut self, schema: &Json, items: &[Json]) {
        let count = items.len() as u64;
        let (least, most) = (bound(schema, "minItems"), bound(schema, "maxItems"));
        // Unknown elements may be as many as they like only as a whole list, which is unknown itself.
        if let Some(least) = least.filter(|least| count < *least) {
            let message = format!("{} has too few elements", self.name());
            let help = format!("Write at least {least}.");
            self.problem("stackctl::wrong_value", message, format!("{count} of them"), help);
        }
        if let Some(most) = most.filter(|most| count > *most) {
            let message = format!("{} has too many elements", self.name());
            self.problem(
                "stackctl::wrong_value",
                message,
                format!("{count} of them"),
                format!("Write at most {most}."),
            );
        }
        if is(schema, "uniqueItems") {
            for (index, item) in items.iter().enumerate() {
                if !has_unknown(item) && items[..index].contains(item) {
                    let message = format!("{} has an element twice", self.name());
                    let help = "Remove one of the two.".to_owned();
                    self.at(&index.to_string()).problem(
                        "stackctl::wrong_value",
                        message,
                        format!("{item} is in the list already"),
                        help,
                    );
                }
            }
        }
        if let Some(schema) = schema.get("items") {
            for (index, item) in items.iter().enumerate() {
                self.at(&index.to_string()).value(schema, item);
            }
        }
    }

    fn table(&mut self, schema: &Json, map: &Map<String, Json>) {
        let own = schema.get("properties").and_then(Json::as_object);
        let rest = schema.get("additionalProperties");
        let mut meant = vec![];
        for (name, value) in map {
            match (own.and_then(|own| own.get(name)), rest, own) {
                (Some(property), _, _) => self.at(name).value(property, value),
                (None, Some(rest), _) if rest != &Json::Bool(false) => self.at(name).value(rest, value),
                (None, _, Some(own)) => meant.extend(self.unknown_name(own, map, name)),
                (None, Some(_), None) => meant.extend(self.unknown_name(&Map::new(), map, name)),
                (None, None, None) => {}
            }
        }
        for name in schema.get("required").and_then(Json::as_array).into_iter().flatten() {
            // A misspelt name is reported already.
            if let Some(name) =
                name.as_str().filter(|name| !map.contains_key(*name) && !meant.iter().any(|m| m == name))
            {
                self.missing(name, own.and_then(|own| own.get(name)));
            }
        }
    }

    /// Returns the name that was meant, if that can be told.
    fn unknown_name(
        &mut self,
        own: &Map<String, Json>,
        map: &Map<String, Json>,
        name: &str,
    ) -> Option<String> {
        let free = own.keys().filter(|known| !map.contains_key(*known)).map(String::as_str);
        let meant = suggest::closest(name, free);
        let all: Vec<&str> = own.keys().map(String::as_str).collect();
        let help = match meant {
            Some(meant) => format!("Did you mean `{meant}`?"),
            None if all.is_empty() => "Remove it.".to_owned(),
            None => format!("Attributes: {}.", suggest::list(&all)),
        };
        let place = self.at(name);
        place.problems.push(Problem {
            code: "stackctl::unknown_attribute",
            message: format!("there is no attribute `{}`", place.path),
            path: place.path,
            on: On::Key,
            reason: "unknown".to_owned(),
            help,
        });
        meant.map(str::to_owned)
    }

    fn missing(&mut self, name: &str, schema: Option<&Json>) {
        let wanted = schema.map_or_else(|| "…".to_owned(), example);
        let place = self.at(name);
        place.problems.push(Problem {
            code: "stackctl::missing_attribute",
            message: format!("`{}` is missing", place.path),
            path: place.path,
            on: On::Absence,
            reason: format!("needs `{name}`"),
            help: format!("Add `{name} = {wanted}`."),
        });
    }

    fn policy(&mut self, value: &Json) {
        let Some(document) = value.as_object() else {
            if value.is_null() {
                return;
            }
            let message = format!("{} takes a table, not {}", self.name(), Types::of_value(value).describe());
            let (reason, help) = match value {
                Json::String(_) => (
                    "a policy is written in TOML, not as JSON in a string",
                    "Write a table: `{ Statement = [{ Effect = \"Allow\", Action = \"s3:GetObject\", Resource = \"…\" }] }`.",
                ),
                _ => ("a policy is a table", "Write a table with `Statement`, a list of tables."),
            };
            return self.problem("stackctl::wrong_type", message, reason.to_owned(), help.to_owned());
        };
        let schema = policy::schema(document);
        self.table(&schema, document);
    }
}

/// The allowed values, where the schema is a list of them.
fn constants(schema: &Json) -> Option<Vec<&Json>> {
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

fn bound(schema: &Json, keyword: &str) -> Option<u64> {
    schema.get(keyword)?.as_u64()
}

fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
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

/// What a value could look like, for a remedy.
fn example(schema: &Json) -> String {
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
