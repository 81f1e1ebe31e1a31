//! `[glue_table.NAME]`: a table of the Glue catalog over files in S3.

mod format;
mod rules;

use super::glue::{self, GONE};
use super::taken::taken;
use super::{Actions, Change, Create, Holds, Id, Live, Owner, Profile, Resource, Retry, Status, Wait, Permit};
use crate::cloud::{Cloud, Gone, aws, built};
use crate::error::{Error, Result};
use aws_sdk_glue::types::{Column as GlueColumn, StorageDescriptor, Table, TableInput};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

pub struct GlueTable;

/// A table of the Glue catalog: what the files below a place in S3 mean, for Athena and Spark. The data are no part of it:
/// they stay where they are when it is deleted.
///
/// Tables have no tags: whose it is stands in parameters whose names begin with `stackctl:`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// Name of the table; from stack and address when unset. Small letters, digits and `_`: Athena takes no others without
    /// quotes.
    #[schemars(
        length(min = 1, max = 255),
        regex(pattern = glue::NAME),
        extend("x-replace" = true, "x-name" = {"max": 255, "underscores": true}, "examples" = ["loans"])
    )]
    pub name: Option<String>,
    /// Name of the database that it is in.
    #[schemars(extend("x-replace" = true, "x-ref" = "glue_database.name"))]
    pub database: String,
    /// What is in it.
    #[schemars(length(min = 1, max = 2048))]
    pub description: Option<String>,
    /// Columns, in the order of `SELECT *`.
    #[schemars(length(min = 1))]
    pub columns: Vec<Column>,
    /// Columns that are in the path of a file and not in the file, as in `issue_year=2011/`.
    #[serde(default)]
    pub partition_keys: Vec<Column>,
    /// The folder whose files it is made of, as in `s3://bucket/lake/loans/`.
    #[schemars(length(max = 2056), regex(pattern = r"^s3://"), extend("examples" = ["s3://bucket/lake/loans/"]))]
    pub location: String,
    /// What the files are: `parquet`, `orc`, or `json` with one object a line. Engines are told how to read and write it.
    #[serde(default = "parquet")]
    #[schemars(extend("enum" = ["parquet", "orc", "json"]))]
    pub format: String,
    /// Parameters for engines that read the catalog, such as those of partition projection, which lets Athena compute the
    /// partitions instead of looking them up: `"projection.enabled" = "true"`, `"projection.issue_year.type" = "integer"`,
    /// `"projection.issue_year.range" = "1970,2100"`. Those that others wrote (crawlers, Iceberg) stay as they are.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Small letters, digits and `_`.
    #[schemars(length(min = 1, max = 255), regex(pattern = glue::NAME))]
    pub name: String,
    /// In the words of Hive: `string`, `int`, `bigint`, `double`, `boolean`, `date`, `timestamp`, `decimal(14,2)`, `array<…>`.
    #[serde(rename = "type")]
    #[schemars(length(min = 1))]
    pub hive: String,
    /// What is in it.
    #[schemars(length(min = 1, max = 255))]
    pub comment: Option<String>,
}

fn parquet() -> String {
    "parquet".to_owned()
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    pub name: String,
}

const DATABASE: &str = "glue:{region}:{account}:database/{database}";
const TABLE: &str = "glue:{region}:{account}:table/{database}/{name}";

impl Resource for GlueTable {
    const KIND: &'static str = "glue_table";
    const PROFILE: Profile = Profile {
        create: Wait::secs(0, 1, 2, 120),
        update: Wait::secs(0, 1, 2, 120),
        delete: Wait::secs(0, 1, 2, 120),
        gone: GONE,
        // Also where an engine committed between our read and our write: the repetition reads anew.
        retries: &[Retry::secs("ConcurrentModificationException", "", 60)],
        fixed_name: true,
        identity: &["database", "name"],
        actions: Actions {
            arn: TABLE,
            read: &[Permit::on(&["glue:GetTable"], &[glue::CATALOG, DATABASE, TABLE])],
            create: &[Permit::on(&["glue:CreateTable"], &[glue::CATALOG, DATABASE, TABLE])],
            update: &[Permit::on(&["glue:UpdateTable"], &[glue::CATALOG, DATABASE, TABLE])],
            delete: &[Permit::on(&["glue:DeleteTable"], &[glue::CATALOG, DATABASE, TABLE])],
        },
        ..Profile::INSTANT
    };
    const HOLDS: Holds = Holds::Data("the partitions and parameters that engines wrote into it");
    type Inputs = Inputs;
    type Outputs = Outputs;

    async fn create(ctx: &Create<'_>, inputs: &Inputs) -> Result<Id> {
        let name = inputs.name.clone().unwrap_or_default();
        let mut parameters = glue::merged(None, &inputs.parameters);
        for (name, value) in
            [("EXTERNAL", "TRUE"), ("classification", &inputs.format)].map(|(n, v)| (n.to_owned(), v.to_owned()))
        {
            parameters.entry(name).or_insert(value);
        }
        parameters.extend(ctx.owner.tags());
        let input = TableInput::builder()
            .name(&name)
            .table_type("EXTERNAL_TABLE")
            .set_description(inputs.description.clone())
            .storage_descriptor(storage(StorageDescriptor::builder().build(), inputs)?)
            .set_partition_keys(Some(columns(&inputs.partition_keys)?))
            .set_parameters(Some(parameters));
        let call = ctx.cloud.glue().create_table().database_name(&inputs.database);
        match call.table_input(built(input.build())?).send().await.map_err(aws("glue:CreateTable")) {
            // The answer to an earlier attempt may have been lost on the way.
            Err(error) if error.is(&["AlreadyExistsException"]) => {
                Self::find(ctx.cloud, ctx.owner, inputs).await?.ok_or_else(|| taken(&format!("a table {name} of the Glue database {}", inputs.database), "name"))
            }
            Err(error) => Err(error),
            Ok(_) => Ok(Place { database: inputs.database.clone(), name }.id()),
        }
    }

