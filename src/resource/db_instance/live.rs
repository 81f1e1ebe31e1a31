//! What RDS says, in the terms of `stack.toml`.

use super::attributes::{Inputs, Outputs, gp3, postgres};
use super::create::EXTENDED;
use super::status::status;
use super::{DbInstance, roles, unsettled};
use crate::cloud::tags;
use crate::resource::rds::all_tags;
use crate::resource::{Id, Live};
use aws_sdk_rds::types::{DbInstance as Found, PendingModifiedValues as Pending};

pub(super) fn id(found: &Found) -> Id {
    Id(found.db_instance_identifier.clone().unwrap_or_default())
}

pub(super) fn live(found: Found, emulated: bool) -> Live<DbInstance> {
    let mut inputs = inputs(&found);
    // MiniStack takes exports and answers with an empty list, which there is no answer.
    if emulated {
        inputs.log_exports = inputs.log_exports.filter(|logs| !logs.is_empty());
    }
    let status = status(&found);
    let (scheduled, restart_due) = (scheduled(&found), unsettled::is_restart_due(&found));
    let zones = [found.availability_zone.clone(), found.secondary_availability_zone.clone()];
    let group = found.db_subnet_group.as_ref();
    let vpc_id = group.and_then(|group| group.vpc_id.clone()).filter(|id| !id.is_empty());
    let (address, port_there) = found.endpoint.map_or((None, None), |there| (there.address, there.port));
    let port = port_there.or(found.db_instance_port).and_then(port);
    let host_and_port = address.as_ref().zip(port).map(|(host, port)| format!("{host}:{port}"));
    let outputs = Outputs {
        arn: found.db_instance_arn.unwrap_or_default(),
        identifier: found.db_instance_identifier.unwrap_or_default(),
        resource_id: found.dbi_resource_id.unwrap_or_default(),
        address,
        port,
        endpoint: host_and_port,
        username: found.master_username.unwrap_or_default(),
        master_secret_arn: found.master_user_secret.and_then(|secret| secret.secret_arn),
        engine_version: found.engine_version,
        scheduled,
        restart_due,
        vpc_id,
        availability_zones: zones.into_iter().flatten().filter(|zone| !zone.is_empty()).collect(),
    };
    Live { inputs, outputs, status }
}

/// What is there or on its way: a change that waits for the maintenance window counts as made, or every plan until
/// then would show it again.
pub(super) fn inputs(found: &Found) -> Inputs {
    // What waits for the window is not made where nothing shall wait.
    let waits = !scheduled(found).is_empty();
    Inputs { apply_immediately: waits.then_some(false), ..seen(found) }
}

/// What is there, without what is on its way.
pub(super) fn running(found: &Found) -> Inputs {
    let mut there = found.clone();
    there.pending_modified_values = None;
    seen(&there)
}

/// The attributes of what is on its way, or waits for the maintenance window.
fn scheduled(found: &Found) -> Vec<String> {
    let fields = |inputs: Inputs| serde_json::to_value(inputs).unwrap_or_default();
    let (to_come, there) = (fields(seen(found)), fields(running(found)));
    let names = to_come.as_object().into_iter().flatten();
    names.filter(|(name, value)| there.get(name.as_str()) != Some(value)).map(|(name, _)| name.clone()).collect()
}

