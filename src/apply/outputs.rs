use super::schedule::Run;
use crate::address::Address;
use crate::plan::{Known, OutputChange};
use crate::schema::has_unknown;
use crate::state::{Document, Tree};
use serde_json::{Value as Json, json};
use std::collections::HashSet;

/// Takes the outputs of the plan into the state, as far as what they speak of came about. `undone` did not, or not wholly:
/// its outputs stay as they were if it is still there, and the next plan has them again.
pub(super) fn outputs(run: &Run<'_>, known: &Known, undone: &HashSet<&Address>, document: &mut Document) {
    let mut wanted = run.desired.outputs(known);
    for change in &run.plan.outputs {
        let needs = run.desired.output_needs(&change.name);
        let there = |need: &Address| document.resources.contains_key(need);
        let after = if change.after.is_null() {
            // What was to be deleted and is still there keeps its output.
            let kept = run.desired.has_output(&change.name) && !needs.is_empty() && needs.iter().all(there);
            if kept { continue } else { Json::Null }
        } else if !needs.iter().all(there) {
            Json::Null
        } else if needs.iter().any(|need| undone.contains(need)) {
            continue;
        } else if has_unknown(&change.after) {
            resolved(run, change, wanted.remove(&change.name).unwrap_or_default().0)
        } else {
            change.after.clone()
        };
        if after.is_null() {
            document.outputs.remove(&change.name);
        } else {
            document.outputs.insert(change.name.clone(), after);
        }
    }
}

/// The value that the plan could not know, as the state has it.
fn resolved(run: &Run<'_>, change: &OutputChange, value: Json) -> Json {
    let schema = json!({ "x-sensitive": change.sensitive });
    run.digest.record(&Tree::Output(&change.name), &schema, &value, &change.before)
}
