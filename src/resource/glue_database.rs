//! `[glue_database.NAME]`: a database of the Glue catalog, which Athena and Spark see.

use super::glue::{self, GONE};
use super::taken::taken;
use super::{Actions, Change, Create, Holds, Id, Live, Owner, Profile, Resource, Retry, Status, Wait, Permit};
use crate::cloud::{Cloud, Gone, aws, built, naming, tags};
use crate::error::{Error, Result};
use aws_sdk_glue::types::{Database, DatabaseInput};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

pub struct GlueDatabase;

/// A database of the Glue catalog: names for tables whose data lie in S3, as Athena and Spark see them.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// Name of the database; from stack and address when unset. Small letters, digits and `_`: Athena takes no others
    /// without quotes.
    #[schemars(
        length(min = 1, max = 255),
        regex(pattern = glue::NAME),
        extend("x-replace" = true, "x-name" = {"max": 255, "underscores": true}, "examples" = ["loans"])
    )]
    pub name: Option<String>,
    /// What is in it.
    #[schemars(length(min = 1, max = 2048))]
    pub description: Option<String>,
    /// Where tables go that are made without a place of their own, as in `s3://bucket/prefix/`.
    #[schemars(length(max = 1024), regex(pattern = r"^s3://"), extend("examples" = ["s3://bucket/prefix/"]))]
    pub location: Option<String>,
    /// Parameters for engines that read the catalog. Those that others wrote stay as they are.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// Deletes the database though it has tables that this stack did not create; they go with it, their data do not.
    #[serde(default)]
    #[schemars(extend("x-local" = true))]
    pub force_destroy: bool,
    /// Tags of the database.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    pub arn: String,
    pub name: String,
}

const DATABASE: &str = "glue:{region}:{account}:database/{name}";
const TABLES: &str = "glue:{region}:{account}:table/{name}/*";
const FUNCTIONS: &str = "glue:{region}:{account}:userDefinedFunction/{name}/*";

impl Resource for GlueDatabase {
    const KIND: &'static str = "glue_database";
    const PROFILE: Profile = Profile {
        create: Wait::secs(0, 1, 2, 120),
        update: Wait::secs(0, 1, 2, 120),
        delete: Wait::secs(0, 1, 2, 120),
        gone: GONE,
        retries: &[Retry::secs("ConcurrentModificationException", "", 60)],
        fixed_name: true,
        identity: &["name"],
        actions: Actions {
            arn: DATABASE,
            read: &[
                Permit::on(&["glue:GetDatabase"], &[glue::CATALOG, DATABASE]),
                Permit::on(&["glue:GetTags"], &[DATABASE]),
            ],
            create: &[
                Permit::on(&["glue:CreateDatabase"], &[glue::CATALOG, DATABASE]),
                Permit::on(&["glue:TagResource"], &[DATABASE]).along("CreateDatabase tags the database"),
            ],
            update: &[
                Permit::on(&["glue:UpdateDatabase"], &[glue::CATALOG, DATABASE]),
                Permit::on(&["glue:TagResource", "glue:UntagResource"], &[DATABASE]),
            ],
            // All tables go with it.
            delete: &[
                Permit::on(&["glue:DeleteDatabase"], &[glue::CATALOG, DATABASE, TABLES, FUNCTIONS]),
                Permit::on(&["glue:GetTables"], &[glue::CATALOG, DATABASE, TABLES]),
            ],
        },
        ..Profile::INSTANT
    };
    // It is not deleted while it has tables of others, unless `force_destroy` says so.
    const HOLDS: Holds = Holds::Nothing;
    type Inputs = Inputs;
    type Outputs = Outputs;

    async fn create(ctx: &Create<'_>, inputs: &Inputs) -> Result<Id> {
        let name = inputs.name.clone().unwrap_or_default();
        let input = DatabaseInput::builder()
            .name(&name)
            .set_description(inputs.description.clone())
            .set_location_uri(inputs.location.clone())
            .set_parameters(Some(glue::merged(None, &inputs.parameters)));
        let call = ctx.cloud.glue().create_database().database_input(built(input.build())?);
        let call = call.set_tags(Some(ctx.tags(&inputs.tags).into_iter().collect()));
        match call.send().await.map_err(aws("glue:CreateDatabase")) {
            // The answer to an earlier attempt may have been lost on the way.
            Err(error) if error.is(&["AlreadyExistsException"]) => {
                Self::find(ctx.cloud, ctx.owner, inputs).await?.ok_or_else(|| taken(&format!("a Glue database named {name}"), "name"))
            }
            Err(error) => Err(error),
            Ok(_) => Ok(Id(name)),
        }
    }

    async fn find(cloud: &Cloud, owner: &Owner, inputs: &Inputs) -> Result<Option<Id>> {
        let name = inputs.name.clone().unwrap_or_default();
        let Some(found) = get(cloud, &name).await? else { return Ok(None) };
        let all = all_tags(cloud, &arn(cloud, &found)).await?;
        Ok(all.is_some_and(|all| owner.owns(&all)).then_some(Id(name)))
    }

