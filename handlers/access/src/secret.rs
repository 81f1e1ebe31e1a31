//! The database's password, from wherever it is kept.

use serde::Deserialize;

use crate::aws::{self, Aws};
use crate::error::Error;

/// What a secret says. It has no `Debug`, so that it cannot end up in a log.
#[derive(Clone, Deserialize)]
pub struct Credentials {
    /// The user, where the secret names one.
    #[serde(default)]
    pub username: Option<String>,
    /// The password.
    pub password: String,
}

/// Reads a secret whose value is the bare password, or JSON with `password` and perhaps `username`.
pub async fn fetch(aws: &Aws, arn: &str) -> Result<Credentials, Error> {
    let answer = aws.secrets().await.get_secret_value().secret_id(arn).send().await;
    let answer = answer.map_err(|error| failed(arn, aws::explain(&error)))?;
    let text = answer.secret_string().ok_or_else(|| failed(arn, "it has no SecretString".to_owned()))?;
    parse(text).ok_or_else(|| failed(arn, "its JSON has no \"password\"".to_owned()))
}

fn parse(text: &str) -> Option<Credentials> {
    if text.trim_start().starts_with('{') {
        serde_json::from_str(text).ok()
    } else {
        Some(Credentials { username: None, password: text.to_owned() })
    }
}

fn failed(arn: &str, message: String) -> Error {
    Error::Secret { arn: arn.to_owned(), message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_a_bare_password_or_json() {
        let bare = parse("p{w").unwrap();
        assert_eq!((bare.username, bare.password.as_str()), (None, "p{w"));
        let json = parse(r#"{"username":"u","password":"p","engine":"postgres"}"#).unwrap();
        assert_eq!((json.username.as_deref(), json.password.as_str()), (Some("u"), "p"));
        assert!(parse(r#"{"pass":"p"}"#).is_none());
    }
}
