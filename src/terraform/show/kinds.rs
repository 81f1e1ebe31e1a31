use super::piece::{Given, Piece};
use super::{
    access, analytics, buckets, databases, functions, logs, network, queues, schedules, secrets, security,
};

/// What a kind is to Terraform.
pub struct Mapping {
    /// The sort of its first piece.
    pub sort: &'static str,
    /// Its first piece, and what Terraform has as resources of their own.
    pub pieces: fn(&Given<'_>) -> Vec<Piece>,
    /// Attributes that Terraform has not, or that must not stand in such a document.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test holds every attribute against it"))]
    pub left: &'static [&'static str],
}

const fn mapping(
    sort: &'static str,
    pieces: fn(&Given<'_>) -> Vec<Piece>,
    left: &'static [&'static str],
) -> Option<Mapping> {
    Some(Mapping { sort, pieces, left })
}

/// None for what is no kind.
pub fn of(kind: &str) -> Option<Mapping> {
    match kind {
        "alarm" => mapping("aws_cloudwatch_metric_alarm", logs::alarm, &[]),
        "athena_workgroup" => mapping("aws_athena_workgroup", analytics::workgroup, &[]),
        "bucket" => mapping("aws_s3_bucket", buckets::bucket, &[]),
        // The password is in a secret, which is named and never read here; the certificates are for our own connections.
        "db_instance" => {
            mapping("aws_db_instance", databases::instance, &["password_secret_version", "root_certificates"])
        }
        "db_subnet_group" => mapping("aws_db_subnet_group", databases::subnet_group, &[]),
        "glue_database" => mapping("aws_glue_catalog_database", analytics::database, &["force_destroy"]),
        "glue_table" => mapping("aws_glue_catalog_table", analytics::table, &[]),
        "iam_role" => mapping("aws_iam_role", access::role, &[]),
        "internet_gateway" => mapping("aws_internet_gateway", network::internet_gateway, &[]),
        // They are in the package, which has its hash.
        "lambda_function" => {
            mapping("aws_lambda_function", functions::function, &["source", "files", "role_identity"])
        }
        "lambda_invocation" => mapping("aws_lambda_invocation", functions::invocation, &["fingerprint"]),
        "log_group" => mapping("aws_cloudwatch_log_group", logs::log_group, &[]),
        "queue" => mapping("aws_sqs_queue", queues::queue, &[]),
        "route_table" => mapping("aws_route_table", network::route_table, &[]),
        "schedule" => mapping("aws_scheduler_schedule", schedules::schedule, &[]),
        // How it is generated, and what it is, are nobody's business.
        "secret" => mapping("aws_secretsmanager_secret", secrets::secret, &["generate", "rotate", "value"]),
        "security_group" => mapping("aws_security_group", security::group, &[]),
        "security_group_rule" => mapping("aws_vpc_security_group_ingress_rule", security::rule, &[]),
        "subnet" => mapping("aws_subnet", network::subnet, &[]),
        "trigger" => mapping("aws_s3_bucket_notification", buckets::trigger, &[]),
        "vpc" => mapping("aws_vpc", network::vpc, &[]),
        "vpc_endpoint" => mapping("aws_vpc_endpoint", network::endpoint, &[]),
        _ => None,
    }
}
