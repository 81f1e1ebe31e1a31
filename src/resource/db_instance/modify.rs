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
use crate::cloud::Cloud;
use crate::error::Result;
use crate::resource::Id;
use aws_sdk_rds::types::DbInstance as Found;
use view::View;

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
