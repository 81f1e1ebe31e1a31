//! What stackctl itself needs, whatever the stack.

use super::arn::Scene;
use super::need::{By, Need};
use super::purpose::Verb;
use crate::cloud::naming;
use crate::config::BucketPlace;

/// `place` is the stack's `state`: a folder, or `s3://BUCKET/KEY`.
pub fn needs(scene: &Scene, place: &str, target: Option<&str>) -> Vec<Need> {
    let need = |action: &'static str, resource: String, verb: Verb| Need {
        action,
        resource,
        condition: None,
        by: By { address: None, verb, along: None },
    };
    let mut needs = vec![need("sts:GetCallerIdentity", "*".to_owned(), Verb::Read)];
    let Some(Ok(place)) = BucketPlace::parse(place) else { return needs };
    let BucketPlace { bucket, key, kms_key, .. } = place;
    let key = match target {
        Some(target) => format!("{}.{target}.json", key.strip_suffix(".json").unwrap_or(&key)),
        None => key,
    };
    let start = naming::bucket_arn(&scene.region, &bucket);
    // The state, and beside it `.lock` and `.journal`: whoever plans takes the lock and settles what a dead run left.
    let all = format!("{start}/{key}*");
    for action in ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:GetObjectVersion"] {
        needs.push(need(action, all.clone(), Verb::Read));
    }
    // Without ListBucket a missing state is an "access denied".
    for action in ["s3:ListBucket", "s3:ListBucketVersions"] {
        needs.push(need(action, start.clone(), Verb::Read));
    }
    // By its alias or its id alone nobody says whose key it is.
    for key in kms_key.into_iter().filter(|key| key.starts_with("arn:")) {
        for action in ["kms:Decrypt", "kms:GenerateDataKey"] {
            needs.push(need(action, key.clone(), Verb::Read));
        }
    }
    needs
}
