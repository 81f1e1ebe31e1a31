use super::piece::{Given, Piece};
use serde_json::json;

/// A secret, and that it has a value: never the value.
pub fn secret(given: &Given<'_>) -> Vec<Piece> {
    let names = [
        ("name", "name"),
        ("description", "description"),
        ("kms_key", "kms_key_id"),
        ("recovery_days", "recovery_window_in_days"),
        ("tags", "tags"),
    ];
    let version =
        Piece::new("aws_secretsmanager_secret_version", given, &[]).of_first(&[("secret_id", "id")]);
    vec![
        Piece::new("aws_secretsmanager_secret", given, &names),
        version.with("secret_string", json!("(sensitive)")),
    ]
}
