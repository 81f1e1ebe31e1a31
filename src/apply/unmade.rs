//! What the state says of an object whose change did not come about, or came about by another hand.

use crate::diff::may_be_silent;
use crate::schema::{is, properties};
use serde_json::{Map, Value as Json};

/// The inputs to record after an update that failed. A read does not tell of everything whether it was made, and what it is
/// silent about is taken from here: so all stays as it was, and the next apply calls again. What no object has (`x-local`)
/// goes by the block in any case.
pub(super) fn unmade(schema: &Json, recorded: &Json, wanted: &Json) -> Json {
    let mut out = recorded.as_object().cloned().unwrap_or_default();
    for (name, _) in properties(schema).into_iter().flatten().filter(|(_, sub)| is(sub, "x-local")) {
        match wanted.get(name) {
            Some(value) => out.insert(name.clone(), value.clone()),
            None => out.shift_remove(name),
        };
    }
    Json::Object(out)
}

/// `wanted` without what a read may be silent about: of an object that another create made, nothing else is known.
pub(super) fn told(schema: &Json, wanted: &Json) -> Json {
    let (Some(known), Json::Object(wanted)) = (properties(schema), wanted) else { return wanted.clone() };
    let told = wanted.iter().filter_map(|(name, value)| {
        let Some(sub) = known.get(name) else { return Some((name.clone(), value.clone())) };
        if may_be_silent(sub) {
            return None;
        }
        let value = if properties(sub).is_some() { told(sub, value) } else { value.clone() };
        Some((name.clone(), value))
    });
    Json::Object(told.collect::<Map<_, _>>())
}

/// What `recorded` has of the attributes that a read may be silent about, in place of what `wanted` has at `name`: the block
/// leaves them as they are.
pub(super) fn left(schema: &Json, recorded: &Json, wanted: &mut Json, name: &str) {
    let silent = properties(schema).and_then(|known| known.get(name)).is_some_and(may_be_silent);
    if let (true, Some(map)) = (silent, wanted.as_object_mut()) {
        map.insert(name.to_owned(), recorded.get(name).cloned().unwrap_or(Json::Null));
    }
}