fn seen(found: &Found) -> Inputs {
    let pending = found.pending_modified_values.clone().unwrap_or_else(|| Pending::builder().build());
    let flag = |flag: Option<bool>| flag.unwrap_or(false);
    let subnet_group = found.db_subnet_group.as_ref().and_then(|group| group.db_subnet_group_name.clone());
    // One that goes is on its way, too.
    let groups = found.vpc_security_groups().iter().filter(|group| group.status() != Some("removing"));
    let mut groups: Vec<String> = groups.filter_map(|group| group.vpc_security_group_id.clone()).collect();
    groups.sort();
    let mut logs = found.enabled_cloudwatch_logs_exports().to_vec();
    if let Some(logs_pending) = &pending.pending_cloudwatch_logs_exports {
        logs.retain(|log| !logs_pending.log_types_to_disable().contains(log));
        logs.extend(logs_pending.log_types_to_enable().iter().cloned());
    }
    logs.sort();
    logs.dedup();
    let asked = found.db_instance_port.filter(|port| *port != 0);
    let answered = asked.or(found.endpoint.as_ref().and_then(|endpoint| endpoint.port));
    let managed = found.master_user_secret.as_ref().map(|_| true);
    let limit = size(found.max_allocated_storage).filter(|limit| Some(*limit) != storage(found));
    let some = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    Inputs {
        identifier: found.db_instance_identifier.clone(),
        engine: found.engine.clone().unwrap_or_else(postgres),
        engine_version: version(found),
        instance_class: pending
            .db_instance_class
            .or_else(|| found.db_instance_class.clone())
            .unwrap_or_default(),
        allocated_storage: storage(found),
        max_allocated_storage: limit,
        storage_type: pending.storage_type.or_else(|| some(&found.storage_type)).unwrap_or_else(gp3),
        iops: size(pending.iops.or(found.iops)),
        storage_throughput: size(pending.storage_throughput.or(found.storage_throughput)),
        storage_encrypted: flag(found.storage_encrypted),
        kms_key: some(&found.kms_key_id),
        database_name: some(&found.db_name),
        username: some(&found.master_username),
        password_secret: None,
        password_secret_version: None,
        // Silent where there is no secret: some emulators make none.
        manage_master_password: managed,
        db_subnet_group: pending.db_subnet_group_name.or(subnet_group),
        security_group_ids: (!groups.is_empty()).then_some(groups),
        publicly_accessible: flag(found.publicly_accessible),
        multi_az: flag(pending.multi_az.or(found.multi_az)),
        // Where a standby may take over it changes by itself.
        availability_zone: some(&found.availability_zone).filter(|_| !flag(pending.multi_az.or(found.multi_az))),
        network_type: some(&found.network_type),
        port: pending.port.or(answered).and_then(port),
        backup_retention_days: size(pending.backup_retention_period.or(found.backup_retention_period))
            .unwrap_or(0),
        backup_window: some(&found.preferred_backup_window),
        maintenance_window: some(&found.preferred_maintenance_window).map(|window| window.to_lowercase()),
        auto_minor_version_upgrade: flag(found.auto_minor_version_upgrade),
        copy_tags_to_snapshot: flag(found.copy_tags_to_snapshot),
        deletion_protection: flag(found.deletion_protection),
        skip_final_snapshot: false,
        final_snapshot_identifier: None,
        delete_automated_backups: true,
        performance_insights: flag(found.performance_insights_enabled),
        performance_insights_retention_days: size(found.performance_insights_retention_period),
        performance_insights_kms_key: some(&found.performance_insights_kms_key_id),
        monitoring_interval: found.monitoring_interval.and_then(|every| u32::try_from(every).ok()),
        monitoring_role: some(&found.monitoring_role_arn),
        extended_support: some(&found.engine_lifecycle_support).map(|word| word == EXTENDED),
        iam_authentication: flag(
            pending.iam_database_authentication_enabled.or(found.iam_database_authentication_enabled),
        ),
        log_exports: Some(logs),
        parameter_group: found.db_parameter_groups().first().and_then(|group| group.db_parameter_group_name.clone()),
        apply_immediately: None,
        roles: roles::there(found),
        ca_certificate: pending.ca_certificate_identifier.or_else(|| some(&found.ca_certificate_identifier)),
        root_certificates: None,
        tags: tags::read(&all_tags(found.tag_list().to_vec())),
    }
}

/// The version that runs or is on its way.
fn version(found: &Found) -> Option<String> {
    let pending = found.pending_modified_values.as_ref().and_then(|pending| pending.engine_version.clone());
    pending.or_else(|| found.engine_version.clone())
}

/// GiB that are there or on their way.
fn storage(found: &Found) -> Option<u32> {
    let pending = found.pending_modified_values.as_ref().and_then(|pending| pending.allocated_storage);
    size(pending.or(found.allocated_storage))
}

fn size(number: Option<i32>) -> Option<u32> {
    number.and_then(|number| u32::try_from(number).ok()).filter(|number| *number > 0)
}

fn port(number: i32) -> Option<u16> {
    u16::try_from(number).ok().filter(|port| *port > 0)
}
