use crate::desired::Desired;
use crate::plan::Known;
use crate::state::{Digest, Document, Job, Tree};
use serde_json::Value as Json;

/// The secrets whose digests a plan compares: they are known before anything is read.
pub fn secrets(digest: &Digest, desired: &Desired, document: &Document) -> Vec<Job> {
    let known = Known::default();
    let null = Json::Null;
    let mut jobs = vec![];
    for address in desired.order() {
        let recorded = document.resources.get(address).map_or(&null, |record| &record.inputs);
        let inputs = desired.inputs(address, &known);
        jobs.extend(digest.jobs(&Tree::Inputs(address), desired.kind(address).inputs(), &inputs, recorded));
    }
    for (name, (value, _)) in desired.outputs(&known).into_iter().filter(|(_, (_, sensitive))| *sensitive) {
        let recorded = document.outputs.get(&name).unwrap_or(&null);
        let schema = serde_json::json!({ "x-sensitive": true });
        jobs.extend(digest.jobs(&Tree::Output(&name), &schema, &value, recorded));
    }
    jobs
}
