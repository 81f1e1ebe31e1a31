use super::word::{Word, find, word};

/// What to write instead of the table `[THEIRS.…]`, with or without the provider's prefix.
pub fn table(theirs: &str) -> Option<&'static str> {
    let bare = theirs.strip_prefix("aws_").unwrap_or(theirs);
    find(&TABLES, theirs).or_else(|| find(&RESOURCES, bare))
}

/// The kind that does what the resource `theirs` (without `aws_`) does, where one alone does.
pub(super) fn kind(theirs: &str) -> Option<&'static str> {
    let here = find(&RESOURCES, theirs)?.strip_prefix("`[")?;
    here.strip_suffix(".NAME]`.")
}

/// Tables of Terraform's language itself.
pub(super) const TABLES: [Word; 17] = [
    word("backend", "`state = \"s3://BUCKET/KEY\"` in `[stack]`."),
    word(
        "check",
        "There are no checks. `prevent_destroy` and `account` in `[stack]` guard what must not happen.",
    ),
    word(
        "data",
        "Nothing is looked up. Write the id or the ARN into `[params]`; the account is `${stack.account}`.",
    ),
    word(
        "import",
        "There is no import. An object with the tags `stackctl:stack` and `stackctl:address` is taken in by `stackctl state recover --from-tags`.",
    ),
    word("local", "A param with a `default` is one: `[params]`, `NAME = { default = … }`."),
    word("locals", "A param with a `default` is one: `[params]`, `NAME = { default = … }`."),
    word("module", "There are no modules. Resources that are alike are one block with `for_each`."),
    word("moved", "`stackctl state mv OLD NEW`."),
    word("output", "`[outputs]`, then `NAME = \"${KIND.NAME.ATTRIBUTE}\"`."),
    word("provider", "There are no providers: `region` stands in `[stack]`, `profile` in `[targets.NAME]`."),
    word("removed", "`stackctl state rm ADDRESS` forgets a resource and leaves it alone."),
    word("resource", "A resource is `[KIND.NAME]`: `[bucket.loans]`."),
    word("resources", "A resource is `[KIND.NAME]`: `[bucket.loans]`."),
    word("terraform", "There is nothing to require: `[stack]` has `name`, `region` and `state`."),
    word("variable", "`[params]`, then `NAME = { type = \"string\", default = \"…\" }`."),
    word("variables", "`[params]`, then `NAME = { type = \"string\", default = \"…\" }`."),
    word("workspace", "`[targets.NAME]`; `--target NAME` chooses."),
];

const NOT_YET: &str =
    "stackctl has no kind for it yet. Make it by another tool and refer to it by a param with its id or ARN.";

