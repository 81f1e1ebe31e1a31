//! `[athena_workgroup.NAME]`: where Athena's queries run, where their results go, and what they may cost.

mod rules;

use super::taken::taken;
use super::{Actions, Change, Create, Holds, Id, Live, Owner, Profile, Resource, Status, Wait, Permit};
use crate::cloud::{Cloud, Gone, aws, built, naming, tags};
use crate::error::{Error, Result};
use aws_sdk_athena::types::{
    EncryptionConfiguration, EncryptionOption, EngineVersion, ResultConfiguration, ResultConfigurationUpdates, Tag,
    WorkGroup, WorkGroupConfiguration, WorkGroupConfigurationUpdates, WorkGroupState,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

pub struct AthenaWorkgroup;

/// A workgroup of Athena: where the results of its queries go, and how much a query may read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// Name of the workgroup; from stack and address when unset.
    #[schemars(
        length(min = 1, max = 128),
        regex(pattern = r"^[A-Za-z0-9._-]+$"),
        extend("x-replace" = true, "x-name" = {"max": 128}, "examples" = ["loans"])
    )]
    pub name: Option<String>,
    /// Who queries what.
    #[schemars(length(min = 1, max = 1024))]
    pub description: Option<String>,
    /// Where results go, as in `s3://bucket/athena/`; unset, each query has to say it.
    #[schemars(length(max = 1024), regex(pattern = r"^s3://"), extend("examples" = ["s3://bucket/athena/"]))]
    pub output_location: Option<String>,
    /// How results are encrypted; as the bucket does it by itself when unset.
    #[schemars(extend("enum" = ["SSE_S3", "SSE_KMS", "CSE_KMS", null]))]
    pub encryption: Option<String>,
    /// ARN of the key for `SSE_KMS` and `CSE_KMS`.
    #[schemars(regex(pattern = r"^arn:"), extend("x-key" = true))]
    pub kms_key: Option<String>,
    /// Account that the bucket of `output_location` has to belong to.
    #[schemars(regex(pattern = r"^[0-9]{12}$"))]
    pub expected_bucket_owner: Option<String>,
    /// These settings apply whatever a query says.
    #[serde(default = "yes")]
    pub enforce: bool,
    /// Sends metrics of its queries to CloudWatch.
    #[serde(default = "yes")]
    pub publish_metrics: bool,
    /// Bytes after which a query is cut off: a query costs by what it reads.
    #[schemars(range(min = 10_000_000))]
    pub bytes_scanned_cutoff: Option<u64>,
    /// `AUTO`, or a version such as `Athena engine version 3`.
    #[serde(default = "auto")]
    #[schemars(length(min = 1, max = 128))]
    pub engine_version: String,
    /// Queries may read buckets whose readers pay.
    #[serde(default)]
    pub requester_pays: bool,
    /// False lets it take no queries.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Deletes the workgroup with its named queries and the history of its queries; results in S3 stay.
    #[serde(default)]
    #[schemars(extend("x-local" = true))]
    pub force_destroy: bool,
    /// Tags of the workgroup.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

fn yes() -> bool {
    true
}
fn auto() -> String {
    "AUTO".to_owned()
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    pub arn: String,
    pub name: String,
}

/// Athena's one code for whatever it refuses; what is meant stands in the message.
const INVALID: &str = "InvalidRequestException";
/// Of tags.
const GONE: &[&str] = &["ResourceNotFoundException"];

const GROUP: &str = "athena:{region}:{account}:workgroup/{name}";

impl Resource for AthenaWorkgroup {
    const KIND: &'static str = "athena_workgroup";
    const PROFILE: Profile = Profile {
        create: Wait::secs(0, 1, 2, 120),
        update: Wait::secs(0, 1, 2, 120),
        delete: Wait::secs(0, 1, 2, 120),
        gone: GONE,
        fixed_name: true,
        identity: &["name"],
        actions: Actions {
            arn: GROUP,
            read: &[Permit::on(&["athena:GetWorkGroup", "athena:ListTagsForResource"], &[GROUP])],
            create: &[
                Permit::on(&["athena:CreateWorkGroup"], &[GROUP]),
                Permit::on(&["athena:TagResource"], &[GROUP]).along("CreateWorkGroup tags the workgroup"),
            ],
            update: &[Permit::on(&["athena:UpdateWorkGroup", "athena:TagResource", "athena:UntagResource"], &[GROUP])],
            delete: &[Permit::on(&["athena:DeleteWorkGroup"], &[GROUP])],
        },
        ..Profile::INSTANT
    };
    // AWS deletes none that has queries of people, unless `force_destroy` says so.
    const HOLDS: Holds = Holds::Nothing;
    type Inputs = Inputs;
    type Outputs = Outputs;