    async fn read(cloud: &Cloud, ids: &[Id]) -> Result<HashMap<Id, Live<Self>>> {
        super::each(cloud, ids, |id| read_one(cloud, id)).await
    }

    async fn update(cloud: &Cloud, id: &Id, change: Change<'_, Inputs>) -> Result<()> {
        let (before, after) = (change.before, change.after);
        let Some(there) = get(cloud, &id.0).await? else { return Ok(()) };
        let arn = arn(cloud, &there);
        if untagged(before) != untagged(after) {
            // The whole object is written: what is none of ours is sent back.
            let input = DatabaseInput::builder()
                .name(&id.0)
                .description(after.description.clone().unwrap_or_default())
                .set_location_uri(after.location.clone())
                .set_parameters(Some(glue::merged(there.parameters.as_ref(), &after.parameters)))
                .set_create_table_default_permissions(there.create_table_default_permissions)
                .set_target_database(there.target_database)
                .set_federated_database(there.federated_database);
            let call = cloud.glue().update_database().name(&id.0).database_input(built(input.build())?);
            call.send().await.map_err(aws("glue:UpdateDatabase"))?;
        }
        let (removed, set) = tags::changes(&before.tags, &after.tags);
        if !removed.is_empty() {
            let call = cloud.glue().untag_resource().resource_arn(&arn).set_tags_to_remove(Some(removed));
            call.send().await.map_err(aws("glue:UntagResource"))?;
        }
        if !set.is_empty() {
            let set = Some(set.into_iter().collect());
            let call = cloud.glue().tag_resource().resource_arn(&arn).set_tags_to_add(set);
            call.send().await.map_err(aws("glue:TagResource"))?;
        }
        Ok(())
    }

    /// Glue takes the tables along without asking.
    async fn delete(cloud: &Cloud, id: &Id, live: &Live<Self>) -> Result<()> {
        if !live.inputs.force_destroy {
            let call = cloud.glue().get_tables().database_name(&id.0).max_results(10);
            let mut pages = call.into_paginator().send();
            // A page may be empty and not the last: what the caller may not see is left out of it.
            while let Some(page) = pages.next().await {
                let Some(page) = page.map_err(aws("glue:GetTables")).gone(GONE)? else { break };
                if !page.table_list().is_empty() {
                    return Err(full(id, page.table_list().iter().map(|table| table.name()).collect()));
                }
            }
        }
        let call = cloud.glue().delete_database().name(&id.0);
        call.send().await.map_err(aws("glue:DeleteDatabase")).gone(GONE)?;
        Ok(())
    }
}

fn full(id: &Id, tables: Vec<&str>) -> Error {
    Error::Refused(format!(
        "the database {id} has tables that this stack did not create and that would go with it ({}): delete them, or set \
         force_destroy = true, apply, and destroy again",
        tables.join(", ")
    ))
}

fn untagged(inputs: &Inputs) -> (&Option<String>, &Option<String>, &BTreeMap<String, String>) {
    (&inputs.description, &inputs.location, &inputs.parameters)
}

fn arn(cloud: &Cloud, found: &Database) -> String {
    let (region, account) = (&cloud.region, found.catalog_id().unwrap_or(&cloud.account));
    format!("arn:{}:glue:{region}:{account}:database/{}", naming::partition(region), found.name())
}

async fn get(cloud: &Cloud, name: &str) -> Result<Option<Database>> {
    let call = cloud.glue().get_database().name(name);
    let found = call.send().await.map_err(aws("glue:GetDatabase")).gone(GONE)?;
    Ok(found.and_then(|found| found.database))
}

async fn all_tags(cloud: &Cloud, arn: &str) -> Result<Option<BTreeMap<String, String>>> {
    let call = cloud.glue().get_tags().resource_arn(arn);
    let found = call.send().await.map_err(aws("glue:GetTags")).gone(GONE)?;
    Ok(found.map(|found| found.tags.unwrap_or_default().into_iter().collect()))
}

async fn read_one(cloud: &Cloud, id: Id) -> Result<Option<Live<GlueDatabase>>> {
    let Some(found) = get(cloud, &id.0).await? else { return Ok(None) };
    let arn = arn(cloud, &found);
    // None where it went between the two calls.
    let Some(all) = all_tags(cloud, &arn).await? else { return Ok(None) };
    let some = |text: Option<String>| text.filter(|text| !text.is_empty());
    let inputs = Inputs {
        name: Some(found.name.clone()),
        description: some(found.description),
        location: some(found.location_uri),
        parameters: glue::ours(found.parameters.as_ref()),
        force_destroy: false,
        tags: tags::read(&all),
    };
    Ok(Some(Live { inputs, outputs: Outputs { arn, name: found.name }, status: Status::Ready }))
}