    async fn find(cloud: &Cloud, owner: &Owner, inputs: &Inputs) -> Result<Option<Id>> {
        let name = inputs.name.clone().unwrap_or_default();
        let place = Place { database: inputs.database.clone(), name };
        let found = get(cloud, &place).await?.and_then(|found| found.parameters);
        let ours = found.is_some_and(|found| owner.owns(&found.into_iter().collect()));
        Ok(ours.then(|| place.id()))
    }

    async fn read(cloud: &Cloud, ids: &[Id]) -> Result<HashMap<Id, Live<Self>>> {
        super::each(cloud, ids, |id| read_one(cloud, id)).await
    }

    /// The whole object is written, and only if nobody else has written it since it was read: an engine keeps in it where
    /// the data are. What is none of ours is sent back.
    async fn update(cloud: &Cloud, id: &Id, change: Change<'_, Inputs>) -> Result<()> {
        let (place, after) = (Place::parse(id)?, change.after);
        let Some(there) = get(cloud, &place).await? else { return Ok(()) };
        let descriptor = there.storage_descriptor.unwrap_or_else(|| StorageDescriptor::builder().build());
        let mut parameters = glue::merged(there.parameters.as_ref(), &after.parameters);
        if change.before.format != after.format && !after.parameters.contains_key("classification") {
            parameters.insert("classification".to_owned(), after.format.clone());
        }
        let input = TableInput::builder()
            .name(&place.name)
            .description(after.description.clone().unwrap_or_default())
            .set_owner(there.owner.filter(|owner| !owner.is_empty()))
            .set_last_access_time(there.last_access_time)
            .set_last_analyzed_time(there.last_analyzed_time)
            .retention(there.retention)
            .storage_descriptor(storage(descriptor, after)?)
            .set_partition_keys(Some(columns(&after.partition_keys)?))
            .set_view_original_text(there.view_original_text)
            .set_view_expanded_text(there.view_expanded_text)
            .set_table_type(there.table_type)
            .set_parameters(Some(parameters))
            .set_target_table(there.target_table);
        let call = cloud.glue().update_table().database_name(&place.database);
        let call = call.table_input(built(input.build())?).set_version_id(there.version_id);
        call.send().await.map_err(aws("glue:UpdateTable"))?;
        Ok(())
    }

    async fn delete(cloud: &Cloud, id: &Id, _: &Live<Self>) -> Result<()> {
        let place = Place::parse(id)?;
        let call = cloud.glue().delete_table().database_name(&place.database).name(&place.name);
        call.send().await.map_err(aws("glue:DeleteTable")).gone(GONE)?;
        Ok(())
    }

    fn check(inputs: &serde_json::Value) -> Vec<(String, String)> {
        rules::check(inputs)
    }
}

/// `DATABASE/TABLE`, the id.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    database: String,
    name: String,
}

impl Place {
    fn id(&self) -> Id {
        Id(format!("{}/{}", self.database, self.name))
    }

    fn parse(id: &Id) -> Result<Self> {
        match id.0.split_once('/') {
            Some((database, name)) if !database.is_empty() && !name.is_empty() => {
                Ok(Self { database: database.to_owned(), name: name.to_owned() })
            }
            _ => Err(Error::Refused(format!("`{id}` is no id of a glue_table: write DATABASE/TABLE"))),
        }
    }
}

/// `there` with ours in it.
fn storage(there: StorageDescriptor, inputs: &Inputs) -> Result<StorageDescriptor> {
    let mut all = there;
    all.columns = Some(columns(&inputs.columns)?);
    all.location = Some(inputs.location.clone());
    format::set(&mut all, &inputs.format);
    Ok(all)
}

fn columns(columns: &[Column]) -> Result<Vec<GlueColumn>> {
    let glue = |column: &Column| {
        let glue = GlueColumn::builder().name(&column.name).r#type(&column.hive);
        built(glue.set_comment(column.comment.clone()).build())
    };
    columns.iter().map(glue).collect()
}

async fn get(cloud: &Cloud, place: &Place) -> Result<Option<Table>> {
    let call = cloud.glue().get_table().database_name(&place.database).name(&place.name);
    let found = call.send().await.map_err(aws("glue:GetTable")).gone(GONE)?;
    Ok(found.and_then(|found| found.table))
}

async fn read_one(cloud: &Cloud, id: Id) -> Result<Option<Live<GlueTable>>> {
    let place = Place::parse(&id)?;
    let found = get(cloud, &place).await?;
    Ok(found.map(|found| live(found, place)))
}

fn live(found: Table, place: Place) -> Live<GlueTable> {
    let some = |text: Option<String>| text.filter(|text| !text.is_empty());
    let ours = |columns: Option<Vec<GlueColumn>>| {
        let column = |column: GlueColumn| Column {
            name: column.name,
            hive: column.r#type.unwrap_or_default(),
            comment: some(column.comment),
        };
        columns.unwrap_or_default().into_iter().map(column).collect()
    };
    let descriptor = found.storage_descriptor.unwrap_or_else(|| StorageDescriptor::builder().build());
    let inputs = Inputs {
        name: Some(found.name.clone()),
        database: place.database,
        description: some(found.description),
        format: format::of(&descriptor),
        location: descriptor.location.clone().unwrap_or_default(),
        columns: ours(descriptor.columns),
        partition_keys: ours(found.partition_keys),
        parameters: glue::ours(found.parameters.as_ref()),
    };
    Live { inputs, outputs: Outputs { name: found.name }, status: Status::Ready }
}
