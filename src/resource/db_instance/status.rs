//! What RDS's word for the state of a database means: `DBInstanceStatus`, as "Viewing Amazon RDS DB instance status" of its
//! guide lists them.

use super::unsettled;
use crate::resource::Status;
use aws_sdk_rds::types::DbInstance as Found;

/// It is there as it was, and somebody can bring it back.
const AILING: &[(&str, &str)] = &[
    ("stopped", "start it with `aws rds start-db-instance`; AWS does so by itself after seven days"),
    ("storage-full", "raise `allocated_storage`"),
    (
        "incompatible-parameters",
        "take another `parameter_group`, or set back the parameters that do not fit, and restart it with `aws rds reboot-db-instance`",
    ),
    ("incompatible-option-group", "give its option group back what it had"),
    ("inaccessible-encryption-credentials", "enable the KMS key of its storage and let RDS use it"),
    (
        "inaccessible-encryption-credentials-recoverable",
        "enable the KMS key of its storage, let RDS use it, and start the database with `aws rds start-db-instance`",
    ),
];

/// There is no way back from these. Of one that was never ready nothing is lost with it.
const FAILED: &[&str] = &[
    "failed",
    "incompatible-create",
    "incompatible-network",
    "incompatible-restore",
    "insufficient-capacity",
    "restore-error",
];

/// In these RDS takes a deletion only without a final snapshot. Source: the API reference of `DeleteDBInstance`.
const WITHOUT_SNAPSHOT: &[&str] = &["failed", "incompatible-network", "incompatible-restore"];

pub(super) fn status(found: &Found) -> Status {
    let word = found.db_instance_status.clone().unwrap_or_default();
    let pending = found.pending_modified_values.as_ref();
    let growing = pending.is_some_and(|pending| pending.allocated_storage.is_some());
    match word.as_str() {
        // With the storage being optimised it serves as ever; that can take hours.
        "available" | "storage-optimization" | "storage-initialization" => match &found.endpoint {
            Some(endpoint) if endpoint.address.is_some() => match unsettled::unsettled(found) {
                Some(what) => Status::Pending(what),
                None => Status::Ready,
            },
            _ => Status::Pending("waiting for an address".to_owned()),
        },
        "storage-full" if growing => Status::Pending(word),
        word if FAILED.contains(&word) && !was_ready(found) => Status::Lost(said(found, word)),
        word if FAILED.contains(&word) => Status::ailing(
            said(found, word),
            "RDS cannot bring it back: restore it to a point in time under another identifier, or give its data up with `--replace`",
        ),
        word => match AILING.iter().find(|(ails, _)| *ails == word) {
            Some((_, help)) => Status::ailing(said(found, word), *help),
            // A word of tomorrow as well.
            None => Status::Pending(word.to_owned()),
        },
    }
}

/// RDS says when it was made, or up to when it can be restored, once it has been available.
fn was_ready(found: &Found) -> bool {
    found.instance_create_time.is_some() || found.latest_restorable_time.is_some()
}

fn said(found: &Found, word: &str) -> String {
    let more = found.status_infos().iter().filter_map(|info| info.message.clone());
    std::iter::once(word.to_owned()).chain(more).collect::<Vec<_>>().join(": ")
}

/// Whether a final snapshot can be made of it, and whether there is anything to be saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Snapshot {
    Possible,
    /// It never was ready.
    Needless,
    /// RDS makes none of it.
    Refused,
}

pub(super) fn snapshot(status: &Status) -> Snapshot {
    let within = |text: &str| WITHOUT_SNAPSHOT.contains(&text.split(':').next().unwrap_or_default());
    match status {
        Status::Lost(_) => Snapshot::Needless,
        Status::Ailing(ailment) if within(&ailment.what) => Snapshot::Refused,
        _ => Snapshot::Possible,
    }
}
