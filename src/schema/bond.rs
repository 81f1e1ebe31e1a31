//! What attributes say about the objects that they name: `x-ref`, and the keywords that stand beside it.

use super::{as_unknown, properties};
use crate::address::Address;
use crate::diff::items_schema;
use crate::reference::Expression;
use serde_json::Value as Json;

/// A value in the inputs of one object that names another: an id, or an unknown value that will be one.
#[derive(Debug, Clone)]
pub struct Bond<'a> {
    /// Of the top-level attribute that it stands in: `subnet_ids`.
    pub attribute: &'a str,
    /// Of the attribute that carries the keyword.
    pub schema: &'a Json,
    pub value: &'a Json,
}

/// Everything that `inputs` name in attributes with this keyword; elements of lists one by one.
pub fn bonds<'a>(schema: &'a Json, inputs: &'a Json, keyword: &str) -> Vec<Bond<'a>> {
    let mut found = vec![];
    for (name, sub) in properties(schema).into_iter().flatten() {
        if let Some(value) = inputs.get(name) {
            walk(name, sub, None, value, keyword, &mut found);
        }
    }
    found
}

fn walk<'a>(
    attribute: &'a str,
    schema: &'a Json,
    carrier: Option<&'a Json>,
    value: &'a Json,
    keyword: &str,
    found: &mut Vec<Bond<'a>>,
) {
    let carrier = if schema.get(keyword).is_some() { Some(schema) } else { carrier };
    match value {
        Json::Object(map) if as_unknown(value).is_none() => {
            for (name, sub) in properties(schema).into_iter().flatten() {
                if let Some(value) = map.get(name) {
                    walk(attribute, sub, carrier, value, keyword, found);
                }
            }
        }
        Json::Array(items) => {
            for item in items {
                walk(attribute, items_schema(schema), carrier, item, keyword, found);
            }
        }
        Json::Null => {}
        _ => found.extend(carrier.map(|schema| Bond { attribute, schema, value })),
    }
}

impl Bond<'_> {
    /// The kinds of which it may name one.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        let fits = self.schema.get("x-ref");
        let one = fits.and_then(Json::as_str);
        let list = fits.and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
        one.into_iter().chain(list).filter_map(|fit| fit.split('.').next())
    }

    /// The id that it names, where that is known.
    pub fn id(&self) -> Option<&str> {
        self.value.as_str()
    }

    /// The resource of the stack that will tell the id.
    pub fn awaits(&self) -> Option<Address> {
        match as_unknown(self.value)?.parse().ok()? {
            Expression::Resource(reference) => Some(reference.address),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_and_tables_are_walked() {
        let group = json!({"type": ["string", "null"], "x-ref": "group.id", "x-holds": true});
        let schema = json!({"properties": {
            "subnets": {"type": "array", "x-ref": ["subnet.id", "net.id"], "x-holds": true, "items": {"type": "string"}},
            "rules": {"type": "array", "items": {"properties": {"group": group, "port": {"type": "integer"}}}},
            "name": {"type": "string"},
        }});
        let inputs = json!({
            "subnets": ["s-1", {"$unknown": "subnet.b.id"}],
            "rules": [{"group": "g-1", "port": 1}, {"group": null}],
            "name": "x",
        });
        let found = bonds(&schema, &inputs, "x-holds");
        let told: Vec<_> = found.iter().map(|bond| (bond.attribute, bond.id(), bond.awaits())).collect();
        let awaited = Some(Address::new("subnet", "b"));
        assert_eq!(
            told,
            [("subnets", Some("s-1"), None), ("subnets", None, awaited), ("rules", Some("g-1"), None)]
        );
        assert_eq!(found[0].kinds().collect::<Vec<_>>(), ["subnet", "net"]);
    }
}
