//! `[db_instance.NAME]`: a Postgres database in RDS.

mod attributes;
mod create;
mod live;
mod modify;
mod password;
mod permits;
mod roles;
mod rules;
mod status;
mod unsettled;

use super::rds::{self, retries::RETRIES};
use super::{Change, Create, Holds, Id, Leftover, Live, Owner, Profile, Resource, Typical, Wait};
use crate::cloud::{Cloud, Gone, Remedy, aws, tags};
use crate::error::{Error, Result};
use aws_sdk_rds::types::{DbInstance as Found, Filter};
use serde_json::Value as Json;
use status::{Snapshot, snapshot};
use std::collections::HashMap;

pub use attributes::{Inputs, Outputs};

pub struct DbInstance;

const GONE: &[&str] = &["DBInstanceNotFound"];

/// 36 hours, as AWS's own handlers wait (`timeoutInMinutes` of `aws-rds-dbinstance.json`): a final snapshot or another storage
/// of a large database takes many hours, in which RDS says that it is at work.
const PATIENCE: u64 = 36 * 3600;

impl Resource for DbInstance {
    const KIND: &'static str = "db_instance";
    const PROFILE: Profile = Profile {
        create: Wait::secs(60, 30, 2, PATIENCE),
        // After a change the state stays `available` for tens of seconds before it becomes `modifying`.
        update: Wait::secs(60, 30, 3, PATIENCE),
        delete: Wait::secs(30, 30, 1, PATIENCE).equal(2, 5),
        typical: Typical { create: 420, update: 300, delete: 360 },
        gone: GONE,
        retries: RETRIES,
        fixed_name: true,
        identity: &["identifier"],
        actions: permits::ACTIONS,
    };
    const HOLDS: Holds = Holds::Data("its databases");
    type Inputs = Inputs;
    type Outputs = Outputs;

    async fn create(ctx: &Create<'_>, inputs: &Inputs) -> Result<Id> {
        create::create(ctx, inputs).await
    }

    async fn find(cloud: &Cloud, owner: &Owner, inputs: &Inputs) -> Result<Option<Id>> {
        let id = Id(inputs.identifier.clone().unwrap_or_default());
        let found = list(cloud, std::slice::from_ref(&id)).await?.pop();
        let all = found.map(|found| rds::all_tags(found.tag_list.unwrap_or_default()));
        Ok(all.is_some_and(|all| owner.owns(&all)).then_some(id))
    }

    async fn read(cloud: &Cloud, ids: &[Id]) -> Result<HashMap<Id, Live<Self>>> {
        let found = list(cloud, ids).await?;
        Ok(found.into_iter().map(|found| (live::id(&found), live::live(found, cloud.emulated))).collect())
    }

    async fn update(cloud: &Cloud, id: &Id, change: Change<'_, Inputs>) -> Result<()> {
        let (before, after) = (change.before, change.after);
        let Some(found) = list(cloud, std::slice::from_ref(id)).await?.pop() else {
            return Err(Error::Refused(format!("the database {id} is gone: run `stackctl plan` again")));
        };
        // First the tags, which RDS takes at any time, whatever becomes of the rest.
        let (removed, set) = tags::changes(&before.tags, &after.tags);
        rds::retag(cloud, found.db_instance_arn.as_deref().unwrap_or_default(), removed, set).await?;
        modify::next(cloud, id, &found, before, after).await
    }

    fn renamed(inputs: &Inputs) -> Option<Id> {
        inputs.identifier.clone().map(Id)
    }

    async fn rename(cloud: &Cloud, id: &Id, inputs: &Inputs) -> Result<()> {
        modify::rename(cloud, id, inputs).await
    }

