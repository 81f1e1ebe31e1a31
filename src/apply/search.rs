use super::Pace;
use crate::cloud::Cloud;
use crate::error::{Error, Result};
use crate::resource::{Id, Kind, Owner};
use serde_json::Value as Json;
use tokio::time::{Instant, sleep};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub id: Id,
    /// By the very create whose inputs these are, and not by an earlier one of the same address.
    pub exact: bool,
}

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
) -> Result<Option<Found>> {
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
) -> Result<Option<Found>> {
    let found = kind.find(cloud, owner, inputs.clone()).await?;
    let Some(recorded) = recorded.filter(|_| found.is_none() && kind.profile().fixed_name) else {
        return Ok(found.map(|id| Found { id, exact: true }));
    };
    let any = Owner::any(&owner.stack, &owner.address);
    match kind.find(cloud, &any, inputs.clone()).await {
        // What is to be replaced says the same address, and is known.
        Ok(found) => Ok(found.filter(|id| !recorded.contains(id)).map(|id| Found { id, exact: false })),
        Err(Error::Ambiguous { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the error says that nothing was made: AWS refused, or we did. A call that was not answered, or whose answer says
/// that something broke, does not; nor does a refusal after an attempt of that sort (`doubt`), since the SDK repeats a call
/// and finds what its first attempt made: the name is taken by then, or the limit is reached.
pub fn refuses(error: &Error, doubt: bool) -> bool {
    let of_what_is_there =
        ["Exist", "Duplicate", "AlreadyOwned", "Conflict", "InUse", "Throttl", "Limit", "Timeout", "Busy"];
    match error {
        Error::Inputs { .. } => true,
        Error::Refused(_) => !doubt,
        Error::Aws(error) => {
            let code = error.code.as_deref().unwrap_or("Timeout");
            let definite = matches!(error.status, Some(400..=499)) && error.status != Some(408);
            let of_another = matches!(error.status, Some(409 | 429))
                || of_what_is_there.iter().any(|part| code.contains(part));
            definite && !(doubt && of_another) && error.code.is_some()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
