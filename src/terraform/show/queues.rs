use super::piece::{Given, Piece, text};
use serde_json::json;

pub fn queue(given: &Given<'_>) -> Vec<Piece> {
    let names = [
        ("name", "name"),
        ("fifo", "fifo_queue"),
        ("visibility_timeout", "visibility_timeout_seconds"),
        ("retention", "message_retention_seconds"),
        ("tags", "tags"),
    ];
    let mut first = Piece::new("aws_sqs_queue", given, &names);
    if given.has("dead_letter") {
        let redrive = json!({ "deadLetterTargetArn": given.at("dead_letter"), "maxReceiveCount": given.at("max_receives") });
        first = first.with("redrive_policy", text(&redrive));
    }
    let mut pieces = vec![first];
    if given.has("policy") {
        let policy = Piece::new("aws_sqs_queue_policy", given, &[]).of_first(&[("queue_url", "id")]);
        pieces.push(policy.with("policy", text(&given.at("policy"))));
    }
    pieces
}
