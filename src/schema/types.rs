//! Which JSON types a schema accepts, as far as can be said without a value.

use serde_json::Value as Json;

/// A set of JSON types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Types(u8);

impl Types {
    pub const STRING: Self = Self(1);
    pub const INTEGER: Self = Self(2);
    pub const FLOAT: Self = Self(4);
    pub const BOOLEAN: Self = Self(8);
    pub const LIST: Self = Self(16);
    pub const TABLE: Self = Self(32);
    pub const NULL: Self = Self(64);
    pub const ANY: Self = Self(127);
    /// What can stand in the midst of text.
    pub const SCALAR: Self = Self(1 | 2 | 4 | 8);
    const NONE: Self = Self(0);

    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Without null, which no reference and no TOML value is.
    pub fn some(self) -> Self {
        Self(self.0 & !Self::NULL.0)
    }

    /// Takes text and nothing else, so that numbers and booleans from references are turned into text for it.
    pub fn only_text(self) -> bool {
        self.some() == Self::STRING
    }

    /// What values of the schema can be.
    pub fn of(schema: &Json) -> Self {
        if super::is(schema, "x-policy") {
            return Self::TABLE.union(Self::NULL);
        }
        match schema.get("type") {
            Some(Json::String(name)) => return Self::named(name),
            Some(Json::Array(names)) => {
                return names
                    .iter()
                    .filter_map(Json::as_str)
                    .fold(Self::NONE, |all, n| all.union(Self::named(n)));
            }
            _ => {}
        }
        if let Some(value) = schema.get("const") {
            return Self::of_value(value);
        }
        if let Some(values) = schema.get("enum").and_then(Json::as_array) {
            return values.iter().fold(Self::NONE, |all, value| all.union(Self::of_value(value)));
        }
        let options = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Json::as_array);
        match options {
            Some(options) => options.iter().fold(Self::NONE, |all, option| all.union(Self::of(option))),
            None if schema.get("properties").is_some() => Self::TABLE,
            None => Self::ANY,
        }
    }

    /// What a value is.
    pub fn of_value(value: &Json) -> Self {
        match value {
            Json::Null => Self::NULL,
            Json::Bool(_) => Self::BOOLEAN,
            Json::Number(number) if number.is_f64() => Self::FLOAT,
            Json::Number(_) => Self::INTEGER,
            Json::String(_) => Self::STRING,
            Json::Array(_) => Self::LIST,
            Json::Object(_) => Self::TABLE,
        }
    }

    fn named(name: &str) -> Self {
        match name {
            "string" => Self::STRING,
            "integer" => Self::INTEGER,
            // An integer is a number.
            "number" => Self::FLOAT.union(Self::INTEGER),
            "boolean" => Self::BOOLEAN,
            "array" => Self::LIST,
            "object" => Self::TABLE,
            "null" => Self::NULL,
            _ => Self::ANY,
        }
    }

    /// `a string or a list`.
    pub fn describe(self) -> String {
        if self.some() == Self::ANY.some() {
            return "any value".to_owned();
        }
        let number = Self::FLOAT.union(Self::INTEGER);
        let mut words = vec![];
        for (types, word) in [
            (Self::STRING, "a string"),
            (number, "a number"),
            (Self::INTEGER, "an integer"),
            (Self::FLOAT, "a float"),
            (Self::BOOLEAN, "true or false"),
            (Self::LIST, "a list"),
            (Self::TABLE, "a table"),
        ] {
            let covered = words.contains(&"a number") && number.intersects(types);
            if self.0 & types.0 == types.0 && !covered {
                words.push(word);
            }
        }
        words.join(" or ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn options_and_enums_say_what_they_take() {
        for (schema, words) in [
            (json!({"type": ["string", "null"]}), "a string"),
            (json!({"anyOf": [{"type": "array"}, {"type": "null"}]}), "a list"),
            (json!({"oneOf": [{"const": "a"}, {"const": 1}]}), "a string or an integer"),
            (json!({"enum": ["a", null]}), "a string"),
            (json!({"type": "number"}), "a number"),
            (json!({"x-policy": true}), "a table"),
            (json!(true), "any value"),
        ] {
            assert_eq!(Types::of(&schema).describe(), words, "{schema}");
        }
    }
}
