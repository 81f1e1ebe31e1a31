use super::piece::{Given, Piece, text};
use serde_json::{Value as Json, json};

const ROLE: &[(&str, &str)] = &[("role", "id")];

/// A role, and what it may do: there, resources of their own.
pub fn role(given: &Given<'_>) -> Vec<Piece> {
    let trust = match (given.at("assumed_by"), given.at("trust")) {
        (Json::Null, trust) => trust,
        (service, _) => json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" } ] }),
    };
    let names = [
        ("name", "name"),
        ("path", "path"),
        ("description", "description"),
        ("max_session_duration", "max_session_duration"),
        ("permissions_boundary", "permissions_boundary"),
        ("tags", "tags"),
    ];
    let mut pieces = vec![Piece::new("aws_iam_role", given, &names).with("assume_role_policy", text(&trust))];
    for (name, policy) in given.at("policies").as_object().into_iter().flatten() {
        let piece = Piece::new("aws_iam_role_policy", given, &[("name", "role")]).keyed(name).of_first(ROLE);
        pieces.push(piece.with("name", json!(name)).with("policy", text(policy)));
    }
    for (at, policy) in given.list("managed_policies").into_iter().enumerate() {
        let key = policy.as_str().map_or_else(|| at.to_string(), str::to_owned);
        let piece = Piece::new("aws_iam_role_policy_attachment", given, &[("name", "role")]).keyed(&key);
        pieces.push(piece.of_first(ROLE).with("policy_arn", policy));
    }
    pieces
}
