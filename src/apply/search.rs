use super::Pace;
use crate::cloud::Cloud;
use crate::error::{Error, Result};
use crate::resource::{Id, Kind, Owner};
use serde_json::Value as Json;
use std::iter::once;
use tokio::time::{Instant, sleep};

/// Looks for what a create call made and nobody recorded. It may not show in AWS's lists yet, so what is not found is
/// looked for again until `pace.propagation` has passed.
///
/// Where there can be only one object of a name, one of the `given_up` intents of this address may have arrived since. What
/// says any other intent was made by somebody else, be it by a copy of this very stack with a state of its own.
pub async fn search(
    cloud: &Cloud,
    kind: &'static dyn Kind,
    owner: &Owner,
    given_up: &[String],
    inputs: &Json,
    pace: &Pace,
) -> Result<Option<Id>> {
    let started = Instant::now();
    loop {
        let found = find(cloud, kind, owner, given_up, inputs).await?;
        if found.is_some() || started.elapsed() >= pace.propagation {
            return Ok(found);
        }
        sleep(pace.longest).await;
    }
}

/// Looks once; see [`search`].
pub async fn find(
    cloud: &Cloud,
    kind: &'static dyn Kind,
    owner: &Owner,
    given_up: &[String],
    inputs: &Json,
) -> Result<Option<Id>> {
    let given_up = if kind.profile().fixed_name { given_up } else { &[] };
    for intent in once(&owner.intent).chain(given_up) {
        let owner = Owner { intent: intent.clone(), ..owner.clone() };
        if let Some(found) = kind.find(cloud, &owner, inputs.clone()).await? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Whether the answer to a create call leaves no doubt that nothing was made. A timeout, a failure inside of AWS or a
/// throttled repetition does not, and neither does a name that is taken: the SDK repeats a call whose answer was lost,
/// and finds what the first attempt made.
pub fn refuses(error: &Error) -> bool {
    let Error::Aws(error) = error else { return false };
    let doubtful =
        ["Exist", "Duplicate", "AlreadyOwned", "Conflict", "InUse", "Throttl", "Limit", "Timeout", "Busy"];
    let code = error.code.as_deref().unwrap_or("Timeout");
    matches!(error.status, Some(400..=499))
        && !matches!(error.status, Some(408 | 409 | 429))
        && !doubtful.iter().any(|part| code.contains(part))
}
