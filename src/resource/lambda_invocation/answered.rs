//! Which functions have answered a call of this process that no read has shown yet: what is refused or not seen after the answer
//! is the record, and not a reason to call again.

use super::record::Place;
use crate::cloud::Cloud;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// Fingerprints by account, region, endpoint and place.
type Answered = HashMap<(String, String, Option<String>, String), Option<String>>;

static ANSWERED: LazyLock<Mutex<Answered>> = LazyLock::new(Mutex::default);

fn answered() -> MutexGuard<'static, Answered> {
    ANSWERED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn key(cloud: &Cloud, place: &Place) -> (String, String, Option<String>, String) {
    (cloud.account.clone(), cloud.region.clone(), cloud.endpoint().map(str::to_owned), place.id().0)
}

/// The call with this fingerprint was answered, and its record has not been seen.
pub(super) fn has(cloud: &Cloud, place: &Place, fingerprint: Option<&str>) -> bool {
    answered().get(&key(cloud, place)).is_some_and(|noted| noted.as_deref() == fingerprint)
}

pub(super) fn note(cloud: &Cloud, place: &Place, fingerprint: Option<&str>) {
    answered().insert(key(cloud, place), fingerprint.map(str::to_owned));
}

/// A read says so: from now on the record speaks for itself, also by being taken away.
pub(super) fn seen(cloud: &Cloud, place: &Place, fingerprint: Option<&str>) {
    if has(cloud, place, fingerprint) {
        forget(cloud, place);
    }
}

pub(super) fn forget(cloud: &Cloud, place: &Place) {
    answered().remove(&key(cloud, place));
}
