//! `[log_group.NAME]`: a CloudWatch log group.

use super::taken::Taken;
use super::{Actions, Change, Create, Holds, Id, Live, Owner, Profile, READS_AT_ONCE, Resource, Retry, Status, Wait, Permit};
use crate::cloud::{Cloud, Gone, aws, tags};
use crate::error::Result;
use aws_sdk_cloudwatchlogs::types::LogGroup as Found;
use futures::stream::{self, StreamExt, TryStreamExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

pub struct LogGroup;

/// A CloudWatch log group that forgets after a month unless told otherwise.
///
/// A function or database that logs should refer to its group: then the group is made first, and the service does not
/// make one of its own that keeps everything for ever.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// Name of the group; from stack and address when unset. Services want their own: `/aws/lambda/FUNCTION`.
    #[schemars(
        length(min = 1, max = 512),
        regex(pattern = r"^[0-9A-Za-z_./#-]+$"),
        extend("x-replace" = true, "x-name" = {"max": 512}, "examples" = ["/aws/lambda/loans-loader"])
    )]
    pub name: Option<String>,
    /// Days that an entry is kept; 0 keeps it for ever. CloudWatch knows only these numbers.
    #[serde(default = "month")]
    #[schemars(extend("enum" = [0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192,
        2557, 2922, 3288, 3653]))]
    pub retention_days: u32,
    /// ARN of the KMS key that encrypts new entries; CloudWatch's own key when unset. The key's policy must let
    /// `logs.REGION.amazonaws.com` use it.
    #[schemars(extend("x-key" = true))]
    pub kms_key: Option<String>,
    /// Tags of the group.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

fn month() -> u32 {
    30
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// Without the trailing `:*`: services want it so; an IAM policy about the group's streams appends it.
    pub arn: String,
    pub name: String,
}

const GONE: &[&str] = &["ResourceNotFoundException"];

const GROUP: &str = "logs:{region}:{account}:log-group:{name}";
/// The form that most actions on a group are asked with; those about tags with the other.
const WITH_STREAMS: &str = "logs:{region}:{account}:log-group:{name}:*";

impl Resource for LogGroup {
    const KIND: &'static str = "log_group";
    const PROFILE: Profile = Profile {
        gone: GONE,
        retries: &[
            Retry::secs("OperationAbortedException", "", 60),
            // Where permissions depend on tags: they are not visible yet.
            Retry::secs("AccessDeniedException", "no identity-based policy allows the logs:", 120),
        ],
        // The list is answered by several: a group and its retention come and go for a moment.
        create: Wait::secs(0, 1, 1, 120).equal(3, 2),
        update: Wait::secs(0, 1, 1, 120).equal(3, 2),
        delete: Wait::secs(0, 1, 3, 120),
        fixed_name: true,
        identity: &["name"],
        actions: Actions {
            arn: GROUP,
            read: &[
                // It knows no narrower resource.
                Permit::on(&["logs:DescribeLogGroups"], &["*"]),
                Permit::on(&["logs:ListTagsForResource"], &[GROUP]),
            ],
            create: &[
                Permit::on(&["logs:CreateLogGroup"], &[GROUP, WITH_STREAMS]),
                Permit::on(&["logs:TagResource"], &[GROUP]).along("CreateLogGroup tags the group"),
            ],
            update: &[
                Permit::on(
                    &[
                        "logs:PutRetentionPolicy",
                        "logs:DeleteRetentionPolicy",
                        "logs:AssociateKmsKey",
                        "logs:DisassociateKmsKey",
                    ],
                    &[GROUP, WITH_STREAMS],
                ),
                Permit::on(&["logs:TagResource", "logs:UntagResource"], &[GROUP]),
            ],
            delete: &[Permit::on(&["logs:DeleteLogGroup"], &[GROUP, WITH_STREAMS])],
        },
        ..Profile::INSTANT
    };
    const HOLDS: Holds = Holds::Data("its log lines");
    type Inputs = Inputs;
    type Outputs = Outputs;

    async fn create(ctx: &Create<'_>, inputs: &Inputs) -> Result<Id> {
        let name = inputs.name.clone().unwrap_or_default();
        let call = ctx
            .cloud
            .logs()
            .create_log_group()
            .log_group_name(&name)
            .set_kms_key_id(inputs.kms_key.clone())
            .set_tags(Some(ctx.tags(&inputs.tags).into_iter().collect()));
        call.send().await.map_err(aws("logs:CreateLogGroup")).taken(
            &["ResourceAlreadyExistsException"],
            "a log group (a service makes such a one with its first line)",
            Some(&name),
            "name",
        )?;
        Ok(Id(name))
    }

