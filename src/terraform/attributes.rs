use super::word::Word;

/// What to write instead of the attribute `theirs` of a `kind`.
pub fn attribute(kind: &str, theirs: &str) -> Option<&'static str> {
    let of = |wanted: &str| ATTRIBUTES.iter().find(|(kind, word)| *kind == wanted && word.theirs == theirs);
    of(kind).or_else(|| of(ANY)).map(|(_, word)| word.here)
}

/// Every kind.
pub(super) const ANY: &str = "any";

const fn word(kind: &'static str, theirs: &'static str, here: &'static str) -> (&'static str, Word) {
    (kind, Word { theirs, here })
}

pub(super) const ATTRIBUTES: [(&str, Word); 42] = [
    word(
        ANY,
        "count",
        "There is no `count`: `for_each = [\"a\", \"b\"]` names its objects; an empty list makes none.",
    ),
    word(
        ANY,
        "provider",
        "There are no providers: region and profile stand in `[stack]` and `[targets.NAME]`.",
    ),
    word(ANY, "timeouts", "Waiting is the engine's: it goes by what AWS says. Remove it."),
    word(ANY, "provisioner", "There are no provisioners. `lambda_invocation` calls a function once."),
    word(ANY, "connection", "There are no provisioners. Remove it."),
    word(
        ANY,
        "name_prefix",
        "Names are made from stack and address and are unique; leave it away, or give `name`.",
    ),
    word("alarm", "comparison_operator", "`comparison`."),
    word("alarm", "metric_name", "`metric`."),
    word("alarm", "alarm_name", "`name`."),
    word("bucket", "acl", "Buckets are private. Who else may read them stands in `policy`."),
    word("bucket", "bucket", "`name`."),
    word("bucket", "lifecycle_rule", "`lifecycle_rules`."),
    word(
        "bucket",
        "server_side_encryption_configuration",
        "`encryption`, and `kms_key` for a key of your own.",
    ),
    word("db_instance", "db_name", "`database_name`."),
    word("db_instance", "db_subnet_group_name", "`db_subnet_group`."),
    word("db_instance", "enabled_cloudwatch_logs_exports", "`log_exports`."),
    word("db_instance", "iam_database_authentication_enabled", "`iam_authentication`."),
    word("db_instance", "kms_key_id", "`kms_key`."),
    word("db_instance", "engine_lifecycle_support", "`extended_support = true` or `false`."),
    word("db_instance", "monitoring_role_arn", "`monitoring_role`."),
    word("db_instance", "parameter_group_name", "`parameter_group`."),
    word("db_instance", "performance_insights_kms_key_id", "`performance_insights_kms_key`."),
    word("db_instance", "performance_insights_retention_period", "`performance_insights_retention_days`."),
    word(
        "db_instance",
        "password",
        "A password never stands here: `password_secret = \"${secret.NAME.arn}\"`, or leave it to AWS.",
    ),
    word("db_instance", "backup_retention_period", "`backup_retention_days`."),
    word(
        "db_instance",
        "snapshot_identifier",
        "A database cannot be made from a snapshot here. Restore it by hand.",
    ),
    word("db_instance", "vpc_security_group_ids", "`security_group_ids`."),
    word(
        "iam_role",
        "assume_role_policy",
        "`assumed_by = \"lambda.amazonaws.com\"`, or `trust` for a whole policy.",
    ),
    word("iam_role", "inline_policy", "`policies.NAME`."),
    word("iam_role", "managed_policy_arns", "`managed_policies`."),
    word("lambda_function", "filename", "`artifact` for a zip, or `source` for a crate that is built."),
    word("lambda_function", "function_name", "`name`."),
    word("lambda_function", "memory_size", "`memory`."),
    word("lambda_function", "source_code_hash", "stackctl sees itself when the code changes. Remove it."),
    word("lambda_function", "vpc_config", "`subnet_ids` and `security_group_ids`."),
    word("log_group", "retention_in_days", "`retention_days`."),
    word("queue", "message_retention_seconds", "`retention`."),
    word("queue", "redrive_policy", "`dead_letter = \"${queue.NAME.arn}\"` and `max_receives`."),
    word("queue", "visibility_timeout_seconds", "`visibility_timeout`."),
    word("route_table", "route", "`routes`."),
    word(
        "secret",
        "secret_string",
        "A value never stands here: `generate`, or `value` from a sensitive param.",
    ),
    word("trigger", "queue", "A `trigger` goes from a bucket to a function: `bucket` and `function`."),
];
