//! The values that this process wrote lately. Secrets Manager may answer for a moment which version was the current one
//! before, and a database that is told that one keeps the old password.

use crate::cloud::Cloud;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a read may still show what was there before a write.
const STALE: Duration = Duration::from_secs(60);

/// When, and the version, by account, region and ARN.
type Written = HashMap<String, (Instant, String)>;

static WRITTEN: LazyLock<Mutex<Written>> = LazyLock::new(Default::default);

fn written() -> MutexGuard<'static, Written> {
    let mut written = WRITTEN.lock().unwrap_or_else(PoisonError::into_inner);
    written.retain(|_, (at, _)| at.elapsed() < STALE);
    written
}

fn key(cloud: &Cloud, arn: &str) -> String {
    format!("{}/{}/{arn}", cloud.account, cloud.region)
}

/// The value that is current from now on.
pub(super) fn note(cloud: &Cloud, arn: &str, version: Option<String>) {
    if let Some(version) = version {
        written().insert(key(cloud, arn), (Instant::now(), version));
    }
}

/// The current version, from the stages of all versions as read.
pub(super) fn current(cloud: &Cloud, arn: &str, stages: HashMap<String, Vec<String>>) -> Option<String> {
    let has = |version: &str, stage: &str| stages.get(version).is_some_and(|all| all.iter().any(|one| one == stage));
    let read = stages.keys().find(|version| has(version, "AWSCURRENT")).cloned();
    let mut written = written();
    let key = key(cloud, arn);
    let Some((_, own)) = written.get(&key) else { return read };
    // It shows, or somebody has written another one since.
    if read.as_ref() == Some(own) || has(own, "AWSPREVIOUS") {
        written.remove(&key);
        return read;
    }
    Some(own.clone())
}
