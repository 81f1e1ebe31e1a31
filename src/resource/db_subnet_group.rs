//! `[db_subnet_group.NAME]`: the subnets that a database may live in.

use super::rds::{self, retries::RETRIES, role};
use super::taken::{Taken, taken};
use super::{Actions, Change, Create, Holds, Id, Live, Owner, Profile, READS_AT_ONCE, Resource, Status, Wait, Permit};
use crate::cloud::{Cloud, Gone, Remedy, aws, tags};
use crate::error::Result;
use crate::schema::has_unknown;
use aws_sdk_rds::types::DbSubnetGroup as Found;
use futures::stream::{self, StreamExt, TryStreamExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};

pub struct DbSubnetGroup;

/// The subnets that a database may live in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// Name of the group, in lower case since RDS stores it so; from stack and address when unset.
    #[schemars(
        length(min = 1, max = 255),
        regex(pattern = r"^[0-9a-z_ .-]+$"),
        extend("x-replace" = true, "x-name" = {"max": 255}, "examples" = ["loans"])
    )]
    pub name: Option<String>,
    /// What it is for; RDS wants one.
    #[serde(default = "description")]
    #[schemars(length(min = 1, max = 255))]
    pub description: String,
    /// Ids of the subnets, in at least two availability zones of one VPC; those of another VPC replace the group. One that
    /// a database lives in cannot be removed: the database is replaced then.
    #[schemars(extend(
        "x-set" = true,
        "x-ref" = "subnet.id",
        "minItems" = 2,
        "x-within" = {
            "place": "vpc_id",
            "replaces": "elsewhere",
            "why": "its subnets are in another VPC, and RDS does not move a subnet group there"
        }
    ))]
    pub subnet_ids: Vec<String>,
    /// Tags of the group.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

fn description() -> String {
    "Managed by stackctl".to_owned()
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    pub arn: String,
    pub name: String,
    pub vpc_id: String,
}

const GONE: &[&str] = &["DBSubnetGroupNotFoundFault"];
const ZONES: &str = "list subnets of at least two availability zones in `subnet_ids`";

const GROUP: &str = "rds:{region}:{account}:subgrp:{name}";

impl Resource for DbSubnetGroup {
    const KIND: &'static str = "db_subnet_group";
    const PROFILE: Profile = Profile {
        delete: Wait::secs(0, 3, 1, 180),
        gone: GONE,
        retries: RETRIES,
        fixed_name: true,
        identity: &["name"],
        actions: Actions {
            arn: GROUP,
            read: &[Permit::on(&["rds:DescribeDBSubnetGroups", "rds:ListTagsForResource"], &[GROUP])],
            create: &[
                Permit::on(&["rds:CreateDBSubnetGroup"], &[GROUP]),
                Permit::on(&["rds:AddTagsToResource"], &[GROUP]).along("CreateDBSubnetGroup tags the group"),
                role::LINKED,
            ],
            update: &[Permit::on(
                &["rds:ModifyDBSubnetGroup", "rds:AddTagsToResource", "rds:RemoveTagsFromResource"],
                &[GROUP],
            )],
            delete: &[Permit::on(&["rds:DeleteDBSubnetGroup"], &[GROUP])],
        },
        ..Profile::INSTANT
    };
    const HOLDS: Holds = Holds::Nothing;
    type Inputs = Inputs;
    type Outputs = Outputs;

    /// Emulators overwrite a group of that name, so somebody looks first.
    async fn create(ctx: &Create<'_>, inputs: &Inputs) -> Result<Id> {
        let id = Id(inputs.name.clone().unwrap_or_default());
        if !list(ctx.cloud, std::slice::from_ref(&id)).await?.is_empty() {
            // The answer to an earlier attempt may have been lost on the way.
            let earlier = Self::find(ctx.cloud, ctx.owner, inputs).await?;
            return earlier.ok_or_else(|| taken(&format!("a DB subnet group named {id}"), "name"));
        }
        let call = ctx
            .cloud
            .rds()
            .create_db_subnet_group()
            .set_db_subnet_group_name(inputs.name.clone())
            .db_subnet_group_description(&inputs.description)
            .set_subnet_ids(Some(inputs.subnet_ids.clone()))
            .set_tags(Some(rds::tagged(ctx.tags(&inputs.tags))));
        let made = role::explained(call.send().await.map_err(aws("rds:CreateDBSubnetGroup")))
            .taken(&["DBSubnetGroupAlreadyExists"], "a DB subnet group", inputs.name.as_deref(), "name")
            .remedy(&["DBSubnetGroupDoesNotCoverEnoughAZs"], ZONES)?;
        let name = made.db_subnet_group.and_then(|group| group.db_subnet_group_name);
        Ok(Id(name.or_else(|| inputs.name.clone()).unwrap_or_default()))
    }

    async fn find(cloud: &Cloud, owner: &Owner, inputs: &Inputs) -> Result<Option<Id>> {
        let id = Id(inputs.name.clone().unwrap_or_default());
        let Some(found) = list(cloud, std::slice::from_ref(&id)).await?.pop() else { return Ok(None) };
        let all = all_tags(cloud, found.db_subnet_group_arn.as_deref().unwrap_or_default()).await?;
        Ok(all.is_some_and(|tags| owner.owns(&tags)).then_some(id))
    }

    async fn read(cloud: &Cloud, ids: &[Id]) -> Result<HashMap<Id, Live<Self>>> {
        let found = list(cloud, ids).await?;
        let reads: Vec<_> = found.into_iter().map(|group| with_tags(cloud, group)).collect();
        let lives: Vec<_> = stream::iter(reads).buffer_unordered(READS_AT_ONCE).try_collect().await?;
        Ok(lives.into_iter().flatten().collect())
    }

