//! Kinds that exist only on paper, and the shortest ways to a stack and to its mistakes.

use futures::future::BoxFuture;
use serde_json::{Value as Json, json};
use stackctl::cloud::Cloud;
use stackctl::config::{Options, Source, Stack, parse};
use stackctl::diagnostic::Diagnostics;
use stackctl::error::{Error, Result};
use stackctl::resource::{Create, Id, Kind, Observed, Owner, Profile};
use std::collections::HashMap;
use std::sync::LazyLock;

struct Paper {
    name: &'static str,
    inputs: Json,
    outputs: Json,
}

fn never<'a, T>() -> BoxFuture<'a, Result<T>> {
    Box::pin(async { Err(Error::Refused("this kind exists only on paper".into())) })
}

impl Kind for Paper {
    fn name(&self) -> &'static str {
        self.name
    }
    fn profile(&self) -> &Profile {
        const { &Profile::INSTANT }
    }
    fn inputs(&self) -> &Json {
        &self.inputs
    }
    fn outputs(&self) -> &Json {
        &self.outputs
    }
    fn check(&self, inputs: &Json) -> Vec<(String, String)> {
        match inputs["fifo"] == json!(true) && inputs["name"].as_str().is_some_and(|n| !n.ends_with(".fifo"))
        {
            true => vec![("name".into(), "a FIFO queue is named `….fifo`; append `.fifo`".into())],
            false => vec![],
        }
    }
    fn create<'a>(&'a self, _: &'a Create<'a>, _: Json) -> BoxFuture<'a, Result<Id>> {
        never()
    }
    fn find<'a>(&'a self, _: &'a Cloud, _: &'a Owner, _: Json) -> BoxFuture<'a, Result<Option<Id>>> {
        never()
    }
    fn read<'a>(&'a self, _: &'a Cloud, _: &'a [Id]) -> BoxFuture<'a, Result<HashMap<Id, Observed>>> {
        never()
    }
    fn update<'a>(&'a self, _: &'a Cloud, _: &'a Id, _: Json, _: Json) -> BoxFuture<'a, Result<()>> {
        never()
    }
    fn delete<'a>(&'a self, _: &'a Cloud, _: &'a Id, _: Observed) -> BoxFuture<'a, Result<()>> {
        never()
    }
}

fn object(properties: Json, required: &[&str]) -> Json {
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

static KINDS: LazyLock<Vec<Paper>> = LazyLock::new(|| {
    let tags = json!({ "type": "object", "additionalProperties": { "type": "string" }, "default": {} });
    let text = json!({ "type": "string" });
    vec![
        Paper {
            name: "vpc",
            inputs: object(
                json!({ "cidr_block": text, "dns": { "type": "boolean", "default": true }, "tags": tags }),
                &["cidr_block"],
            ),
            outputs: object(json!({ "arn": text, "zones": { "type": "array", "items": text } }), &[]),
        },
        Paper {
            name: "subnet",
            inputs: object(
                json!({
                    "vpc_id": { "type": "string", "x-ref": "vpc.id" },
                    "cidr_block": { "type": "string", "pattern": r"^\d+\.\d+\.\d+\.\d+/\d+$", "examples": ["10.0.1.0/24"] },
                    "availability_zone": { "type": ["string", "null"] },
                    "tags": tags,
                }),
                &["vpc_id", "cidr_block"],
            ),
            outputs: object(json!({ "arn": text }), &[]),
        },
        Paper {
            name: "bucket",
            inputs: object(
                json!({
                    "name": { "type": ["string", "null"], "minLength": 3, "maxLength": 63 },
                    "versioning": { "type": "boolean", "default": false },
                    "lifecycle_rules": { "type": "array", "items": object(json!({
                        "prefix": text,
                        "expire_days": { "type": "integer", "minimum": 1 },
                    }), &[]) },
                    "policy": { "x-policy": true },
                    "tags": tags,
                }),
                &[],
            ),
            outputs: object(json!({ "arn": text }), &[]),
        },
        Paper {
            name: "queue",
            inputs: object(
                json!({
                    "name": { "type": ["string", "null"] },
                    "fifo": { "type": "boolean", "default": false },
                    "visibility_timeout": { "type": "integer", "minimum": 0, "maximum": 43200, "default": 30 },
                    "dead_letter": { "type": ["string", "null"], "x-ref": "queue.arn" },
                    "tags": tags,
                }),
                &[],
            ),
            outputs: object(json!({ "arn": text, "url": text }), &[]),
        },
        Paper {
            name: "database",
            inputs: object(
                json!({
                    "class": { "enum": ["db.t4g.micro", "db.t4g.small"] },
                    "storage": { "type": "integer", "minimum": 20 },
                    "ratio": { "type": "number" },
                    "subnet_ids": { "type": "array", "items": text, "uniqueItems": true, "x-ref": "subnet.id" },
                    "password": { "type": ["string", "null"], "x-sensitive": true },
                    "environment": { "type": "object", "additionalProperties": text },
                    "tags": tags,
                }),
                &["class"],
            ),
            outputs: object(
                json!({
                    "endpoint": object(json!({ "host": text, "port": { "type": "integer" } }), &[]),
                    "secret": { "type": "string", "x-sensitive": true },
                }),
                &[],
            ),
        },
    ]
});

pub fn kinds() -> Vec<&'static dyn Kind> {
    KINDS.iter().map(|kind| kind as &'static dyn Kind).collect()
}

pub const HEAD: &str = "[stack]\nname = \"loans\"\nregion = \"eu-west-1\"\n";

/// The stack after [`HEAD`], or why there is none.
pub fn read(text: &str, options: &Options) -> Result<Stack, Diagnostics> {
    parse(Source::new("stack.toml", format!("{HEAD}{text}")), options, &kinds())
}

pub fn stack(text: &str) -> Stack {
    read(text, &Options::default()).unwrap_or_else(|found| panic!("{}", found.render(100, false)))
}

/// One line for each mistake: line and column after [`HEAD`], code, message, remedy. Every mistake has a remedy and,
/// if it stands in the file, a label.
pub fn mistakes_with(text: &str, options: &Options) -> String {
    let found = read(text, options).expect_err("no mistake found");
    let head = HEAD.lines().count();
    let lines = found.iter().map(|d| {
        assert!(!d.help.is_empty() && d.code.starts_with("stackctl::"), "{d:?}");
        let source = d.source.as_ref().unwrap();
        let place = d.labels.first().map(|label| source.position(label.span.start));
        let place = place.map(|(line, column)| format!("{}:{column}", line as isize - head as isize));
        let code = d.code.trim_start_matches("stackctl::");
        format!("{} {code}: {d}. {}", place.unwrap_or_else(|| "-".into()), d.help)
    });
    lines.collect::<Vec<_>>().join("\n")
}

pub fn mistakes(text: &str) -> String {
    mistakes_with(text, &Options::default())
}

pub fn set(pairs: &[(&str, &str)]) -> Options {
    let set = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Options { set, ..Options::default() }
}

pub fn target(name: &str) -> Options {
    Options { target: Some(name.to_owned()), ..Options::default() }
}
