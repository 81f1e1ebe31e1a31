use super::piece::{Given, Piece, block, choose, text};
use serde_json::{Value as Json, json};

pub fn schedule(given: &Given<'_>) -> Vec<Piece> {
    let names = [
        ("group", "group_name"),
        ("expression", "schedule_expression"),
        ("timezone", "schedule_expression_timezone"),
        ("start", "start_date"),
        ("end", "end_date"),
        ("kms_key", "kms_key_arn"),
        ("description", "description"),
    ];
    let window = match given.at("flexible_window") {
        Json::Null => block([("mode", json!("OFF"))]),
        minutes => block([("mode", json!("FLEXIBLE")), ("maximum_window_in_minutes", minutes)]),
    };
    let dead_letter = match given.at("dead_letter") {
        Json::Null => Json::Null,
        arn => block([("arn", arn)]),
    };
    let retries = block([
        ("maximum_retry_attempts", given.at("max_retries")),
        ("maximum_event_age_in_seconds", given.at("max_event_age")),
    ]);
    let target = block([
        ("arn", given.at("target")),
        ("role_arn", given.at("role")),
        ("input", text(&given.at("input"))),
        ("retry_policy", retries),
        ("dead_letter_config", dead_letter),
    ]);
    let first = Piece::new("aws_scheduler_schedule", given, &names)
        .with("flexible_time_window", window)
        .with("target", target)
        .with("state", choose(&given.at("enabled"), "ENABLED", "DISABLED"));
    vec![first]
}
