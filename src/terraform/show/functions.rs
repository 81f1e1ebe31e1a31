use super::piece::{Given, Piece, block, choose, one, text};
use serde_json::{Value as Json, json};

pub fn function(given: &Given<'_>) -> Vec<Piece> {
    let names = [
        ("name", "function_name"),
        ("artifact", "filename"),
        ("code_sha256", "source_code_hash"),
        ("role", "role"),
        ("runtime", "runtime"),
        ("handler", "handler"),
        ("memory", "memory_size"),
        ("timeout", "timeout"),
        ("reserved_concurrency", "reserved_concurrent_executions"),
        ("description", "description"),
        ("tags", "tags"),
    ];
    let some = |name: &str| given.at(name).as_array().is_none_or(|all| !all.is_empty()) && given.has(name);
    let mut first = Piece::new("aws_lambda_function", given, &names)
        .with("architectures", one(given.at("architecture")))
        .with("ephemeral_storage", block([("size", given.at("ephemeral_storage"))]))
        .with("tracing_config", block([("mode", choose(&given.at("tracing"), "Active", "PassThrough"))]));
    if given.at("environment").as_object().is_some_and(|all| !all.is_empty()) {
        first = first.with("environment", block([("variables", given.at("environment"))]));
    }
    if some("subnet_ids") || some("security_group_ids") {
        let place = block([
            ("subnet_ids", given.at("subnet_ids")),
            ("security_group_ids", given.at("security_group_ids")),
        ]);
        first = first.with("vpc_config", place);
    }
    if given.has("dead_letter") {
        first = first.with("dead_letter_config", block([("target_arn", given.at("dead_letter"))]));
    }
    if given.has("log_group") {
        first = first.with(
            "logging_config",
            block([("log_format", json!("Text")), ("log_group", given.at("log_group"))]),
        );
    }
    let names = [
        ("name", "function_name"),
        ("max_retries", "maximum_retry_attempts"),
        ("max_event_age", "maximum_event_age_in_seconds"),
    ];
    let events = Piece::new("aws_lambda_function_event_invoke_config", given, &names);
    vec![first, events.of_first(&[("function_name", "function_name")])]
}

pub fn invocation(given: &Given<'_>) -> Vec<Piece> {
    let names = [("function", "function_name"), ("triggers", "triggers")];
    let payload: Json = text(&given.at("payload"));
    vec![Piece::new("aws_lambda_invocation", given, &names).with("input", payload)]
}
