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
/// arrived since; `known`: whether there was a state before. Without one the object is of another state of this very stack, and
/// not ours to take.
pub async fn search(
    cloud: &Cloud,
    kind: &'static dyn Kind,
    owner: &Owner,
    known: bool,
    inputs: &Json,
    pace: &Pace,
) -> Result<Option<Id>> {
    let started = Instant::now();
    loop {
        let found = find(cloud, kind, owner, known, inputs).await?;
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
    known: bool,
    inputs: &Json,
) -> Result<Option<Id>> {
    let any = (known && kind.profile().fixed_name).then(|| Owner::any(&owner.stack, &owner.address));
    kind.find(cloud, any.as_ref().unwrap_or(owner), inputs.clone()).await
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
