//! The call that makes a database.

use super::attributes::Inputs;
use super::password;
use crate::cloud::aws;
use crate::error::Result;
use crate::resource::rds::{self, role};
use crate::resource::taken::Taken;
use crate::resource::{Create, Id};

/// The smallest that `gp3` can be.
const SMALLEST: u32 = 20;

pub(super) async fn create(ctx: &Create<'_>, inputs: &Inputs) -> Result<Id> {
    let master = password::wanted(ctx.cloud, inputs).await?;
    let insights = inputs.performance_insights.then_some(());
    let days = inputs.performance_insights_retention_days.map(u32::cast_signed);
    let call = ctx
        .cloud
        .rds()
        .create_db_instance()
        .set_db_instance_identifier(inputs.identifier.clone())
        .engine(&inputs.engine)
        .set_engine_version(inputs.engine_version.clone())
        .db_instance_class(&inputs.instance_class)
        .allocated_storage(inputs.allocated_storage.unwrap_or(SMALLEST).cast_signed())
        .set_max_allocated_storage(inputs.max_allocated_storage.map(u32::cast_signed))
        .storage_type(&inputs.storage_type)
        .set_iops(inputs.iops.map(u32::cast_signed))
        .set_storage_throughput(inputs.storage_throughput.map(u32::cast_signed))
        .storage_encrypted(inputs.storage_encrypted)
        .set_kms_key_id(inputs.kms_key.clone())
        .set_db_name(inputs.database_name.clone())
        .master_username(master.username)
        .set_manage_master_user_password(master.password.is_none().then_some(true))
        .set_master_user_password(master.password)
        .set_db_subnet_group_name(inputs.db_subnet_group.clone())
        .set_vpc_security_group_ids(inputs.security_group_ids.clone())
        .publicly_accessible(inputs.publicly_accessible)
        .multi_az(inputs.multi_az)
        .set_availability_zone(inputs.availability_zone.clone())
        .set_network_type(inputs.network_type.clone())
        .set_port(inputs.port.map(i32::from))
        .backup_retention_period(inputs.backup_retention_days.cast_signed())
        .set_preferred_backup_window(inputs.backup_window.clone())
        .set_preferred_maintenance_window(inputs.maintenance_window.clone())
        .auto_minor_version_upgrade(inputs.auto_minor_version_upgrade)
        .copy_tags_to_snapshot(inputs.copy_tags_to_snapshot)
        .deletion_protection(inputs.deletion_protection)
        .enable_performance_insights(inputs.performance_insights)
        .set_performance_insights_retention_period(insights.and(days))
        .set_performance_insights_kms_key_id(insights.and(inputs.performance_insights_kms_key.clone()))
        .set_monitoring_interval(inputs.monitoring_interval.map(u32::cast_signed))
        .set_monitoring_role_arn(inputs.monitoring_role.clone())
        .set_engine_lifecycle_support(inputs.extended_support.map(lifecycle))
        .enable_iam_database_authentication(inputs.iam_authentication)
        .set_enable_cloudwatch_logs_exports(
            inputs.log_exports.clone().filter(|logs| !logs.is_empty()),
        )
        .set_db_parameter_group_name(inputs.parameter_group.clone())
        .set_ca_certificate_identifier(inputs.ca_certificate.clone())
        .set_tags(Some(rds::tagged(ctx.tags(&inputs.tags))));
    let made = role::explained(call.send().await.map_err(aws("rds:CreateDBInstance"))).taken(
        &["DBInstanceAlreadyExists"],
        "a DB instance",
        inputs.identifier.as_deref(),
        "identifier",
    )?;
    let identifier = made.db_instance.and_then(|made| made.db_instance_identifier);
    Ok(Id(identifier.or_else(|| inputs.identifier.clone()).unwrap_or_default()))
}

/// How RDS spells whether a version is maintained beyond its end.
pub(super) fn lifecycle(extended: bool) -> String {
    let word = if extended { EXTENDED } else { "open-source-rds-extended-support-disabled" };
    word.to_owned()
}

pub(super) const EXTENDED: &str = "open-source-rds-extended-support";
