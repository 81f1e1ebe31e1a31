//! What two objects of a kind cannot both have: `x-unique`, or the physical name.

use super::properties;
use crate::diff::{AttrChange, canonical};
use crate::resource::Kind;
use ipnet::IpNet;
use serde_json::Value as Json;

/// One attribute of a key. Two objects are in each other's way where they agree in all of them.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    pub name: &'a str,
    schema: &'a Json,
}

/// The key of a kind; empty where objects are told apart by their ids alone.
pub fn key(kind: &'static dyn Kind) -> Vec<Part<'static>> {
    let all = || properties(kind.inputs()).into_iter().flatten().map(|(name, schema)| Part { name, schema });
    let said: Vec<Part<'static>> = all().filter(|part| part.schema.get("x-unique").is_some()).collect();
    if !said.is_empty() || !kind.profile().fixed_name {
        return said;
    }
    all()
        .filter(|part| part.schema.get("x-name").is_some() || matches!(part.name, "name" | "identifier"))
        .collect()
}

/// Whether the kind itself says what is unique, beyond a name.
pub fn says(kind: &dyn Kind) -> bool {
    properties(kind.inputs()).into_iter().flatten().any(|(_, schema)| schema.get("x-unique").is_some())
}

/// Whether the new object of a replacement can stand beside the old one.
pub fn fits_beside(kind: &'static dyn Kind, inputs: &Json, changes: &[AttrChange]) -> bool {
    let key = key(kind);
    if key.is_empty() {
        return !kind.profile().fixed_name;
    }
    let values: Vec<(Part<'_>, &Json, &Json)> = key
        .into_iter()
        .map(|part| {
            let new = inputs.get(part.name).unwrap_or(&Json::Null);
            let old =
                changes.iter().find(|change| change.is_of(part.name)).map_or(new, |change| &change.before);
            (part, old, new)
        })
        .collect();
    !collide(&values)
}

/// Whether two objects with these keys are in each other's way. A key of which nothing is set is in nobody's way.
pub fn collide(parts: &[(Part<'_>, &Json, &Json)]) -> bool {
    !parts.is_empty()
        && parts.iter().any(|(_, a, _)| !is_unset(a))
        && parts.iter().all(|(part, a, b)| part.agree(a, b))
}

fn is_unset(value: &Json) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

impl Part<'_> {
    /// Whether objects are told apart by this attribute as a whole.
    pub fn is_plain(&self) -> bool {
        !self.schema.get("x-unique").is_some_and(|mode| mode == "each" || mode == "network")
    }

    /// Whether it tells only the old and the new object of a replacement apart.
    pub fn is_of_successors(&self) -> bool {
        self.schema.get("x-unique").is_some_and(|mode| mode == "successor")
    }

    /// Whether it is a network, which may not overlap with another.
    pub fn is_network(&self) -> bool {
        self.schema.get("x-unique").is_some_and(|mode| mode == "network")
    }

    /// A form of the value that two share exactly where they are the same.
    pub fn canonical(&self, value: &Json) -> Json {
        canonical(self.schema, value)
    }

    /// Whether the two values are in each other's way. What is not known yet is something new, and the same only as what
    /// waits for the same.
    pub fn agree(&self, a: &Json, b: &Json) -> bool {
        match self.schema.get("x-unique").and_then(Json::as_str) {
            Some("each") => {
                let items = |value: &Json| value.as_array().cloned().unwrap_or_default();
                let others = items(b);
                items(a).iter().any(|item| others.contains(item))
            }
            Some("network") => match (network(a), network(b)) {
                (Some(a), Some(b)) => a.contains(&b) || b.contains(&a),
                _ => self.same(a, b),
            },
            _ => self.same(a, b),
        }
    }

    fn same(&self, a: &Json, b: &Json) -> bool {
        canonical(self.schema, a) == canonical(self.schema, b)
    }
}

fn network(value: &Json) -> Option<IpNet> {
    value.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn agree(mode: &Json, a: Json, b: Json) -> bool {
        Part { name: "a", schema: &json!({ "x-unique": mode }) }.agree(&a, &b)
    }

    #[test]
    fn networks_that_overlap_and_lists_that_share_an_element_agree() {
        let network = json!("network");
        assert!(agree(&network, json!("10.0.0.0/24"), json!("10.0.0.128/25")));
        assert!(!agree(&network, json!("10.0.0.0/24"), json!("10.0.1.0/24")));
        let each = json!("each");
        assert!(agree(&each, json!(["a", "b"]), json!(["b", "c"])));
        assert!(agree(&each, json!([{"$unknown": "x.a.id"}]), json!([{"$unknown": "x.a.id"}])));
        assert!(agree(&json!(true), json!("a"), json!("a")));
        assert!(!agree(&json!(true), json!("a"), json!({"$unknown": "vpc.a.id"})));
    }

    #[test]
    fn nothing_is_in_nobody_s_way() {
        let schema = json!({"x-unique": true});
        let part = Part { name: "a", schema: &schema };
        assert!(!collide(&[(part, &Json::Null, &Json::Null)]));
        assert!(collide(&[(part, &json!("v"), &json!("v"))]));
    }
}
