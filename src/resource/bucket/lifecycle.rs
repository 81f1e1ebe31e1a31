//! Lifecycle rules. The bucket-wide end of incomplete uploads is one of them in S3, under an id of ours.

use super::{Id, Inputs};
use crate::cloud::{Cloud, Gone, aws, built};
use crate::error::Result;
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, ExpirationStatus, LifecycleExpiration, LifecycleRule,
    LifecycleRuleFilter, NoncurrentVersionExpiration, Transition as S3Transition, TransitionStorageClass,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// The rule that `abort_incomplete_multipart_days` makes.
const ABORT: &str = "stackctl-abort-incomplete-multipart";
const NONE: &[&str] = &["NoSuchLifecycleConfiguration"];

/// What happens to the objects under a prefix as they grow old. At least one of the ends must be given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Name of the rule, unique in the bucket.
    #[schemars(length(min = 1, max = 255))]
    pub id: String,
    /// Start of the keys that the rule is about; all objects when unset.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub prefix: Option<String>,
    /// Days after which an object expires. In a versioned bucket its last version stays, as a noncurrent one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub expiration_days: Option<u32>,
    /// Days after which a version that is no longer the current one is deleted for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub noncurrent_expiration_days: Option<u32>,
    /// Moves to cheaper storage.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1), extend("x-set" = true))]
    pub transitions: Option<Vec<Transition>>,
    /// Days after which an upload in parts under the prefix that was never completed is thrown away.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub abort_incomplete_multipart_days: Option<u32>,
}

/// A move to another storage class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// Days after the object was made; at least 30 for `STANDARD_IA` and `ONEZONE_IA`.
    pub days: u32,
    /// Where it goes.
    #[schemars(extend("enum" = ["STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER",
        "DEEP_ARCHIVE"]))]
    pub storage_class: String,
}

/// Days until incomplete uploads end (0: never), and the user's rules by id.
pub(super) async fn read(cloud: &Cloud, id: &Id) -> Result<(u32, Vec<Rule>)> {
    let call = cloud.s3().get_bucket_lifecycle_configuration().bucket(&id.0);
    let found = call.send().await.map_err(aws("s3:GetBucketLifecycleConfiguration")).gone(NONE)?;
    let rules = found.and_then(|found| found.rules).unwrap_or_default();
    let mut rules = rules.into_iter().map(told).collect::<Result<Vec<Rule>>>()?;
    let own = rules.iter().position(|rule| rule.id == ABORT).map(|at| rules.remove(at));
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    Ok((own.and_then(|rule| rule.abort_incomplete_multipart_days).unwrap_or(0), rules))
}

/// Always the whole configuration, since S3 keeps nothing of the one before.
pub(super) async fn update(cloud: &Cloud, id: &Id, before: &Inputs, after: &Inputs) -> Result<()> {
    let (there, wanted) = (rules(before), rules(after));
    if there == wanted {
        return Ok(());
    }
    if wanted.is_empty() {
        let call = cloud.s3().delete_bucket_lifecycle().bucket(&id.0);
        return call.send().await.map_err(aws("s3:DeleteBucketLifecycle")).gone(NONE).map(|_| ());
    }
    let rules = wanted.into_iter().map(to_s3).collect::<Result<Vec<_>>>()?;
    let configuration = built(BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build())?;
    // Stands beside the rules, and is not asked for here: it stays as it is.
    let call = cloud.s3().get_bucket_lifecycle_configuration().bucket(&id.0);
    let found = call.send().await.map_err(aws("s3:GetBucketLifecycleConfiguration")).gone(NONE)?;
    let smallest = found.and_then(|found| found.transition_default_minimum_object_size);
    let call = cloud.s3().put_bucket_lifecycle_configuration().bucket(&id.0);
    let call = call.lifecycle_configuration(configuration).set_transition_default_minimum_object_size(smallest);
    call.send().await.map_err(aws("s3:PutBucketLifecycleConfiguration")).map(|_| ())
}