    async fn find(cloud: &Cloud, owner: &Owner, inputs: &Inputs) -> Result<Option<Id>> {
        let name = inputs.name.clone().unwrap_or_default();
        let Some(found) = one(cloud, &name).await? else { return Ok(None) };
        let all = all_tags(cloud, &arn(&found)).await?;
        Ok(all.is_some_and(|tags| owner.owns(&tags)).then_some(Id(name)))
    }

    async fn read(cloud: &Cloud, ids: &[Id]) -> Result<HashMap<Id, Live<Self>>> {
        let lists: Vec<_> = neighbours(ids).into_iter().map(|(prefix, ids)| list(cloud, prefix, ids)).collect();
        let found: Vec<_> = stream::iter(lists).buffer_unordered(READS_AT_ONCE).try_collect().await?;
        let found = found.into_iter().flatten();
        let reads: Vec<_> = found.map(|group| with_tags(cloud, group)).collect();
        let lives: Vec<_> = stream::iter(reads).buffer_unordered(READS_AT_ONCE).try_collect().await?;
        Ok(lives.into_iter().flatten().collect())
    }

    async fn update(cloud: &Cloud, id: &Id, change: Change<'_, Inputs>) -> Result<()> {
        let (before, after, logs) = (change.before, change.after, cloud.logs());
        if before.retention_days != after.retention_days {
            if after.retention_days == 0 {
                let call = logs.delete_retention_policy().log_group_name(&id.0);
                call.send().await.map_err(aws("logs:DeleteRetentionPolicy"))?;
            } else {
                let days = after.retention_days.cast_signed();
                let call = logs.put_retention_policy().log_group_name(&id.0).retention_in_days(days);
                call.send().await.map_err(aws("logs:PutRetentionPolicy"))?;
            }
        }
        match &after.kms_key {
            key if *key == before.kms_key => {}
            Some(key) => {
                let call = logs.associate_kms_key().log_group_name(&id.0).kms_key_id(key);
                call.send().await.map_err(aws("logs:AssociateKmsKey"))?;
            }
            None => {
                let call = logs.disassociate_kms_key().log_group_name(&id.0);
                call.send().await.map_err(aws("logs:DisassociateKmsKey"))?;
            }
        }
        let (removed, set) = tags::changes(&before.tags, &after.tags);
        if removed.is_empty() && set.is_empty() {
            return Ok(());
        }
        let Some(group) = one(cloud, &id.0).await? else { return Ok(()) };
        if !removed.is_empty() {
            let call = logs.untag_resource().resource_arn(arn(&group)).set_tag_keys(Some(removed));
            call.send().await.map_err(aws("logs:UntagResource"))?;
        }
        if !set.is_empty() {
            let set = set.into_iter().collect();
            let call = logs.tag_resource().resource_arn(arn(&group)).set_tags(Some(set));
            call.send().await.map_err(aws("logs:TagResource"))?;
        }
        Ok(())
    }

    async fn delete(cloud: &Cloud, id: &Id, _: &Live<Self>) -> Result<()> {
        let call = cloud.logs().delete_log_group().log_group_name(&id.0);
        call.send().await.map_err(aws("logs:DeleteLogGroup")).gone(GONE)?;
        Ok(())
    }
}

/// The group of exactly this name. The service only knows prefixes; it sorts, so that the name itself comes first.
async fn one(cloud: &Cloud, name: &str) -> Result<Option<Found>> {
    let call = cloud.logs().describe_log_groups().log_group_name_prefix(name);
    let mut pages = call.into_paginator().items().send();
    while let Some(group) = pages.next().await {
        let group = group.map_err(aws("logs:DescribeLogGroups"))?;
        if group.log_group_name.as_deref() == Some(name) {
            return Ok(Some(group));
        }
    }
    Ok(None)
}

