//! Parts of a database that come or go while it is `available`.

use super::roles;
use aws_sdk_rds::types::DbInstance as Found;

/// What RDS is still at, if anything.
pub(super) fn unsettled(found: &Found) -> Option<String> {
    roles::pending(found).or_else(|| groups(found)).or_else(|| parameters(found)).or_else(|| secret(found))
}

/// A security group that comes or goes.
fn groups(found: &Found) -> Option<String> {
    let moving = |status: Option<&str>| status.is_some_and(|status| matches!(status, "adding" | "removing"));
    let group = found.vpc_security_groups().iter().find(|group| moving(group.status()))?;
    let id = group.vpc_security_group_id().unwrap_or_default();
    Some(format!("{} the security group {id}", group.status().unwrap_or_default()))
}

/// What waits for a restart waits for somebody, and is no reason to wait here.
fn parameters(found: &Found) -> Option<String> {
    let mut groups = found.db_parameter_groups().iter();
    groups.any(|group| group.parameter_apply_status() == Some("applying")).then(|| "applying the parameter group".to_owned())
}

/// Whether the parameters that it has are those of its group only after a restart.
pub(super) fn is_restart_due(found: &Found) -> bool {
    let mut groups = found.db_parameter_groups().iter();
    groups.any(|group| group.parameter_apply_status() == Some("pending-reboot"))
}

/// The secret of a managed password, without which nobody can log in.
fn secret(found: &Found) -> Option<String> {
    let secret = found.master_user_secret.as_ref()?;
    (secret.secret_status() == Some("creating")).then(|| "creating the secret of the password".to_owned())
}
