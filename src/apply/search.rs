use super::Pace;
use crate::cloud::Cloud;
use crate::error::{Error, Result};
use crate::resource::{Id, Kind, Owner};
use serde_json::Value as Json;
use tokio::time::{Instant, sleep};

/// Looks for what a create call made and nobody recorded. It may not show in AWS's lists yet, so what is not found is
/// looked for again until `pace.propagation` has passed.
///
/// Where there can be only one object of a name, any create of this address may have made it, such as one that was given up and
/// arrived since. `recorded`: what the state has at this address; `None` where there was no state before: then such an object is of
/// another state of this very stack, and not ours to take.
pub async fn search(
    cloud: &Cloud,
    kind: &'static dyn Kind,
    owner: &Owner,
    recorded: Option<&[Id]>,
    inputs: &Json,
    pace: &Pace,
) -> Result<Option<Id>> {
    let started = Instant::now();
    loop {
        let found = find(cloud, kind, owner, recorded, inputs).await?;
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
    recorded: Option<&[Id]>,
    inputs: &Json,
) -> Result<Option<Id>> {
    let found = kind.find(cloud, owner, inputs.clone()).await?;
    let Some(recorded) = recorded.filter(|_| found.is_none() && kind.profile().fixed_name) else {
        return Ok(found);
    };
    let any = Owner::any(&owner.stack, &owner.address);
    match kind.find(cloud, &any, inputs.clone()).await {
        // What is to be replaced says the same address, and is known.
        Ok(found) => Ok(found.filter(|id| !recorded.contains(id))),
        Err(Error::Ambiguous { .. }) => Ok(None),
        Err(error) => Err(error),
    }
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

#[cfg(test)]
mod tests;