/// The groups of exactly these names, which share the prefix. Mostly one page has them all; where it does not, since the account
/// has many of that prefix, each is asked for by itself: an account may have thousands, and the call is throttled early.
async fn list(cloud: &Cloud, prefix: &str, ids: Vec<&Id>) -> Result<Vec<Found>> {
    if let [id] = ids.as_slice() {
        return Ok(one(cloud, &id.0).await?.into_iter().collect());
    }
    let call = cloud.logs().describe_log_groups().log_group_name_prefix(prefix);
    let page = call.send().await.map_err(aws("logs:DescribeLogGroups"))?;
    let there = page.log_groups.unwrap_or_default();
    let named = |id: &Id| there.iter().find(|group| group.log_group_name.as_ref() == Some(&id.0)).cloned();
    let mut found: Vec<Found> = ids.iter().filter_map(|id| named(id)).collect();
    if page.next_token.is_some() {
        let rest: Vec<_> = ids.into_iter().filter(|id| named(id).is_none()).map(|id| one(cloud, &id.0)).collect();
        let rest: Vec<_> = stream::iter(rest).buffer_unordered(READS_AT_ONCE).try_collect().await?;
        found.extend(rest.into_iter().flatten());
    }
    Ok(found)
}

/// The names in bundles that share more than the folder of a service (`/aws/lambda/`), each with what it shares.
fn neighbours(ids: &[Id]) -> Vec<(&str, Vec<&Id>)> {
    let mut sorted: Vec<&Id> = ids.iter().collect();
    sorted.sort();
    sorted.dedup();
    let mut bundles: Vec<(&str, Vec<&Id>)> = vec![];
    for id in sorted {
        // Names are ASCII, so every byte is a boundary.
        let shared = |prefix: &str| prefix.bytes().zip(id.0.bytes()).take_while(|(a, b)| a == b).count();
        let folder = id.0.rfind('/').map_or(0, |slash| slash + 1);
        match bundles.last_mut() {
            Some((prefix, bundle)) if shared(prefix) > folder => {
                *prefix = &prefix[..shared(prefix)];
                bundle.push(id);
            }
            _ => bundles.push((&id.0, vec![id])),
        }
    }
    bundles
}

/// The listing gives it with `:*` behind.
fn arn(group: &Found) -> String {
    let arn = group.log_group_arn.as_deref().or(group.arn.as_deref()).unwrap_or_default();
    arn.trim_end_matches(":*").to_owned()
}

async fn all_tags(cloud: &Cloud, arn: &str) -> Result<Option<BTreeMap<String, String>>> {
    let call = cloud.logs().list_tags_for_resource().resource_arn(arn);
    let found = call.send().await.map_err(aws("logs:ListTagsForResource")).gone(GONE)?;
    Ok(found.map(|found| found.tags.unwrap_or_default().into_iter().collect()))
}

async fn with_tags(cloud: &Cloud, group: Found) -> Result<Option<(Id, Live<LogGroup>)>> {
    let all = all_tags(cloud, &arn(&group)).await?;
    Ok(all.map(|all| (Id(group.log_group_name.clone().unwrap_or_default()), live(&group, &all))))
}

fn live(group: &Found, all: &BTreeMap<String, String>) -> Live<LogGroup> {
    let name = group.log_group_name.clone().unwrap_or_default();
    let inputs = Inputs {
        name: Some(name.clone()),
        retention_days: group.retention_in_days.map_or(0, i32::cast_unsigned),
        kms_key: group.kms_key_id.clone().filter(|key| !key.is_empty()),
        tags: tags::read(all),
    };
    Live { inputs, outputs: Outputs { arn: arn(group), name }, status: Status::Ready }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_folder_and_one_beginning_are_neighbours() {
        let of = |names: &[&str]| {
            let ids: Vec<Id> = names.iter().map(|name| Id::from(*name)).collect();
            let bundle = |(prefix, ids): (&str, Vec<&Id>)| (prefix.to_owned(), ids.len());
            neighbours(&ids).into_iter().map(bundle).collect::<Vec<_>>()
        };
        let bundle = |prefix: &str, ids| (prefix.to_owned(), ids);
        let lambda = of(&["/aws/lambda/loans-b", "/aws/rds/instance/loans", "/aws/lambda/loans-a"]);
        assert_eq!(lambda, [bundle("/aws/lambda/loans-", 2), bundle("/aws/rds/instance/loans", 1)]);
        assert_eq!(of(&["/aws/lambda/a", "/aws/lambda/b"]), [bundle("/aws/lambda/a", 1), bundle("/aws/lambda/b", 1)]);
        assert_eq!(of(&["loans-x", "loans-x"]), [bundle("loans-x", 1)]);
        assert_eq!(of(&["a", "b"]), [bundle("a", 1), bundle("b", 1)]);
        assert_eq!(of(&[]), []);
    }

    #[test]
    fn the_arn_ends_without_a_star() {
        let group = Found::builder().arn("arn:aws:logs:eu-west-1:1:log-group:a:*").build();
        assert_eq!(arn(&group), "arn:aws:logs:eu-west-1:1:log-group:a");
    }
}