/// Resources of the AWS provider, without its prefix.
pub(super) const RESOURCES: [Word; 74] = [
    word("athena_workgroup", "`[athena_workgroup.NAME]`."),
    word("cloudwatch_event_rule", "`[schedule.NAME]` for set times; rules on events are not there yet."),
    word("cloudwatch_event_target", "`target` of a `schedule`."),
    word("cloudwatch_log_group", "`[log_group.NAME]`."),
    word("cloudwatch_metric_alarm", "`[alarm.NAME]`."),
    word("db_instance", "`[db_instance.NAME]`."),
    word("db_parameter_group", NOT_YET),
    word("db_subnet_group", "`[db_subnet_group.NAME]`."),
    word("dynamodb_table", NOT_YET),
    word("ecr_repository", NOT_YET),
    word("ecs_cluster", NOT_YET),
    word("ecs_service", NOT_YET),
    word("ecs_task_definition", NOT_YET),
    word("eip", NOT_YET),
    word("glue_catalog_database", "`[glue_database.NAME]`."),
    word("glue_catalog_table", "`[glue_table.NAME]`."),
    word("iam_group", NOT_YET),
    word("iam_instance_profile", NOT_YET),
    word("iam_openid_connect_provider", NOT_YET),
    word("iam_policy", "Policies stand in their role: `[[iam_role.NAME.policies.POLICY.Statement]]`."),
    word("iam_policy_attachment", "`managed_policies` of an `iam_role`."),
    word("iam_policy_document", "A policy is a table: `[[iam_role.NAME.policies.POLICY.Statement]]`."),
    word("iam_role", "`[iam_role.NAME]`."),
    word("iam_role_policy", "`policies` of an `iam_role`: `[[iam_role.NAME.policies.POLICY.Statement]]`."),
    word("iam_role_policy_attachment", "`managed_policies` of an `iam_role`."),
    word("iam_user", NOT_YET),
    word("instance", NOT_YET),
    word("internet_gateway", "`[internet_gateway.NAME]`."),
    word("kms_alias", NOT_YET),
    word("kms_key", NOT_YET),
    word(
        "lambda_event_source_mapping",
        "stackctl has no kind for it yet. A `trigger` goes from a bucket to a function.",
    ),
    word("lambda_function", "`[lambda_function.NAME]`."),
    word("lambda_invocation", "`[lambda_invocation.NAME]`."),
    word("lambda_layer_version", NOT_YET),
    word(
        "lambda_permission",
        "A `trigger` gives S3 the permission itself; a `schedule` calls by its `role`. Remove it.",
    ),
    word(
        "nat_gateway",
        "stackctl has no kind for it yet. A `vpc_endpoint` reaches AWS without one; a route takes `nat_gateway_id` of one that is there.",
    ),
    word("rds_cluster", NOT_YET),
    word("route", "`routes` of a `route_table`."),
    word("route_table", "`[route_table.NAME]`."),
    word("route_table_association", "`subnet_ids` of a `route_table`."),
    word("s3_bucket", "`[bucket.NAME]`."),
    word("s3_bucket_acl", "Buckets are private. Who else may read them stands in `policy` of the `bucket`."),
    word("s3_bucket_lifecycle_configuration", "`lifecycle_rules` of a `bucket`."),
    word("s3_bucket_notification", "`[trigger.NAME]` with `bucket` and `function`."),
    word("s3_bucket_object", "`stackctl cp FILE BUCKET_ADDRESS/KEY` uploads a file."),
    word("s3_bucket_ownership_controls", "`ownership` of a `bucket`."),
    word("s3_bucket_policy", "`policy` of a `bucket`."),
    word("s3_bucket_public_access_block", "`block_public_access` of a `bucket`, on unless told otherwise."),
    word("s3_bucket_server_side_encryption_configuration", "`encryption` and `kms_key` of a `bucket`."),
    word("s3_bucket_versioning", "`versioning` of a `bucket`, on unless told otherwise."),
    word("s3_object", "`stackctl cp FILE BUCKET_ADDRESS/KEY` uploads a file."),
    word("scheduler_schedule", "`[schedule.NAME]`."),
    word("secretsmanager_secret", "`[secret.NAME]`."),
    word("secretsmanager_secret_version", "`generate` or `value` of a `secret`."),
    word("security_group", "`[security_group.NAME]`."),
    word("security_group_rule", "`[security_group_rule.NAME]`."),
    word("sns_topic", NOT_YET),
    word("sns_topic_subscription", NOT_YET),
    word("sqs_queue", "`[queue.NAME]`."),
    word("sqs_queue_policy", "`policy` of a `queue`."),
    word("ssm_parameter", NOT_YET),
    word("subnet", "`[subnet.NAME]`."),
    word("vpc", "`[vpc.NAME]`."),
    word("vpc_endpoint", "`[vpc_endpoint.NAME]`."),
    word(
        "vpc_peering_connection",
        "stackctl has no kind for it yet. A route takes `vpc_peering_connection_id` of one that is there.",
    ),
    word("vpc_security_group_egress_rule", "`[security_group_rule.NAME]` with `direction = \"egress\"`."),
    word("vpc_security_group_ingress_rule", "`[security_group_rule.NAME]` with `direction = \"ingress\"`."),
    // As people shorten them.
    word("bucket_lifecycle", "`lifecycle_rules` of a `bucket`."),
    word("bucket_notification", "`[trigger.NAME]` with `bucket` and `function`."),
    word("bucket_object", "`stackctl cp FILE BUCKET_ADDRESS/KEY` uploads a file."),
    word("bucket_policy", "`policy` of a `bucket`."),
    word("bucket_versioning", "`versioning` of a `bucket`, on unless told otherwise."),
    word("lambda", "`[lambda_function.NAME]`."),
    word("log_metric_filter", NOT_YET),
];
