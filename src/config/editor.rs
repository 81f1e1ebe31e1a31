use crate::resource::Kind;
use serde_json::{Map, Value as Json, json};

/// JSON Schema of a whole `stack.toml`, for editors (Taplo, Even Better TOML).
pub fn json_schema(kinds: &[&'static dyn Kind]) -> Json {
    let named = |schema: Json| json!({ "type": "object", "additionalProperties": schema });
    let text = || json!({ "type": "string" });
    let blocks: Map<String, Json> =
        kinds.iter().map(|kind| (kind.name().to_owned(), named(block(*kind, true)))).collect();
    let overlays = kinds.iter().map(|kind| (kind.name().to_owned(), named(block(*kind, false))));
    let mut target = Map::from_iter([
        ("endpoint_url".to_owned(), text()),
        (
            "emulator".to_owned(),
            json!({ "type": "boolean",
                "description": "Whether `endpoint_url` is an emulator of AWS and not AWS by another way; by default, if it is on this machine." }),
        ),
        ("region".to_owned(), text()),
        ("profile".to_owned(), text()),
        ("account".to_owned(), text()),
        ("state".to_owned(), text()),
        ("encryption".to_owned(), recipients()),
        (
            "protected".to_owned(),
            json!({ "type": "boolean", "default": false,
                "description": "Whether apply and destroy ask for the target's name before they change anything." }),
        ),
        ("params".to_owned(), json!({ "type": "object" })),
    ]);
    target.extend(overlays);
    let mut properties = Map::from_iter([
        (
            "stack".to_owned(),
            closed(
                json!({
                    "name": { "type": "string", "pattern": "^[a-z][a-z0-9-]{0,30}$",
                        "description": "Name of the stack; part of the names of its resources." },
                    "region": { "type": "string", "description": "AWS region, such as eu-west-1." },
                    "state": { "type": "string", "default": "state",
                        "description": "Folder of the state, or s3://BUCKET/KEY; region, sse and kms_key of the bucket as ?region=…&kms_key=…." },
                    "encryption": recipients(),
                    "files": { "type": "array", "items": text(),
                        "description": "Files and folders outside of the project's that ${file(…)} may read." },
                    "new": { "type": "array", "items": text(),
                        "description": "Regions, instance classes, versions and the like that AWS has and this stackctl does not know yet." },
                    "account": { "type": "string", "pattern": "^[0-9]{12}$",
                        "description": "The only account in which the stack may be applied." },
                }),
                &["name"],
            ),
        ),
        ("tags".to_owned(), named(text())),
        ("params".to_owned(), json!({ "type": "object" })),
        ("outputs".to_owned(), json!({ "type": "object" })),
        ("targets".to_owned(), named(closed(Json::Object(target), &[]))),
    ]);
    properties.extend(blocks);
    let mut root = closed(Json::Object(properties), &["stack"]);
    root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    root["title"] = json!("stack.toml");
    root
}

/// One or several public keys of age.
fn recipients() -> Json {
    let key = json!({ "type": "string", "pattern": "^age1[a-z0-9]+$" });
    json!({ "anyOf": [key, { "type": "array", "items": key }],
        "description": "Public keys of age for which the state is encrypted, as age-keygen prints them." })
}

/// The inputs of a kind and what every block takes beside them. An overlay needs nothing.
fn block(kind: &'static dyn Kind, whole: bool) -> Json {
    let mut schema = kind.inputs().clone();
    if let Some(map) = schema.as_object_mut() {
        map.shift_remove("$schema");
        map.shift_remove("title");
    }
    loosen(&mut schema);
    if !whole && let Some(map) = schema.as_object_mut() {
        map.shift_remove("required");
    }
    if let Some(properties) = schema.get_mut("properties").and_then(Json::as_object_mut) {
        properties.insert(
            "for_each".to_owned(),
            json!({ "type": ["object", "array", "string"],
                "description": "One resource for each entry: `${each.key}`, `${each.value}`." }),
        );
        properties.insert(
            "depends_on".to_owned(),
            json!({ "type": "array", "items": { "type": "string" },
                "description": "Addresses of resources that come first." }),
        );
        let lifecycle = closed(
            json!({
                "create_before_destroy": { "type": "boolean" },
                "prevent_destroy": { "type": "boolean" },
                "ignore_changes": { "type": "array", "items": { "type": "string" } },
            }),
            &[],
        );
        properties.insert("lifecycle".to_owned(), lifecycle);
    }
    schema
}

/// A reference may stand for a value of any type.
fn loosen(schema: &mut Json) {
    match schema {
        Json::Object(map) => {
            if let Some(properties) = map.get_mut("properties").and_then(Json::as_object_mut) {
                for property in properties.values_mut() {
                    loosen(property);
                    let takes_text = crate::schema::types::Types::of(property)
                        .intersects(crate::schema::types::Types::STRING);
                    let constrained =
                        ["pattern", "enum", "oneOf", "maxLength"].iter().any(|k| property.get(*k).is_some());
                    if !takes_text || constrained {
                        let description = property.get("description").cloned();
                        let inner = property.take();
                        *property = json!({ "anyOf": [inner, { "type": "string", "pattern": "\\$\\{" }] });
                        if let Some(description) = description {
                            property["description"] = description;
                        }
                    }
                }
            }
            for (key, value) in map.iter_mut() {
                if key != "properties" && key != "default" {
                    loosen(value);
                }
            }
        }
        Json::Array(items) => items.iter_mut().for_each(loosen),
        _ => {}
    }
}

fn closed(properties: Json, required: &[&str]) -> Json {
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}