    /// It comes enabled; `update` does the rest.
    async fn create(ctx: &Create<'_>, inputs: &Inputs) -> Result<Id> {
        let name = inputs.name.clone().unwrap_or_default();
        let call = ctx
            .cloud
            .athena()
            .create_work_group()
            .name(&name)
            .set_description(inputs.description.clone())
            .configuration(configuration(inputs)?)
            .set_tags(Some(athena_tags(ctx.tags(&inputs.tags))));
        match call.send().await.map_err(aws("athena:CreateWorkGroup")) {
            // The answer to an earlier attempt may have been lost on the way.
            Err(error) if says(&error, "already") => {
                Self::find(ctx.cloud, ctx.owner, inputs).await?.ok_or_else(|| taken(&format!("an Athena workgroup named {name}"), "name"))
            }
            Err(error) => Err(error),
            Ok(_) => Ok(Id(name)),
        }
    }

    async fn find(cloud: &Cloud, owner: &Owner, inputs: &Inputs) -> Result<Option<Id>> {
        let name = inputs.name.clone().unwrap_or_default();
        if get(cloud, &name).await?.is_none() {
            return Ok(None);
        }
        let all = all_tags(cloud, &name).await?;
        Ok(all.is_some_and(|all| owner.owns(&all)).then_some(Id(name)))
    }

    async fn read(cloud: &Cloud, ids: &[Id]) -> Result<HashMap<Id, Live<Self>>> {
        super::each(cloud, ids, |id| read_one(cloud, id)).await
    }

    async fn update(cloud: &Cloud, id: &Id, change: Change<'_, Inputs>) -> Result<()> {
        let (before, after) = (change.before, change.after);
        if untagged(before) != untagged(after) {
            let call = cloud
                .athena()
                .update_work_group()
                .work_group(&id.0)
                .description(after.description.clone().unwrap_or_default())
                .configuration_updates(updates(before, after)?)
                .state(if after.enabled { WorkGroupState::Enabled } else { WorkGroupState::Disabled });
            call.send().await.map_err(aws("athena:UpdateWorkGroup"))?;
        }
        let (removed, set) = tags::changes(&before.tags, &after.tags);
        if !removed.is_empty() {
            let call = cloud.athena().untag_resource().resource_arn(arn(cloud, &id.0));
            call.set_tag_keys(Some(removed)).send().await.map_err(aws("athena:UntagResource"))?;
        }
        if !set.is_empty() {
            let call = cloud.athena().tag_resource().resource_arn(arn(cloud, &id.0));
            call.set_tags(Some(athena_tags(set))).send().await.map_err(aws("athena:TagResource"))?;
        }
        Ok(())
    }

    async fn delete(cloud: &Cloud, id: &Id, live: &Live<Self>) -> Result<()> {
        let call = cloud.athena().delete_work_group().work_group(&id.0);
        let call = call.recursive_delete_option(live.inputs.force_destroy);
        match call.send().await.map_err(aws("athena:DeleteWorkGroup")) {
            Err(error) if says(&error, "not found") => Ok(()),
            Err(error) if says(&error, "not empty") => Err(Error::Refused(format!(
                "the workgroup {id} has named queries or a history of queries: set force_destroy = true, apply, and \
                 destroy again ({error})"
            ))),
            other => other.map(drop),
        }
    }

    fn check(inputs: &serde_json::Value) -> Vec<(String, String)> {
        rules::check(inputs)
    }
}

/// Whether Athena refused for this reason.
fn says(error: &Error, reason: &str) -> bool {
    matches!(error, Error::Aws(aws) if aws.code.as_deref() == Some(INVALID) && aws.message.contains(reason))
}

fn untagged(inputs: &Inputs) -> Inputs {
    Inputs { tags: BTreeMap::new(), force_destroy: false, ..inputs.clone() }
}

fn encryption(inputs: &Inputs) -> Result<Option<EncryptionConfiguration>> {
    let configured = inputs.encryption.as_deref().map(|option| {
        let option = EncryptionConfiguration::builder().encryption_option(EncryptionOption::from(option));
        built(option.set_kms_key(inputs.kms_key.clone()).build())
    });
    configured.transpose()
}

fn cutoff(inputs: &Inputs) -> Option<i64> {
    inputs.bytes_scanned_cutoff.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX))
}

fn engine(inputs: &Inputs) -> EngineVersion {
    EngineVersion::builder().selected_engine_version(&inputs.engine_version).build()
}

fn configuration(inputs: &Inputs) -> Result<WorkGroupConfiguration> {
    let results = ResultConfiguration::builder()
        .set_output_location(inputs.output_location.clone())
        .set_encryption_configuration(encryption(inputs)?)
        .set_expected_bucket_owner(inputs.expected_bucket_owner.clone());
    let configuration = WorkGroupConfiguration::builder()
        .result_configuration(results.build())
        .enforce_work_group_configuration(inputs.enforce)
        .publish_cloud_watch_metrics_enabled(inputs.publish_metrics)
        .set_bytes_scanned_cutoff_per_query(cutoff(inputs))
        .requester_pays_enabled(inputs.requester_pays)
        .engine_version(engine(inputs));
    Ok(configuration.build())
}

