//! Everything that is neither version nor machine nor storage, and the password.

use super::request::Request;
use super::version::is_leap;
use super::view::View;
use crate::cloud::Cloud;
use crate::error::Result;
use crate::resource::Id;
use crate::resource::db_instance::create::lifecycle;
use crate::resource::db_instance::{Inputs, password};
use aws_sdk_rds::operation::modify_db_instance::builders::ModifyDBInstanceFluentBuilder as Modify;
use aws_sdk_rds::types::CloudwatchLogsExportConfiguration;

/// Whether anything of it was asked for.
pub(super) async fn change(cloud: &Cloud, id: &Id, view: &View, before: &Inputs, after: &Inputs) -> Result<bool> {
    let mut request = Request::new(cloud, id, after);
    place(&mut request, view, after);
    times(&mut request, view, after);
    watch(&mut request, view, after);
    switches(&mut request, view, after);
    limit(&mut request, view, after);
    secret(cloud, &mut request, before, after).await?;
    request.send().await
}

/// The unset is no opinion.
macro_rules! differing {
    ($request:ident, $view:ident, $after:ident, $name:ident, $set:expr) => {
        let has = $view.has_any(&$after.$name, |there| there.$name.clone());
        $request.unless(has, &$after.$name, $set);
    };
}

fn place(request: &mut Request, view: &View, after: &Inputs) {
    differing!(request, view, after, db_subnet_group, |call, name| call.db_subnet_group_name(name));
    differing!(request, view, after, network_type, |call, sort| call.network_type(sort));
    differing!(request, view, after, port, |call, port| call.db_port_number(i32::from(*port)));
    let groups = after.security_group_ids.clone().filter(|groups| !groups.is_empty()).map(sorted);
    let has = view.has_any(&groups, |there| there.security_group_ids.clone().map(sorted));
    request.unless(has, &groups, |call, groups| call.set_vpc_security_group_ids(Some(groups.clone())));
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

fn times(request: &mut Request, view: &View, after: &Inputs) {
    differing!(request, view, after, backup_window, |call, when| call.preferred_backup_window(when));
    differing!(request, view, after, maintenance_window, |call, when| call.preferred_maintenance_window(when));
    if !view.has(&after.backup_retention_days, |there| there.backup_retention_days) {
        request.put(|call| call.backup_retention_period(after.backup_retention_days.cast_signed()));
    }
}

fn watch(request: &mut Request, view: &View, after: &Inputs) {
    // One for another major version goes with that.
    if !is_leap(view, after) {
        differing!(request, view, after, parameter_group, |call, name| call.db_parameter_group_name(name));
    }
    differing!(request, view, after, ca_certificate, |call, ca| call.ca_certificate_identifier(ca));
    differing!(request, view, after, extended_support, |call, on| call.engine_lifecycle_support(lifecycle(*on)));
    differing!(request, view, after, monitoring_interval, |call, every| call.monitoring_interval(every.cast_signed()));
    // Without an interval there is no role.
    if after.monitoring_interval != Some(0) {
        differing!(request, view, after, monitoring_role, |call, role| call.monitoring_role_arn(role));
    }
    insights(request, view, after);
    let there = view.there.log_exports.clone().unwrap_or_default();
    let wanted = after.log_exports.as_ref().unwrap_or(&there);
    let missing = |from: &[String], other: &[String]| -> Vec<String> {
        from.iter().filter(|log| !other.contains(log)).cloned().collect()
    };
    let (on, off) = (missing(wanted, &there), missing(&there, wanted));
    if !on.is_empty() || !off.is_empty() {
        let logs = CloudwatchLogsExportConfiguration::builder();
        let logs = logs.set_enable_log_types(Some(on)).set_disable_log_types(Some(off)).build();
        request.put(|call| call.cloudwatch_logs_export_configuration(logs));
    }
}

/// RDS takes days and key only with the switch.
fn insights(request: &mut Request, view: &View, after: &Inputs) {
    let on = after.performance_insights;
    let switched = !view.has(&on, |there| there.performance_insights);
    let (days, key) = (&after.performance_insights_retention_days, &after.performance_insights_kms_key);
    let differs = on
        && !(view.has_any(days, |there| there.performance_insights_retention_days)
            && view.has_any(key, |there| there.performance_insights_kms_key.clone()));
    if switched || differs {
        request.put(|call| call.enable_performance_insights(on));
    }
    if on && (switched || differs) {
        request.unless(false, days, |call, days| call.performance_insights_retention_period(days.cast_signed()));
        request.unless(false, key, |call, key| call.performance_insights_kms_key_id(key));
    }
}

fn switches(request: &mut Request, view: &View, after: &Inputs) {
    type Switch = (fn(&Inputs) -> bool, fn(Modify, bool) -> Modify);
    let all: [Switch; 6] = [
        (|inputs| inputs.publicly_accessible, Modify::publicly_accessible),
        (|inputs| inputs.multi_az, Modify::multi_az),
        (|inputs| inputs.auto_minor_version_upgrade, Modify::auto_minor_version_upgrade),
        (|inputs| inputs.copy_tags_to_snapshot, Modify::copy_tags_to_snapshot),
        (|inputs| inputs.deletion_protection, Modify::deletion_protection),
        (|inputs| inputs.iam_authentication, Modify::enable_iam_database_authentication),
    ];
    for (of, set) in all {
        let wanted = of(after);
        if !view.has(&wanted, of) {
            request.put(|call| set(call, wanted));
        }
    }
}

/// Up to where the storage grows by itself: no change of the storage.
fn limit(request: &mut Request, view: &View, after: &Inputs) {
    if view.there.max_allocated_storage != after.max_allocated_storage {
        // Switched off by a limit that is the size itself.
        let size = after.allocated_storage.max(view.there.allocated_storage);
        let limit = after.max_allocated_storage.or(size);
        request.put(|call| call.set_max_allocated_storage(limit.map(u32::cast_signed)));
    }
}

/// From a managed password to one of our own and back; and a new value of our own.
async fn secret(cloud: &Cloud, request: &mut Request, before: &Inputs, after: &Inputs) -> Result<()> {
    let secret = |inputs: &Inputs| (inputs.password_secret.clone(), inputs.password_secret_version.clone());
    let managed = |inputs: &Inputs| inputs.manage_master_password == Some(true);
    match (&before.password_secret, &after.password_secret) {
        (_, Some(_)) if secret(before) != secret(after) || managed(before) => {
            let password = password::wanted(cloud, after).await?.password;
            let unmanaged = managed(before).then_some(false);
            request.put(|call| call.set_manage_master_user_password(unmanaged).set_master_user_password(password));
        }
        (Some(_), None) => request.put(|call| call.manage_master_user_password(true)),
        (None, None) if managed(after) && !managed(before) => {
            request.put(|call| call.manage_master_user_password(true));
        }
        _ => {}
    }
    Ok(())
}
