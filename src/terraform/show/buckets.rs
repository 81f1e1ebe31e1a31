use super::piece::{Given, Piece, block, choose, text};
use crate::cloud::naming;
use crate::schema::as_unknown;
use serde_json::{Value as Json, json};

const BUCKET: &[(&str, &str)] = &[("bucket", "id")];

/// Each configuration of a bucket is a resource there.
pub fn bucket(given: &Given<'_>) -> Vec<Piece> {
    let part = |sort: &'static str| Piece::new(sort, given, &[("name", "bucket")]).of_first(BUCKET);
    let private = given.at("block_public_access");
    let mut pieces = vec![
        Piece::new(
            "aws_s3_bucket",
            given,
            &[("name", "bucket"), ("force_destroy", "force_destroy"), ("tags", "tags")],
        ),
        part("aws_s3_bucket_versioning").with(
            "versioning_configuration",
            block([("status", choose(&given.at("versioning"), "Enabled", "Suspended"))]),
        ),
        part("aws_s3_bucket_server_side_encryption_configuration").with(
            "rule",
            block([(
                "apply_server_side_encryption_by_default",
                block([
                    ("sse_algorithm", given.at("encryption")),
                    ("kms_master_key_id", given.at("kms_key")),
                ]),
            )]),
        ),
        part("aws_s3_bucket_public_access_block")
            .with("block_public_acls", private.clone())
            .with("block_public_policy", private.clone())
            .with("ignore_public_acls", private.clone())
            .with("restrict_public_buckets", private),
        part("aws_s3_bucket_ownership_controls")
            .with("rule", block([("object_ownership", given.at("ownership"))])),
    ];
    let policy = policy(given);
    if !policy.is_null() {
        pieces.push(part("aws_s3_bucket_policy").with("policy", policy));
    }
    let rules = rules(given);
    if !rules.is_empty() {
        pieces.push(part("aws_s3_bucket_lifecycle_configuration").with("rule", json!(rules)));
    }
    pieces
}

/// The policy with the statement of `tls_only`, as S3 has them.
fn policy(given: &Given<'_>) -> Json {
    let own = given.at("policy");
    if as_unknown(&own).is_some() || given.at("tls_only") != json!(true) {
        return text(&own);
    }
    let name = match given.at("name") {
        Json::String(name) => name,
        _ => "*".to_owned(),
    };
    let arn = naming::bucket_arn(given.region, &name);
    let statement = json!({
        "Sid": "StackctlTlsOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": [arn.clone(), format!("{arn}/*")],
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    });
    let mut document = if own.is_null() { json!({ "Version": "2012-10-17" }) } else { own };
    let statements = match document["Statement"].take() {
        Json::Null => vec![],
        Json::Array(items) => items,
        other => vec![other],
    };
    document["Statement"] = statements.into_iter().chain([statement]).collect();
    text(&document)
}

fn rules(given: &Given<'_>) -> Vec<Json> {
    let mut rules = vec![];
    let aborted = |days: &Json| match days {
        Json::Null => Json::Null,
        days => block([("days_after_initiation", days.clone())]),
    };
    let all = given.at("abort_incomplete_multipart_days");
    if !all.is_null() && all != json!(0) {
        rules.push(json!({
            "id": "stackctl-abort-incomplete-multipart", "status": "Enabled", "filter": [{ "prefix": "" }],
            "abort_incomplete_multipart_upload": aborted(&all),
        }));
    }
    for rule in given.list("lifecycle_rules") {
        let days = |name: &str, theirs: &str| match &rule[name] {
            Json::Null => Json::Null,
            days => block([(theirs, days.clone())]),
        };
        let prefix = if rule["prefix"].is_null() { json!("") } else { rule["prefix"].clone() };
        let theirs = block([
            ("id", rule["id"].clone()),
            ("status", json!("Enabled")),
            ("filter", block([("prefix", prefix)])),
            ("expiration", days("expiration_days", "days")),
            ("noncurrent_version_expiration", days("noncurrent_expiration_days", "noncurrent_days")),
            ("transition", rule["transitions"].clone()),
            ("abort_incomplete_multipart_upload", aborted(&rule["abort_incomplete_multipart_days"])),
        ]);
        rules.push(theirs[0].clone());
    }
    rules
}

/// A notification, and the permission that S3 needs for it.
pub fn trigger(given: &Given<'_>) -> Vec<Piece> {
    let call = block([
        ("lambda_function_arn", given.at("function")),
        ("events", given.at("events")),
        ("filter_prefix", given.at("prefix")),
        ("filter_suffix", given.at("suffix")),
    ]);
    let source = match given.at("bucket") {
        Json::String(name) => json!(naming::bucket_arn(given.region, &name)),
        other => other,
    };
    vec![
        Piece::new("aws_s3_bucket_notification", given, &[("bucket", "bucket")])
            .with("lambda_function", call),
        Piece::new("aws_lambda_permission", given, &[("function", "function_name")])
            .with("action", json!("lambda:InvokeFunction"))
            .with("principal", json!("s3.amazonaws.com"))
            .with("source_arn", source)
            .with("source_account", json!(given.account)),
    ]
}
