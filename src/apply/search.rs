use super::Pace;
use crate::cloud::Cloud;
use crate::error::{Error, Result};
use crate::resource::{Id, Kind, Owner};
use serde_json::Value as Json;
use tokio::time::{Instant, sleep};

/// Looks for what a create call made and nobody recorded. It may not show in AWS's lists yet, so what is not found is
/// looked for again until `pace.propagation` has passed.
pub async fn search(
    cloud: &Cloud,
    kind: &'static dyn Kind,
    owner: &Owner,
    inputs: &Json,
    pace: &Pace,
) -> Result<Option<Id>> {
    let started = Instant::now();
    loop {
        let found = kind.find(cloud, owner, inputs.clone()).await?;
        if found.is_some() || started.elapsed() >= pace.propagation {
            return Ok(found);
        }
        sleep(pace.longest).await;
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
