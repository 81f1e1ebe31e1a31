//! What RDS tells of changes that it accepted and gave up: neither the call nor the status does.

use crate::cloud::{Cloud, aws};
use crate::error::{Error, Result};
use crate::resource::Id;
use aws_sdk_rds::types::{Event, SourceType};
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

/// How RDS words it, in lower case (`EVENT_FAIL_CHECKERS` in aws-cloudformation-resource-providers-rds).
const GAVE_UP: &[&str] = &[
    "engine version upgrade failed",
    "could not be upgraded",
    "in a state that cannot be upgraded",
    "unable to modify database instance class",
    "unable to modify the db instance class",
    "insufficient instance capacity",
    "storage volume limitation was exceeded",
];

/// Minutes that events are looked back for.
const DAY: i32 = 24 * 60;

/// When the last such event was, in seconds since 1970, as this process asked for a change: by account, region, instance and
/// what was asked. A later one is about the asking. AWS's own clock on both sides.
static ASKED: LazyLock<Mutex<HashMap<String, i64>>> = LazyLock::new(Default::default);

/// To be called before each request for `wanted`.
///
/// # Errors
/// RDS has given it up since this process asked for it before: what it says of it.
pub(super) async fn since_asked(cloud: &Cloud, id: &Id, wanted: &str) -> Result<()> {
    let key = format!("{}/{}/{id}/{wanted}", cloud.account, cloud.region);
    let last = last(cloud, id).await;
    let when = last.as_ref().map_or(0, |(when, _)| *when);
    let asked = |change: &mut dyn FnMut(&mut HashMap<String, i64>) -> Option<i64>| {
        change(&mut ASKED.lock().unwrap_or_else(PoisonError::into_inner))
    };
    match (asked(&mut |asked| asked.remove(&key)), last) {
        (Some(before), Some((when, said))) if when > before => Err(Error::Refused(format!(
            "RDS accepted {wanted} and gave it up: {said}. Its logs say more (`aws rds describe-db-log-files`): mend that, and \
             apply again"
        ))),
        _ => {
            asked(&mut |asked| asked.insert(key.clone(), when));
            Ok(())
        }
    }
}

/// The last event that says so. Who may not read events does without: what does not come is told all the same.
async fn last(cloud: &Cloud, id: &Id) -> Option<(i64, String)> {
    let call = cloud.rds().describe_events().source_identifier(&id.0).source_type(SourceType::DbInstance);
    let pages = call.duration(DAY).into_paginator().items().send();
    let found: std::result::Result<Vec<Event>, _> = pages.collect().await;
    let found = match found.map_err(aws("rds:DescribeEvents")) {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!(%error, "the events of {id} are not known");
            return None;
        }
    };
    let gave_up = found.into_iter().filter_map(|event| {
        let said = event.message?;
        let lower = said.to_lowercase();
        GAVE_UP.iter().any(|text| lower.contains(text)).then_some((event.date?.secs(), said))
    });
    gave_up.max_by_key(|(when, _)| *when)
}