    async fn delete(cloud: &Cloud, id: &Id, live: &Live<Self>) -> Result<()> {
        let inputs = &live.inputs;
        if inputs.deletion_protection {
            return Err(Error::Refused(format!(
                "RDS protects the database {id} from deletion: set deletion_protection = false, apply, and try again"
            )));
        }
        if snapshot(&live.status) == Snapshot::Refused && !inputs.skip_final_snapshot {
            let what = live.status.ailment().map(ToString::to_string).unwrap_or_default();
            return Err(Error::Refused(format!(
                "RDS makes no final snapshot of the database {id} as it is ({what}): set skip_final_snapshot = true to \
                 give its data up"
            )));
        }
        let name = leaves_snapshot(live).then(|| final_snapshot(id, live));
        let call = cloud
            .rds()
            .delete_db_instance()
            .db_instance_identifier(&id.0)
            .skip_final_snapshot(name.is_none())
            .set_final_db_snapshot_identifier(name)
            .delete_automated_backups(inputs.delete_automated_backups);
        let deleted = call
            .send()
            .await
            .map_err(aws("rds:DeleteDBInstance"))
            .remedy(&["DBSnapshotAlreadyExists"], "set another `final_snapshot_identifier`")
            .gone(GONE);
        match deleted {
            Err(Error::Aws(error))
                if error.code.as_deref() == Some("InvalidDBInstanceState")
                    && error.message.contains("already being deleted") =>
            {
                Ok(())
            }
            other => other.map(|_| ()),
        }
    }

    fn leaves(id: &Id, live: &Live<Self>) -> Vec<Leftover> {
        let snapshot = leaves_snapshot(live).then(|| {
            let name = final_snapshot(id, live);
            let delete = format!("aws rds delete-db-snapshot --db-snapshot-identifier {name}");
            Leftover { what: "final snapshot", name, delete }
        });
        let backups = (!live.inputs.delete_automated_backups).then(|| {
            let name = live.outputs.resource_id.clone();
            let delete = format!("aws rds delete-db-instance-automated-backup --dbi-resource-id {name}");
            Leftover { what: "automated backups", name, delete }
        });
        snapshot.into_iter().chain(backups).collect()
    }

    fn check(inputs: &Json) -> Vec<(String, String)> {
        rules::check(inputs)
    }
}

/// Of one that never was ready there is nothing to be saved, and RDS takes no deletion with a snapshot.
fn leaves_snapshot(live: &Live<DbInstance>) -> bool {
    !live.inputs.skip_final_snapshot && snapshot(&live.status) == Snapshot::Possible
}

/// The same at every attempt to delete this instance, and never that of an earlier one of the same name.
fn final_snapshot(id: &Id, live: &Live<DbInstance>) -> String {
    live.inputs.final_snapshot_identifier.clone().unwrap_or_else(|| {
        let unique = live.outputs.resource_id.trim_start_matches("db-").to_lowercase();
        let unique: String = unique.chars().filter(char::is_ascii_alphanumeric).collect();
        format!("{id}-final-{unique}")
    })
}

/// Names in one filter. The limit of RDS is not documented; a page has a hundred.
const CHUNK: usize = 100;

/// As few calls as filters allow; a filter does not mind names that are gone, a lookup by name does.
async fn list(cloud: &Cloud, ids: &[Id]) -> Result<Vec<Found>> {
    let mut found = vec![];
    for chunk in ids.chunks(CHUNK) {
        found.extend(list_some(cloud, chunk).await?);
    }
    Ok(found)
}

async fn list_some(cloud: &Cloud, ids: &[Id]) -> Result<Vec<Found>> {
    let names = ids.iter().map(|id| id.0.clone()).collect();
    let filter = Filter::builder().name("db-instance-id").set_values(Some(names)).build();
    let mut pages = cloud.rds().describe_db_instances().filters(filter).into_paginator().items().send();
    let mut found = vec![];
    while let Some(one) = pages.next().await {
        let Some(one) = one.map_err(aws("rds:DescribeDBInstances")).gone(GONE)? else { break };
        // Not every emulator filters.
        if ids.iter().any(|id| one.db_instance_identifier.as_ref() == Some(&id.0)) {
            found.push(one);
        }
    }
    Ok(found)
}
