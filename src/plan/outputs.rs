use super::build::Inputs;
use super::{Known, OutputChange};
use crate::state::{DIGEST_PREFIX, Tree, is_digest};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

/// What becomes of `[outputs]`. `known` has whatever is there afterwards and nothing else: what is chosen as it will be,
/// what is left alone as it is recorded.
///
/// An output is there exactly as long as all that it speaks of is. So a part of a plan changes the outputs of that part
/// and of nothing else, and an output that went with its resource comes back with it.
pub(super) fn outputs(inputs: &Inputs<'_>, known: &Known) -> Vec<OutputChange> {
    let before = &inputs.state.outputs;
    let part = inputs.destroy && !known.is_empty();
    let mut after: BTreeMap<String, (Json, bool)> = BTreeMap::new();
    // Before the first apply, a stack without resources has its outputs all the same; a stack that is destroyed has none.
    if !inputs.destroy || part {
        for (name, (value, sensitive)) in inputs.desired.outputs(known) {
            if inputs.desired.output_needs(&name).iter().all(|need| known.contains(need)) {
                let schema = json!({ "x-sensitive": sensitive });
                let value = match before.get(&name) {
                    // A secret of what is left alone is known as its digest, of which nothing can be composed.
                    recorded if composed(&value) => recorded.cloned().unwrap_or_default(),
                    recorded => {
                        let recorded = recorded.unwrap_or(&Json::Null);
                        inputs.digest.redact(&Tree::Output(&name), &schema, &value, recorded)
                    }
                };
                after.insert(name, (value, sensitive));
            }
        }
    }
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changes = names.into_iter().filter_map(|name| {
        // What an output of an older `stack.toml` speaks of is not recorded: it goes with the next apply.
        if part && !inputs.desired.has_output(name) {
            return None;
        }
        let (after, sensitive) = after.get(name).cloned().unwrap_or((Json::Null, false));
        let before = before.get(name).cloned().unwrap_or(Json::Null);
        (before != after).then(|| OutputChange { name: name.clone(), before, after, sensitive })
    });
    changes.collect()
}

/// Whether something that is not known but by its digest is a part of it.
fn composed(value: &Json) -> bool {
    match value {
        Json::String(text) => text.contains(DIGEST_PREFIX) && !is_digest(value),
        other => other.to_string().contains(DIGEST_PREFIX),
    }
}
