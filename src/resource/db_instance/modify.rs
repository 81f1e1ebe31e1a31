//! What to ask RDS for: the difference between what it has and what is wanted, in one request.

use super::{Inputs, live, password};
use crate::cloud::Cloud;
use crate::error::Result;
use aws_sdk_rds::operation::modify_db_instance::builders::ModifyDBInstanceFluentBuilder as Modify;
use aws_sdk_rds::types::{CloudwatchLogsExportConfiguration, DbInstance as Found};

/// None where nothing differs: RDS refuses a request that changes nothing. Compared with what RDS says at this moment
/// (pending changes included), since `before` is silent about version and size.
pub(super) async fn request(
    cloud: &Cloud,
    found: &Found,
    before: &Inputs,
    after: &Inputs,
) -> Result<Option<Modify>> {
    let plain = plain(cloud.rds().modify_db_instance(), found, after);
    let call = with_password(cloud, plain.0, before, after).await?;
    Ok((plain.1 || call.1).then_some(call.0))
}

/// A request with all differences but the password, and whether there are any.
fn plain(call: Modify, found: &Found, after: &Inputs) -> (Modify, bool) {
    let there = live::inputs(found);
    let (version, storage) = (live::version(found), live::storage(found));
    let mut change = Requested { call, any: false };
    // Where nothing is wanted there is no opinion; where nothing is known there is a difference.
    let class = Some(&after.instance_class);
    change.if_wanted(class, Some(&there.instance_class), |call, class| call.db_instance_class(class));
    if let Some(wanted) = &after.engine_version
        && !version.as_deref().is_some_and(|running| covers(wanted, running))
    {
        let major = |version: &str| version.split('.').next().map(str::to_owned);
        let leap = version.as_deref().is_some_and(|running| major(running) != major(wanted));
        let allow = leap.then_some(true);
        change.put(|call| call.engine_version(wanted).set_allow_major_version_upgrade(allow));
    }
    // Storage that RDS grew by itself, or that cannot shrink, stays; a wish for less fails where it was made, in AWS.
    let grown = after.max_allocated_storage.is_some() && storage >= after.allocated_storage;
    if !grown {
        let wanted = after.allocated_storage.as_ref();
        change.if_wanted(wanted, storage.as_ref(), |call, size| call.allocated_storage(size.cast_signed()));
    }
    if there.max_allocated_storage != after.max_allocated_storage {
        // Switched off by a limit that is the size itself.
        let limit = after.max_allocated_storage.or(after.allocated_storage.max(storage));
        change.put(|call| call.set_max_allocated_storage(limit.map(u32::cast_signed)));
    }
    let kind = Some(&after.storage_type);
    change.if_wanted(kind, Some(&there.storage_type), |call, kind| call.storage_type(kind));
    let group = after.db_subnet_group.as_ref();
    change.if_wanted(group, there.db_subnet_group.as_ref(), |call, name| call.db_subnet_group_name(name));
    let mut groups = after.security_group_ids.clone().filter(|groups| !groups.is_empty());
    if let Some(groups) = &mut groups {
        groups.sort();
    }
    change.if_wanted(groups.as_ref(), there.security_group_ids.as_ref(), |call, groups| {
        call.set_vpc_security_group_ids(Some(groups.clone()))
    });
    change.if_wanted(after.port.as_ref(), there.port.as_ref(), |call, port| {
        call.db_port_number(i32::from(*port))
    });
    let window = after.backup_window.as_ref();
    change.if_wanted(window, there.backup_window.as_ref(), |call, when| call.preferred_backup_window(when));
    let window = after.maintenance_window.as_ref();
    change.if_wanted(window, there.maintenance_window.as_ref(), |call, when| {
        call.preferred_maintenance_window(when)
    });
    let group = after.parameter_group.as_ref();
    change.if_wanted(group, there.parameter_group.as_ref(), |call, name| call.db_parameter_group_name(name));
    let ca = after.ca_certificate.as_ref();
    change.if_wanted(ca, there.ca_certificate.as_ref(), |call, ca| call.ca_certificate_identifier(ca));
    let days = Some(&after.backup_retention_days);
    change.if_wanted(days, Some(&there.backup_retention_days), |call, days| {
        call.backup_retention_period(days.cast_signed())
    });
    type Set = fn(Modify, bool) -> Modify;
    let switches: [(bool, bool, Set); 7] = [
        (there.publicly_accessible, after.publicly_accessible, Modify::publicly_accessible),
        (there.multi_az, after.multi_az, Modify::multi_az),
        (there.auto_minor_version_upgrade, after.auto_minor_version_upgrade, Modify::auto_minor_version_upgrade),
        (there.copy_tags_to_snapshot, after.copy_tags_to_snapshot, Modify::copy_tags_to_snapshot),
        (there.deletion_protection, after.deletion_protection, Modify::deletion_protection),
        (there.performance_insights, after.performance_insights, Modify::enable_performance_insights),
        (there.iam_authentication, after.iam_authentication, Modify::enable_iam_database_authentication),
    ];
    for (there, wanted, set) in switches {
        if there != wanted {
            change.put(|call| set(call, wanted));
        }
    }
    let missing = |from: &[String], other: &[String]| -> Vec<String> {
        from.iter().filter(|log| !other.contains(log)).cloned().collect()
    };
    let on = missing(&after.log_exports, &there.log_exports);
    let off = missing(&there.log_exports, &after.log_exports);
    if !on.is_empty() || !off.is_empty() {
        let logs = CloudwatchLogsExportConfiguration::builder();
        let logs = logs.set_enable_log_types(Some(on)).set_disable_log_types(Some(off)).build();
        change.put(|call| call.cloudwatch_logs_export_configuration(logs));
    }
    (change.call, change.any)
}

/// From a managed password to one of our own and back; and a new value of our own.
async fn with_password(cloud: &Cloud, call: Modify, before: &Inputs, after: &Inputs) -> Result<(Modify, bool)> {
    let secret = |inputs: &Inputs| (inputs.password_secret.clone(), inputs.password_secret_version.clone());
    match (&before.password_secret, &after.password_secret) {
        (_, Some(_)) if secret(before) != secret(after) || before.manage_master_password == Some(true) => {
            let password = password::wanted(cloud, after).await?.password;
            let managed = (before.manage_master_password == Some(true)).then_some(false);
            Ok((call.set_manage_master_user_password(managed).set_master_user_password(password), true))
        }
        (Some(_), None) => Ok((call.manage_master_user_password(true), true)),
        (None, None) if after.manage_master_password == Some(true) && before.manage_master_password != Some(true) => {
            Ok((call.manage_master_user_password(true), true))
        }
        _ => Ok((call, false)),
    }
}

struct Requested {
    call: Modify,
    any: bool,
}

impl Requested {
    fn put(&mut self, set: impl FnOnce(Modify) -> Modify) {
        self.call = set(self.call.clone());
        self.any = true;
    }

    fn if_wanted<T: PartialEq>(
        &mut self,
        wanted: Option<&T>,
        there: Option<&T>,
        set: impl FnOnce(Modify, &T) -> Modify,
    ) {
        if let Some(value) = wanted.filter(|value| there != Some(*value)) {
            self.put(|call| set(call, value));
        }
    }
}

/// `16` covers 16.4 and not 160.
pub(super) fn covers(wanted: &str, running: &str) -> bool {
    running.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
}