/// All rules that S3 shall have, in one order.
fn rules(inputs: &Inputs) -> Vec<Rule> {
    let mut rules = inputs.lifecycle_rules.clone();
    for rule in &mut rules {
        if let Some(transitions) = &mut rule.transitions {
            transitions.sort_by(|a, b| (a.days, &a.storage_class).cmp(&(b.days, &b.storage_class)));
        }
    }
    if inputs.abort_incomplete_multipart_days > 0 {
        rules.push(Rule {
            id: ABORT.to_owned(),
            prefix: None,
            expiration_days: None,
            noncurrent_expiration_days: None,
            transitions: None,
            abort_incomplete_multipart_days: Some(inputs.abort_incomplete_multipart_days),
        });
    }
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    rules
}

fn days(days: Option<i32>) -> Option<u32> {
    days.and_then(|days| u32::try_from(days).ok())
}

/// The rule in our terms. One that has more than they can say (tags, sizes, dates) is not the wanted one, whatever its id: it would
/// be overwritten without a word.
fn told(rule: LifecycleRule) -> Result<Rule> {
    let plain = plain(rule.clone());
    let told = from_s3(rule);
    if plain.status != ExpirationStatus::Enabled || to_s3(told.clone())? == plain {
        return Ok(told);
    }
    Ok(Rule { id: format!("{} (with more than stackctl knows)", told.id), ..told })
}

/// As S3 would have it from us, where it means the same.
fn plain(mut rule: LifecycleRule) -> LifecycleRule {
    #[expect(deprecated, reason = "rules from before filters have their prefix here")]
    let legacy = rule.prefix.take();
    let mut filter = rule.filter.take().unwrap_or_else(|| LifecycleRuleFilter::builder().build());
    if let Some(and) = &filter.and
        && and.tags().is_empty()
        && and.object_size_greater_than.is_none()
        && and.object_size_less_than.is_none()
    {
        filter.prefix = filter.and.take().and_then(|and| and.prefix);
    }
    // S3 wants a filter also where the rule is about everything.
    filter.prefix = Some(filter.prefix.or(legacy).unwrap_or_default());
    rule.filter = Some(filter);
    if let Some(end) = &mut rule.expiration
        && end.expired_object_delete_marker == Some(false)
    {
        end.expired_object_delete_marker = None;
    }
    rule.transitions = rule.transitions.filter(|all| !all.is_empty());
    rule.noncurrent_version_transitions = rule.noncurrent_version_transitions.filter(|all| !all.is_empty());
    rule
}

fn from_s3(rule: LifecycleRule) -> Rule {
    #[expect(deprecated, reason = "rules from before filters have their prefix here")]
    let legacy = rule.prefix;
    let filter = rule.filter.and_then(|filter| filter.prefix.or_else(|| filter.and?.prefix));
    let transitions: Vec<Transition> = rule
        .transitions
        .unwrap_or_default()
        .into_iter()
        .filter_map(|to| Some(Transition { days: days(to.days)?, storage_class: to.storage_class?.as_str().to_owned() }))
        .collect();
    Rule {
        // A rule that somebody switched off is not the wanted one.
        id: match rule.status {
            ExpirationStatus::Enabled => rule.id.unwrap_or_default(),
            other => format!("{} ({})", rule.id.unwrap_or_default(), other.as_str().to_lowercase()),
        },
        prefix: filter.or(legacy).filter(|prefix| !prefix.is_empty()),
        expiration_days: days(rule.expiration.and_then(|end| end.days)),
        noncurrent_expiration_days: days(rule.noncurrent_version_expiration.and_then(|end| end.noncurrent_days)),
        transitions: (!transitions.is_empty()).then_some(transitions),
        abort_incomplete_multipart_days: days(
            rule.abort_incomplete_multipart_upload.and_then(|end| end.days_after_initiation),
        ),
    }
}

