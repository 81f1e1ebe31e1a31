//! What to ask RDS for: the difference between what it has and what is wanted.
//!
//! RDS takes one change at a time, and refuses a request as a whole. So each attempt sends the first request that is due, and
//! the engine comes back for the rest: first what never waits for anything, then the version, the class, and the storage,
//! which RDS may refuse for hours; the roles, which are calls of their own, one by one.

mod class;
mod events;
mod request;
mod settings;
mod storage;
mod version;
mod view;

use super::{Inputs, roles};
use crate::cloud::{Cloud, aws};
use crate::error::{Error, Result};
use crate::resource::Id;
use aws_sdk_rds::types::DbInstance as Found;
use view::View;

/// Asks for the identifier that `inputs` say. RDS begins at once, and lists the instance by the new one some minutes later.
///
/// # Errors
/// It shall wait for the maintenance window, until which nobody waits here; or nobody renames there.
pub(super) async fn rename(cloud: &Cloud, id: &Id, inputs: &Inputs) -> Result<()> {
    let new = inputs.identifier.as_deref().unwrap_or_default();
    if inputs.apply_immediately == Some(false) {
        return Err(Error::Refused(format!(
            "the database {id} is renamed to {new} at once or not at all: set apply_immediately = true for this apply"
        )));
    }
    if cloud.local.is_some() {
        return Err(Error::Refused(format!(
            "the local cloud does not rename databases: keep the identifier {id}, or make {new} anew with --replace"
        )));
    }
    let call = cloud.rds().modify_db_instance().db_instance_identifier(&id.0).new_db_instance_identifier(new);
    call.apply_immediately(true).send().await.map_err(aws("rds:ModifyDBInstance"))?;
    Ok(())
}

/// Sends the first request that is due. What is wanted is compared with what RDS says at this moment, since `before` is
/// what was read before earlier requests.
pub(super) async fn next(cloud: &Cloud, id: &Id, found: &Found, before: &Inputs, after: &Inputs) -> Result<()> {
    let view = View::of(found, after);
    if settings::change(cloud, id, &view, before, after).await?
        || version::change(cloud, id, &view, after).await?
        || class::change(cloud, id, &view, after).await?
        || storage::change(cloud, id, &view, after).await?
    {
        return Ok(());
    }
    roles::change(cloud, id, found, after).await
}