/// What is unset has to be removed by name: an absent field is kept.
fn updates(before: &Inputs, after: &Inputs) -> Result<WorkGroupConfigurationUpdates> {
    fn removes<T>(before: &Option<T>, after: &Option<T>) -> Option<bool> {
        (before.is_some() && after.is_none()).then_some(true)
    }
    let results = ResultConfigurationUpdates::builder()
        .set_output_location(after.output_location.clone())
        .set_remove_output_location(removes(&before.output_location, &after.output_location))
        .set_encryption_configuration(encryption(after)?)
        .set_remove_encryption_configuration(removes(&before.encryption, &after.encryption))
        .set_expected_bucket_owner(after.expected_bucket_owner.clone())
        .set_remove_expected_bucket_owner(removes(&before.expected_bucket_owner, &after.expected_bucket_owner));
    let updates = WorkGroupConfigurationUpdates::builder()
        .result_configuration_updates(results.build())
        .enforce_work_group_configuration(after.enforce)
        .publish_cloud_watch_metrics_enabled(after.publish_metrics)
        .set_bytes_scanned_cutoff_per_query(cutoff(after))
        .set_remove_bytes_scanned_cutoff_per_query(removes(&before.bytes_scanned_cutoff, &after.bytes_scanned_cutoff))
        .requester_pays_enabled(after.requester_pays)
        .engine_version(engine(after));
    Ok(updates.build())
}

fn athena_tags(tags: BTreeMap<String, String>) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

fn arn(cloud: &Cloud, name: &str) -> String {
    let (region, account) = (&cloud.region, &cloud.account);
    format!("arn:{}:athena:{region}:{account}:workgroup/{name}", naming::partition(region))
}

async fn get(cloud: &Cloud, name: &str) -> Result<Option<WorkGroup>> {
    let call = cloud.athena().get_work_group().work_group(name);
    match call.send().await.map_err(aws("athena:GetWorkGroup")) {
        Err(error) if says(&error, "not found") => Ok(None),
        other => Ok(other?.work_group),
    }
}

async fn all_tags(cloud: &Cloud, name: &str) -> Result<Option<BTreeMap<String, String>>> {
    let call = cloud.athena().list_tags_for_resource().resource_arn(arn(cloud, name));
    let mut pages = call.into_paginator().items().send();
    let mut all = BTreeMap::new();
    while let Some(tag) = pages.next().await {
        let Some(tag) = tag.map_err(aws("athena:ListTagsForResource")).gone(GONE)? else { return Ok(None) };
        all.insert(tag.key.unwrap_or_default(), tag.value.unwrap_or_default());
    }
    Ok(Some(all))
}

async fn read_one(cloud: &Cloud, id: Id) -> Result<Option<Live<AthenaWorkgroup>>> {
    let Some(found) = get(cloud, &id.0).await? else { return Ok(None) };
    // None where it went between the two calls.
    let Some(all) = all_tags(cloud, &id.0).await? else { return Ok(None) };
    let some = |text: Option<String>| text.filter(|text| !text.is_empty());
    let configuration = found.configuration.unwrap_or_else(|| WorkGroupConfiguration::builder().build());
    let results = configuration.result_configuration.unwrap_or_else(|| ResultConfiguration::builder().build());
    let (encryption, kms_key) = match results.encryption_configuration {
        Some(how) => (Some(how.encryption_option.as_str().to_owned()), some(how.kms_key)),
        None => (None, None),
    };
    let cutoff = configuration.bytes_scanned_cutoff_per_query.and_then(|bytes| u64::try_from(bytes).ok());
    let inputs = Inputs {
        name: Some(found.name.clone()),
        description: some(found.description),
        output_location: some(results.output_location),
        encryption,
        kms_key,
        expected_bucket_owner: some(results.expected_bucket_owner),
        enforce: configuration.enforce_work_group_configuration.unwrap_or(true),
        publish_metrics: configuration.publish_cloud_watch_metrics_enabled.unwrap_or(false),
        bytes_scanned_cutoff: cutoff.filter(|bytes| *bytes > 0),
        engine_version: some(configuration.engine_version.and_then(|version| version.selected_engine_version))
            .unwrap_or_else(auto),
        requester_pays: configuration.requester_pays_enabled.unwrap_or(false),
        enabled: found.state.is_none_or(|state| state == WorkGroupState::Enabled),
        force_destroy: false,
        tags: tags::read(&all),
    };
    Ok(Some(Live { inputs, outputs: Outputs { arn: arn(cloud, &id.0), name: found.name }, status: Status::Ready }))
}