fn to_s3(rule: Rule) -> Result<LifecycleRule> {
    let transitions = rule.transitions.map(|all| {
        let to_s3 = |to: Transition| {
            let class = TransitionStorageClass::from(to.storage_class.as_str());
            S3Transition::builder().days(to.days.cast_signed()).storage_class(class).build()
        };
        all.into_iter().map(to_s3).collect()
    });
    let expiration = rule.expiration_days.map(|days| LifecycleExpiration::builder().days(days.cast_signed()).build());
    let noncurrent = rule
        .noncurrent_expiration_days
        .map(|days| NoncurrentVersionExpiration::builder().noncurrent_days(days.cast_signed()).build());
    let abort = rule.abort_incomplete_multipart_days.map(|days| {
        AbortIncompleteMultipartUpload::builder().days_after_initiation(days.cast_signed()).build()
    });
    built(
        LifecycleRule::builder()
            .id(rule.id)
            .status(ExpirationStatus::Enabled)
            // S3 wants a filter also where the rule is about everything.
            .filter(LifecycleRuleFilter::builder().prefix(rule.prefix.unwrap_or_default()).build())
            .set_transitions(transitions)
            .set_expiration(expiration)
            .set_noncurrent_version_expiration(noncurrent)
            .set_abort_incomplete_multipart_upload(abort)
            .build(),
    )
}

pub(super) fn check(rules: &Json) -> Vec<(String, String)> {
    let ends =
        ["expiration_days", "noncurrent_expiration_days", "transitions", "abort_incomplete_multipart_days"];
    let rules = rules.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut complaints = vec![];
    for (at, rule) in rules.iter().enumerate() {
        let mut complain =
            |name: &str, text: String| complaints.push((format!("lifecycle_rules.{at}{name}"), text));
        if ends.iter().all(|end| rule.get(end).is_none_or(Json::is_null)) {
            complain("", format!("does nothing: give it one of {}", ends.join(", ")));
        }
        if rule["id"] == ABORT {
            complain(".id", "is the id of `abort_incomplete_multipart_days`: choose another".to_owned());
        }
        if rule["id"].is_string() && rules[..at].iter().any(|other| other["id"] == rule["id"]) {
            complain(".id", "names two rules: choose another for one of them".to_owned());
        }
        for (step, to) in rule["transitions"].as_array().into_iter().flatten().enumerate() {
            let infrequent = to["storage_class"].as_str().is_some_and(|class| class.ends_with("_IA"));
            if infrequent && to["days"].as_u64().is_some_and(|days| days < 30) {
                let text = "S3 moves objects to infrequent access after 30 days at the earliest: raise `days`";
                complain(&format!(".transitions.{step}.days"), text.to_owned());
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rules_come_back_as_they_went() {
        let rule: Rule = serde_json::from_value(json!({"id": "old", "prefix": "raw/", "expiration_days": 90,
            "noncurrent_expiration_days": 7, "transitions": [{"days": 30, "storage_class": "STANDARD_IA"}]}))
        .unwrap();
        assert_eq!(from_s3(to_s3(rule.clone()).unwrap()), rule);
        let all: Rule = serde_json::from_value(json!({"id": "all", "expiration_days": 1})).unwrap();
        assert_eq!(from_s3(to_s3(all.clone()).unwrap()), all);
    }

    #[test]
    fn the_own_rule_is_one_of_them() {
        let inputs: Inputs = serde_json::from_value(json!({"lifecycle_rules": [{"id": "z", "expiration_days": 1}]})).unwrap();
        let ids: Vec<String> = rules(&inputs).into_iter().map(|rule| rule.id).collect();
        assert_eq!(ids, [ABORT, "z"]);
    }

    #[test]
    fn useless_and_doubled_rules_are_refused() {
        let rules = json!([{"id": "a"}, {"id": "a", "expiration_days": 1},
            {"id": "b", "transitions": [{"days": 7, "storage_class": "STANDARD_IA"}]}]);
        let paths: Vec<String> = check(&rules).into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["lifecycle_rules.0", "lifecycle_rules.1.id", "lifecycle_rules.2.transitions.0.days"]);
    }
}
