use crate::address::Address;
use crate::diff::AttrChange;
use crate::path::Path;
use crate::resource::{Id, Kind};
use crate::schema::{has_unknown, is, properties, tree, unknown};
use serde_json::{Map, Value as Json};
use std::collections::HashMap;

/// What references can be resolved to: at plan time with gaps, during an apply more and more.
#[derive(Debug, Clone, Default)]
pub struct Known {
    values: HashMap<Address, Value>,
    /// Physical names that were derived, by whoever has them: the second of a create-first replacement has another one.
    names: HashMap<Address, String>,
}

/// A resource as references see it: `id` and outputs, else inputs. Unknown values stand where an apply decides.
#[derive(Debug, Clone)]
pub struct Value {
    attributes: Json,
}

impl Value {
    /// A resource that is there and stays as it is.
    pub fn settled(id: &Id, inputs: &Json, outputs: &Json) -> Self {
        let mut attributes = inputs.as_object().cloned().unwrap_or_default();
        attributes.extend(outputs.as_object().cloned().unwrap_or_default());
        attributes.insert("id".to_owned(), Json::String(id.0.clone()));
        Self { attributes: Json::Object(attributes) }
    }

    /// A resource that will be updated: outputs that these changes change too are not known.
    pub fn updating(
        address: &Address,
        kind: &dyn Kind,
        id: &Id,
        changes: &[AttrChange],
        inputs: &Json,
        outputs: &Json,
    ) -> Self {
        let mut value = Self::settled(id, inputs, outputs);
        if let Json::Object(attributes) = &mut value.attributes {
            // With another name it gets another id.
            let renames = |(name, schema): (&String, &Json)| {
                is(schema, "x-renames") && changes.iter().any(|change| change.is_of(name))
            };
            if properties(kind.inputs()).into_iter().flatten().any(renames) {
                attributes.insert("id".to_owned(), unknown(&format!("{address}.id")));
            }
            for (name, schema) in properties(kind.outputs()).into_iter().flatten() {
                if volatile(schema, changes) {
                    attributes.insert(name.clone(), unknown(&format!("{address}.{name}")));
                }
            }
        }
        value
    }

    /// A resource that will be created: its wanted inputs are known, nothing that AWS decides is.
    pub fn creating(address: &Address, kind: &dyn Kind, inputs: &Json) -> Self {
        let mut attributes = Map::new();
        let mut hide = |name: &str| attributes.insert(name.to_owned(), unknown(&format!("{address}.{name}")));
        hide("id");
        for name in properties(kind.outputs()).into_iter().flatten().map(|(name, _)| name) {
            hide(name);
        }
        for (name, value) in inputs.as_object().into_iter().flatten() {
            // An output of the same name echoes the input.
            if !value.is_null() && name != "id" {
                attributes.insert(name.clone(), value.clone());
            }
        }
        for (name, _) in properties(kind.inputs()).into_iter().flatten() {
            let missing = || unknown(&format!("{address}.{name}"));
            attributes.entry(name.clone()).or_insert_with(missing);
        }
        Self { attributes: Json::Object(attributes) }
    }
}

/// `x-volatile` is true, or a list of the inputs whose change makes the output unknown.
fn volatile(schema: &Json, changes: &[AttrChange]) -> bool {
    let causes = schema.get("x-volatile").and_then(Json::as_array);
    causes.map_or(is(schema, "x-volatile"), |causes| {
        let heads = changes.iter().map(|change| change.path.head());
        heads.into_iter().any(|head| causes.iter().any(|cause| cause == head))
    })
}

impl Known {
    pub fn insert(&mut self, address: Address, value: Value) {
        self.values.insert(address, value);
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub fn contains(&self, address: &Address) -> bool {
        self.values.contains_key(address)
    }

    /// The derived physical name of a resource is this one.
    pub fn call(&mut self, address: Address, name: String) {
        self.names.insert(address, name);
    }

    pub fn called(&self, address: &Address) -> Option<&str> {
        self.names.get(address).map(String::as_str)
    }

    /// A whole attribute as it is known: unknown values in it say what they wait for in the end.
    pub fn peek(&self, address: &Address, name: &str) -> Option<&Json> {
        self.values.get(address)?.attributes.get(name)
    }

    /// The attribute at `path` (`endpoint`, `tags.owner`) of a resource; unknown if it is not decided yet.
    pub fn get(&self, address: &Address, path: &Path) -> Json {
        let whole = || unknown(&format!("{address}.{path}"));
        let Some(value) = self.values.get(address) else { return whole() };
        match tree::get(&value.attributes, path) {
            Some(found) if !has_unknown(found) => found.clone(),
            Some(_) => whole(),
            None => match value.attributes.get(path.head()) {
                Some(head) if has_unknown(head) => whole(),
                _ => Json::Null,
            },
        }
    }
}
