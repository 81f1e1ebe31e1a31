//! What stackctl itself needs, whatever the stack.

use super::arn::Scene;
use super::need::{By, Need};
use super::purpose::Verb;
use crate::cloud::naming;

/// `place` is the stack's `state`: a folder, or `s3://BUCKET/KEY`.
pub fn needs(scene: &Scene, place: &str, target: Option<&str>) -> Vec<Need> {
    let need = |action: &'static str, resource: String, verb: Verb| Need {
        action,
        resource,
        condition: None,
        by: By { address: None, verb, along: None },
    };
    let mut needs = vec![need("sts:GetCallerIdentity", "*".to_owned(), Verb::Read)];
    let Some((bucket, key)) = place.strip_prefix("s3://").and_then(|place| place.split_once('/')) else {
        return needs;
    };
    let key = match target {
        Some(target) => format!("{}.{target}.json", key.strip_suffix(".json").unwrap_or(key)),
        None => key.to_owned(),
    };
    let partition = naming::partition(&scene.region);
    let start = format!("arn:{partition}:s3:::{bucket}");
    // The state, and beside it `.lock` and `.journal`: whoever plans takes the lock and settles what a dead run left.
    let all = format!("{start}/{key}*");
    for action in ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:GetObjectVersion"] {
        needs.push(need(action, all.clone(), Verb::Read));
    }
    // Without ListBucket a missing state is an "access denied".
    for action in ["s3:ListBucket", "s3:ListBucketVersions"] {
        needs.push(need(action, start.clone(), Verb::Read));
    }
    needs
}
