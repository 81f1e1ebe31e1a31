use super::piece::{Given, Piece};
use serde_json::json;

pub fn instance(given: &Given<'_>) -> Vec<Piece> {
    let names = [
        ("identifier", "identifier"),
        ("engine", "engine"),
        ("engine_version", "engine_version"),
        ("instance_class", "instance_class"),
        ("allocated_storage", "allocated_storage"),
        ("max_allocated_storage", "max_allocated_storage"),
        ("storage_type", "storage_type"),
        ("iops", "iops"),
        ("storage_throughput", "storage_throughput"),
        ("storage_encrypted", "storage_encrypted"),
        ("kms_key", "kms_key_id"),
        ("database_name", "db_name"),
        ("username", "username"),
        ("manage_master_password", "manage_master_user_password"),
        ("db_subnet_group", "db_subnet_group_name"),
        ("security_group_ids", "vpc_security_group_ids"),
        ("publicly_accessible", "publicly_accessible"),
        ("multi_az", "multi_az"),
        ("availability_zone", "availability_zone"),
        ("network_type", "network_type"),
        ("port", "port"),
        ("backup_retention_days", "backup_retention_period"),
        ("backup_window", "backup_window"),
        ("maintenance_window", "maintenance_window"),
        ("auto_minor_version_upgrade", "auto_minor_version_upgrade"),
        ("copy_tags_to_snapshot", "copy_tags_to_snapshot"),
        ("deletion_protection", "deletion_protection"),
        ("skip_final_snapshot", "skip_final_snapshot"),
        ("final_snapshot_identifier", "final_snapshot_identifier"),
        ("delete_automated_backups", "delete_automated_backups"),
        ("performance_insights", "performance_insights_enabled"),
        ("performance_insights_retention_days", "performance_insights_retention_period"),
        ("performance_insights_kms_key", "performance_insights_kms_key_id"),
        ("monitoring_interval", "monitoring_interval"),
        ("monitoring_role", "monitoring_role_arn"),
        ("iam_authentication", "iam_database_authentication_enabled"),
        ("log_exports", "enabled_cloudwatch_logs_exports"),
        ("parameter_group", "parameter_group_name"),
        ("apply_immediately", "apply_immediately"),
        ("ca_certificate", "ca_cert_identifier"),
        ("tags", "tags"),
    ];
    let mut first = Piece::new("aws_db_instance", given, &names);
    if let Some(on) = given.at("extended_support").as_bool() {
        let word =
            if on { "open-source-rds-extended-support" } else { "open-source-rds-extended-support-disabled" };
        first = first.with("engine_lifecycle_support", json!(word));
    }
    if given.has("password_secret") {
        first = first.with("password", json!("(sensitive)"));
    }
    let roles = given.list("roles").into_iter().enumerate().map(|(at, role)| {
        let name = role["feature"].as_str().map_or_else(|| at.to_string(), str::to_owned);
        Piece::new("aws_db_instance_role_association", given, &[("identifier", "db_instance_identifier")])
            .keyed(&name)
            .of_first(&[("db_instance_identifier", "identifier")])
            .with("role_arn", role["role"].clone())
            .with("feature_name", role["feature"].clone())
    });
    std::iter::once(first).chain(roles).collect()
}

pub fn subnet_group(given: &Given<'_>) -> Vec<Piece> {
    let names =
        [("name", "name"), ("description", "description"), ("subnet_ids", "subnet_ids"), ("tags", "tags")];
    vec![Piece::new("aws_db_subnet_group", given, &names)]
}
