//! What the engine reads from a kind's JSON Schema. Beside the standard keywords these are known:
//!
//! | keyword | on | meaning |
//! |---|---|---|
//! | `x-replace` | input | a change replaces the object; `"sort"`: one from or to unset does, another value goes in place |
//! | `x-renames` | input | a change gives the object another id in place, which is this attribute |
//! | `x-rises` | input | a version or a size that only rises: what is there and is more is what is wanted, see [`rise`] |
//! | `x-interrupts` | input | a change in place interrupts the service; the text says how |
//! | `x-computed` | input | AWS fills it in when unset: unset is "no opinion", never a difference |
//! | `x-key` | input | a KMS key, whose spellings (id, alias, ARN) are one, see [`key`] |
//! | `x-light` | input | AWS makes a change with the call itself and the object stays as it is: nothing else is waited for |
//! | `x-local` | input | no AWS object has it; never compared with what is observed, never a change by itself |
//! | `x-write-only` | input | AWS never returns it; compared with the state, not with what is observed |
//! | `x-silent` | input | a read may have to leave it out; then it counts as recorded |
//! | `x-sensitive` | both | never shown or stored: a digest stands in |
//! | `x-set` | input | an array whose order means nothing |
//! | `x-policy` | input | an IAM policy document: a TOML table, compared by meaning |
//! | `x-ref` | input | which output fits here: `"vpc.id"`, or a list of such |
//! | `x-asks` | input | what the block that it names must say: `{"of": "generate.length", "most": 128, "why": "…"}` |
//! | `x-fact` | input | AWS has a list of what fits here: the name of a table of [`crate::facts`] |
//! | `x-identity` | input | which object another attribute names, beside its name: `{"of": "role", "output": "unique_id"}`. Filled in; unset is no opinion |
//! | `x-inside` | input | a network that lies in that of what `of` names: `{"of": "vpc_id", "is": "cidr_block"}` |
//! | `x-within` | input | what it names lies in one place with all else of the block: `{"place": "vpc_id", "replaces": "elsewhere", "why": "…"}`, see [`within`] |
//! | `x-seat` | input | the object sits in one of the members of what it names, which must stay: the one whose attribute `by` is among its own output `own`: `{"members": "subnet_ids", "own": "availability_zones", "by": "availability_zone", "why": "…"}` |
//! | `x-holds` | input | AWS does not let go what it names as long as it is named |
//! | `x-unique` | input | no two objects of the kind agree in all attributes that have it: `true`, `"network"` for networks that overlap, `"each"` for lists with an element in common, `"successor"` for equal between the old and the new of a replacement only |
//! | `x-name` | input | the physical name: `{"max": 63, "global": true, "underscores": true, "single": true}` (no two hyphens in a row); derived from the address when unset |
//! | `x-trust` | input | a service that may assume the role: the same as a policy in the attribute that the text names |
//! | `x-traffic` | input | rules of a firewall: `ingress` or `egress`, or of a route table: `route`; on all inputs of a kind that is one rule, the attribute that says which |
//! | `x-widens` | input | a table from a value, or from an element of a list, to what it lets through, in words |
//! | `x-fingerprint` | input | filled in with a digest of the attributes that the list names |
//! | `x-package` | input | a crate to build; fills in the sibling attributes `artifact` and `code_sha256` |
//! | `x-volatile` | output | an update makes it unknown; a list names the inputs whose change does |

pub mod bond;
pub mod defaults;
pub mod fingerprint;
pub mod identity;
pub mod key;
pub mod policy;
mod problem;
mod remedy;
pub mod rise;
pub mod suggest;
pub mod tree;
pub mod types;
pub mod unique;
pub mod validate;
pub mod within;

pub use problem::{On, Problem};

use serde_json::Value as Json;

/// Every keyword of ours. A test walks all kinds for others.
pub const KEYWORDS: &[&str] = &[
    "x-asks",
    "x-computed",
    "x-fact",
    "x-fingerprint",
    "x-holds",
    "x-identity",
    "x-inside",
    "x-interrupts",
    "x-key",
    "x-light",
    "x-local",
    "x-name",
    "x-package",
    "x-policy",
    "x-ref",
    "x-renames",
    "x-replace",
    "x-rises",
    "x-seat",
    "x-sensitive",
    "x-set",
    "x-silent",
    "x-traffic",
    "x-trust",
    "x-unique",
    "x-volatile",
    "x-widens",
    "x-within",
    "x-write-only",
];

/// Whether the schema of an attribute carries a boolean keyword.
pub fn is(schema: &Json, keyword: &str) -> bool {
    schema.get(keyword) == Some(&Json::Bool(true))
}

/// The properties of an object schema, also where `Option<Struct>` wraps it in `anyOf`.
pub fn properties(schema: &Json) -> Option<&serde_json::Map<String, Json>> {
    schema.get("properties").and_then(Json::as_object).or_else(|| {
        schema.get("anyOf")?.as_array()?.iter().find_map(|option| option.get("properties")?.as_object())
    })
}

/// A value that is not known before apply: `{"$unknown": "vpc.main.id"}`.
pub fn unknown(reference: &str) -> Json {
    serde_json::json!({ "$unknown": reference })
}

/// The reference that an unknown value waits for.
pub fn as_unknown(value: &Json) -> Option<&str> {
    let object = value.as_object()?;
    if object.len() == 1 { object.get("$unknown")?.as_str() } else { None }
}

/// Whether an unknown value stands anywhere inside.
pub fn has_unknown(value: &Json) -> bool {
    find_unknown(value).is_some()
}

/// The reference that the first unknown value inside waits for.
pub fn find_unknown(value: &Json) -> Option<&str> {
    as_unknown(value).or_else(|| match value {
        Json::Array(items) => items.iter().find_map(find_unknown),
        Json::Object(map) => map.values().find_map(find_unknown),
        _ => None,
    })
}
