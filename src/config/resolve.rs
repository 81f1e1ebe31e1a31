use super::{Block, Node, Output, Part, Stack, Template, Value};
use crate::reference::{Expression, Reference};
use crate::schema::types::Types;
use crate::schema::{self, tree};
use serde_json::{Map, Value as Json};

/// What a reference turned out to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Resolved {
    Known(Json),
    /// Not before apply.
    Unknown,
}

type Lookup<'a> = dyn Fn(&Reference) -> Resolved + 'a;

impl Stack {
    /// The inputs of a block in JSON. `lookup` is asked for attributes of single resources, never for `[*]`; what it
    /// does not know becomes `{"$unknown": "vpc.main.id"}`, a text around it too. Numbers and booleans become text
    /// where the attribute takes text only.
    pub fn resolve(&self, block: &Block, lookup: &Lookup<'_>) -> Json {
        self.json(&block.inputs, Some(block.kind.inputs()), lookup)
    }

    /// The value of an output in JSON.
    pub fn resolve_output(&self, output: &Output, lookup: &Lookup<'_>) -> Json {
        self.json(&output.value, None, lookup)
    }

    /// Values of the sensitive params.
    pub fn secrets(&self) -> impl Iterator<Item = Json> {
        let sensitive = self.params.values().filter(|param| param.sensitive);
        sensitive.map(|param| self.json(&param.value, None, &|_| Resolved::Unknown))
    }

    fn json(&self, node: &Node, schema: Option<&Json>, lookup: &Lookup<'_>) -> Json {
        node.to_json(schema, &|expression| match expression {
            Expression::Resource(reference) if reference.splat => {
                let all = self.members(&reference.address).into_iter().map(|member| {
                    let one = reference.of(member);
                    match lookup(&one) {
                        Resolved::Known(value) => value,
                        Resolved::Unknown => schema::unknown(&one.to_string()),
                    }
                });
                Resolved::Known(all.collect())
            }
            Expression::Resource(reference) => lookup(reference),
            _ => Resolved::Unknown,
        })
    }
}

impl Node {
    /// In JSON, as the schema wants it.
    pub(super) fn to_json(&self, schema: Option<&Json>, lookup: &dyn Fn(&Expression) -> Resolved) -> Json {
        match &self.value {
            Value::Bool(value) => Json::Bool(*value),
            Value::Integer(value) => Json::from(*value),
            Value::Float(value) => Json::from(*value),
            Value::String(template) => template.to_json(schema, lookup),
            Value::List(items) => items
                .iter()
                .enumerate()
                .map(|(index, item)| {
                    let schema = schema.and_then(|schema| tree::child(schema, &index.to_string()));
                    item.to_json(schema, lookup)
                })
                .collect(),
            Value::Table(entries) => entries
                .iter()
                .map(|(key, entry)| {
                    let schema = schema.and_then(|schema| tree::child(schema, key));
                    (key.clone(), entry.node.to_json(schema, lookup))
                })
                .collect::<Map<_, _>>()
                .into(),
        }
    }
}

impl Template {
    fn to_json(&self, schema: Option<&Json>, lookup: &dyn Fn(&Expression) -> Resolved) -> Json {
        if let Some((expression, _)) = self.as_whole() {
            return match lookup(expression) {
                Resolved::Known(value) => fit(value, schema),
                Resolved::Unknown => schema::unknown(&expression.to_string()),
            };
        }
        let mut text = String::new();
        for part in &self.parts {
            let value = match part {
                Part::Text(literal) => {
                    text.push_str(literal);
                    continue;
                }
                Part::Expression(expression, _) => match lookup(expression) {
                    Resolved::Known(value) => value,
                    Resolved::Unknown => schema::unknown(&expression.to_string()),
                },
            };
            match value {
                Json::String(value) => text.push_str(&value),
                Json::Null => {}
                value if schema::as_unknown(&value).is_some() => return value,
                value => text.push_str(&value.to_string()),
            }
        }
        Json::String(text)
    }
}

fn fit(value: Json, schema: Option<&Json>) -> Json {
    match &value {
        Json::Number(_) | Json::Bool(_) if schema.is_some_and(|s| Types::of(s).only_text()) => {
            Json::String(value.to_string())
        }
        _ => value,
    }
}