    async fn update(cloud: &Cloud, id: &Id, change: Change<'_, Inputs>) -> Result<()> {
        let (before, after) = (change.before, change.after);
        let sorted = |inputs: &Inputs| {
            let mut ids = inputs.subnet_ids.clone();
            ids.sort();
            ids
        };
        if sorted(before) != sorted(after) || before.description != after.description {
            let call = cloud
                .rds()
                .modify_db_subnet_group()
                .db_subnet_group_name(&id.0)
                .db_subnet_group_description(&after.description)
                .set_subnet_ids(Some(after.subnet_ids.clone()));
            call.send()
                .await
                .map_err(aws("rds:ModifyDBSubnetGroup"))
                .remedy(&["SubnetAlreadyInUse"], "a subnet in which a database lives must stay in the group")
                .remedy(&["DBSubnetGroupDoesNotCoverEnoughAZs"], ZONES)?;
        }
        let (removed, set) = tags::changes(&before.tags, &after.tags);
        if removed.is_empty() && set.is_empty() {
            return Ok(());
        }
        let Some(group) = list(cloud, std::slice::from_ref(id)).await?.pop() else { return Ok(()) };
        rds::retag(cloud, &group.db_subnet_group_arn.unwrap_or_default(), removed, set).await
    }

    async fn delete(cloud: &Cloud, id: &Id, _: &Live<Self>) -> Result<()> {
        let call = cloud.rds().delete_db_subnet_group().db_subnet_group_name(&id.0);
        call.send()
            .await
            .map_err(aws("rds:DeleteDBSubnetGroup"))
            .remedy(&["InvalidDBSubnetGroupStateFault"], "a database still uses the group; delete that first")
            .gone(GONE)?;
        Ok(())
    }

    fn check(inputs: &Json) -> Vec<(String, String)> {
        let name = inputs.get("name").and_then(Json::as_str);
        let mut complaints = vec![];
        if name == Some("default") {
            complaints.push(("name".to_owned(), "RDS keeps the name `default` for itself: write another".to_owned()));
        }
        let subnets = inputs.get("subnet_ids").filter(|ids| !has_unknown(ids)).and_then(Json::as_array);
        if let Some(ids) = subnets
            && ids.iter().enumerate().any(|(at, id)| ids[..at].contains(id))
        {
            let text = "a subnet is listed twice: list different subnets of two availability zones";
            complaints.push(("subnet_ids".to_owned(), text.to_owned()));
        }
        complaints
    }
}

/// By name where it is one, else all groups of the account (100 a page; few accounts have more): a lookup by several
/// names does not exist.
async fn list(cloud: &Cloud, ids: &[Id]) -> Result<Vec<Found>> {
    let call = cloud.rds().describe_db_subnet_groups();
    let call = if let [one] = ids { call.db_subnet_group_name(&one.0) } else { call };
    let mut pages = call.into_paginator().items().send();
    let mut found = vec![];
    while let Some(group) = pages.next().await {
        let Some(group) = group.map_err(aws("rds:DescribeDBSubnetGroups")).gone(GONE)? else { break };
        if ids.iter().any(|id| group.db_subnet_group_name.as_ref() == Some(&id.0)) {
            found.push(group);
        }
    }
    Ok(found)
}

async fn all_tags(cloud: &Cloud, arn: &str) -> Result<Option<BTreeMap<String, String>>> {
    let call = cloud.rds().list_tags_for_resource().resource_name(arn);
    let found = call.send().await.map_err(aws("rds:ListTagsForResource")).gone(GONE)?;
    Ok(found.map(|found| rds::all_tags(found.tag_list.unwrap_or_default())))
}

async fn with_tags(cloud: &Cloud, group: Found) -> Result<Option<(Id, Live<DbSubnetGroup>)>> {
    let arn = group.db_subnet_group_arn.clone().unwrap_or_default();
    let live = all_tags(cloud, &arn).await?.map(|all| live(group, arn, &all));
    Ok(live.map(|live| (Id(live.outputs.name.clone()), live)))
}

fn live(group: Found, arn: String, all: &BTreeMap<String, String>) -> Live<DbSubnetGroup> {
    let name = group.db_subnet_group_name.unwrap_or_default();
    let subnets = group.subnets.unwrap_or_default();
    let mut subnet_ids: Vec<String> = subnets.into_iter().filter_map(|subnet| subnet.subnet_identifier).collect();
    subnet_ids.sort();
    let inputs = Inputs {
        name: Some(name.clone()),
        description: group.db_subnet_group_description.unwrap_or_default(),
        subnet_ids,
        tags: tags::read(all),
    };
    let outputs = Outputs { arn, name, vpc_id: group.vpc_id.unwrap_or_default() };
    Live { inputs, outputs, status: status(group.subnet_group_status) }
}

/// `Complete`, as RDS spells it; some emulators say nothing.
fn status(word: Option<String>) -> Status {
    match word {
        Some(word) if !word.is_empty() && !word.eq_ignore_ascii_case("complete") => Status::Pending(word.to_lowercase()),
        _ => Status::Ready,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_reserved_name_and_a_repeated_subnet_are_refused() {
        let found = DbSubnetGroup::check(&json!({"name": "default", "subnet_ids": ["subnet-1", "subnet-1"]}));
        assert_eq!(found.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["name", "subnet_ids"]);
        let unknown = json!({"name": "loans", "subnet_ids": [{"$unknown": "subnet.a.id"}, {"$unknown": "subnet.b.id"}]});
        assert!(DbSubnetGroup::check(&unknown).is_empty());
    }
}
