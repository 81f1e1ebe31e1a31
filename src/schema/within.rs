//! `x-within`: an attribute whose objects lie in one place, such as a VPC, and what AWS does when that place changes.
//!
//! | | |
//! |---|---|
//! | `place` | the attribute, of the object and of what it names, that tells the place: `vpc_id` |
//! | `replaces` | `"elsewhere"`: AWS cannot take the object to another place; `"here"`: to another place only. Without it the object follows |
//! | `while` | other attributes with the values that they must have for the object to be taken elsewhere |
//! | `why` | what AWS does not do, for the plan |
//! | `why_not` | the same, where `while` does not hold |

use super::properties;
use crate::diff::canonical;
use serde_json::Value as Json;

/// The keyword on one attribute.
#[derive(Debug, Clone, Copy)]
pub struct Within<'a>(&'a Json);

/// A change of place that no update brings about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaces {
    Elsewhere,
    Here,
    Never,
}

/// The top-level attributes of a kind that carry it.
pub fn attributes(schema: &Json) -> impl Iterator<Item = (&str, Within<'_>)> {
    let all = properties(schema).into_iter().flatten();
    all.filter_map(|(name, sub)| Some((name.as_str(), Within::of(sub)?)))
}

impl<'a> Within<'a> {
    pub fn of(schema: &'a Json) -> Option<Self> {
        schema.get("x-within").map(Self)
    }

    pub fn place(self) -> &'a str {
        self.text("place")
    }

    pub fn why(self) -> &'a str {
        self.text("why")
    }

    pub fn why_not(self) -> &'a str {
        self.text("why_not")
    }

    pub fn replaces(self) -> Replaces {
        match self.text("replaces") {
            "elsewhere" => Replaces::Elsewhere,
            "here" => Replaces::Here,
            _ => Replaces::Never,
        }
    }

    /// Whether AWS takes an object that is as `inputs` say elsewhere.
    pub fn can_leave(self, schema: &Json, inputs: &Json) -> bool {
        let conditions = self.0.get("while").and_then(Json::as_object);
        conditions.into_iter().flatten().all(|(name, wanted)| {
            let schema = properties(schema).and_then(|all| all.get(name)).unwrap_or(&Json::Null);
            let there = inputs.get(name).unwrap_or(&Json::Null);
            canonical(schema, there) == canonical(schema, wanted)
        })
    }

    fn text(self, name: &str) -> &'a str {
        self.0.get(name).and_then(Json::as_str).unwrap_or_default()
    }
}
