//! A value against its JSON Schema, with messages for people. Unknown values fit everywhere.

use super::defaults::option;
use super::remedy::{self, constants, example};
use super::types::Types;
use super::{On, Problem, as_unknown, has_unknown, is, policy, suggest};
use crate::path::{Path, Step};
use regex_lite::Regex;
use serde_json::{Map, Value as Json};

/// Everything that is wrong with `value`. An object whose schema lists properties takes no others, also where the
/// schema forgets to say so.
pub fn validate(schema: &Json, value: &Json) -> Vec<Problem> {
    let mut problems = vec![];
    Place { path: Path::default(), problems: &mut problems }.value(schema, value);
    problems
}

struct Place<'a> {
    path: Path,
    problems: &'a mut Vec<Problem>,
}

impl Place<'_> {
    fn name(&self) -> String {
        if self.path.is_root() { "the value".to_owned() } else { format!("`{}`", self.path) }
    }

    fn problem(&mut self, code: &'static str, message: String, reason: String, help: String) {
        let path = self.path.clone();
        self.problems.push(Problem { code, path, on: On::Value, message, reason, help });
    }

    fn at(&mut self, key: &str) -> Place<'_> {
        Place { path: self.path.with(key), problems: self.problems }
    }

    fn element(&mut self, index: usize) -> Place<'_> {
        Place { path: self.path.at(index), problems: self.problems }
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
        let help = remedy::retype(wanted, value);
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
                    self.element(index).problem(
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
                self.element(index).value(schema, item);
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
        // A misspelt name is reported already.
        let required = schema.get("required").and_then(Json::as_array).into_iter().flatten();
        let missing = required.filter_map(Json::as_str).filter(|name| !map.contains_key(*name));
        let missing: Vec<&str> = missing.filter(|name| !meant.iter().any(|meant| meant == name)).collect();
        if let [name] = missing.as_slice()
            && self.is_other_word(own.and_then(|own| own.get(*name)), map, name)
        {
            return;
        }
        for name in missing {
            self.missing(name, own.and_then(|own| own.get(name)));
        }
    }

    /// One unknown attribute and one missing, and the value would fit: most likely another word for the same.
    fn is_other_word(&mut self, schema: Option<&Json>, map: &Map<String, Json>, name: &str) -> bool {
        let above = self.path.clone();
        let key = |path: &Path| match path.steps().split_last() {
            Some((Step::Key(key), steps)) if steps == above.steps() => Some(key.clone()),
            _ => None,
        };
        let own =
            |p: &&mut Problem| p.on == On::Key && key(&p.path).is_some_and(|key| map.contains_key(&key));
        let mut unknown: Vec<&mut Problem> = self.problems.iter_mut().filter(own).collect();
        let [problem] = unknown.as_mut_slice() else { return false };
        let value = key(&problem.path).and_then(|key| map.get(&key));
        let (Some(schema), Some(value)) = (schema, value) else { return false };
        if problem.help.starts_with("Did you mean") || !validate(schema, value).is_empty() {
            return false;
        }
        problem.help = format!("Did you mean `{name}`, which is missing?");
        true
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

fn bound(schema: &Json, keyword: &str) -> Option<u64> {
    schema.get(keyword)?.as_u64()
}

fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::unknown;
    use serde_json::json;

    fn check(schema: &Json, value: Json) -> String {
        let problems = validate(schema, &json!({ "a": value }));
        let lines = problems.iter().map(|p| format!("{}: {}. {}", p.path, p.message, p.help));
        lines.collect::<Vec<_>>().join("\n")
    }

    fn of(a: Json) -> Json {
        json!({ "type": "object", "properties": { "a": a } })
    }

    /// As schemars writes an enum without data whose variants are documented, in an `Option`.
    #[test]
    fn plain_enums_list_what_is_allowed() {
        let schema = of(json!({ "anyOf": [
            { "oneOf": [{ "const": "on", "type": "string" }, { "enum": ["off", "auto"], "type": "string" }] },
            { "type": "null" },
        ]}));
        assert_eq!(
            check(&schema, json!("of")),
            "a: `a` cannot be `of`. Did you mean `off`? Allowed: `on`, `off`, `auto`."
        );
        assert_eq!(check(&schema, json!("auto")), "");
        assert_eq!(
            check(&schema, json!(1)),
            "a: `a` takes a string, not an integer. Put it in quotes: `\"1\"`."
        );
    }

    #[test]
    fn enums_with_data_are_told_by_their_tag() {
        let tagged = of(json!({ "oneOf": [
            { "type": "object", "properties": { "type": { "const": "ip" }, "cidr": { "type": "string" } }, "required": ["type", "cidr"] },
            { "type": "object", "properties": { "type": { "const": "group" } }, "required": ["type"] },
        ]}));
        assert_eq!(
            check(&tagged, json!({ "type": "ip" })),
            "a.cidr: `a.cidr` is missing. Add `cidr = \"…\"`."
        );
        assert_eq!(
            check(&tagged, json!({ "type": "pi" })),
            "a.type: `a.type` cannot be `pi`. Did you mean `ip`? Allowed: `ip`, `group`."
        );
        let named = of(json!({ "oneOf": [
            { "type": "object", "properties": { "s3": { "type": "string" } }, "required": ["s3"], "additionalProperties": false },
            { "type": "object", "properties": { "zip": { "type": "string" } }, "required": ["zip"], "additionalProperties": false },
        ]}));
        assert_eq!(check(&named, json!({ "zip": "x" })), "");
        assert_eq!(
            check(&named, json!({ "tar": "x" })),
            "a: `a` has none of its forms. Write exactly one of `s3`, `zip`."
        );
    }

    #[test]
    fn an_optional_struct_is_checked_as_itself() {
        let schema = of(json!({ "anyOf": [
            { "type": "object", "properties": { "port": { "type": "integer" } }, "required": ["port"], "additionalProperties": false },
            { "type": "null" },
        ]}));
        assert_eq!(check(&schema, json!({})), "a.port: `a.port` is missing. Add `port = 1`.");
        assert_eq!(
            check(&schema, json!({ "prot": 1 })),
            "a.prot: there is no attribute `a.prot`. Did you mean `port`?"
        );
    }

    #[test]
    fn unknown_values_fit_everywhere() {
        let schema = of(
            json!({ "type": "array", "items": { "type": "string", "pattern": "^x" }, "uniqueItems": true, "minItems": 2 }),
        );
        assert_eq!(check(&schema, unknown("vpc.a.id")), "");
        assert_eq!(check(&schema, json!([unknown("vpc.a.id"), unknown("vpc.a.id")])), "");
        assert_eq!(check(&of(json!({ "enum": ["a"] })), unknown("vpc.a.id")), "");
        assert_eq!(check(&of(json!({ "x-policy": true })), json!({ "Statement": unknown("vpc.a.id") })), "");
    }
}
