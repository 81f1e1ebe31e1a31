//! The master password: read from its secret when it is needed, sent, forgotten.

use super::attributes::{Inputs, postgres};
use crate::cloud::{Cloud, Remedy, aws};
use crate::error::{Error, Result};
use serde_json::Value as Json;

/// Not `Debug`, so that it gets into no log.
pub(super) struct Master {
    pub username: String,
    /// None: RDS manages one.
    pub password: Option<String>,
}

pub(super) async fn wanted(cloud: &Cloud, inputs: &Inputs) -> Result<Master> {
    let Some(arn) = &inputs.password_secret else {
        let username = inputs.username.clone().unwrap_or_else(postgres);
        return Ok(Master { username, password: None });
    };
    let call = cloud.secrets().get_secret_value().secret_id(arn);
    let call = call.set_version_id(inputs.password_secret_version.clone());
    let found = call
        .send()
        .await
        .map_err(aws("secretsmanager:GetSecretValue"))
        .remedy(&["ResourceNotFoundException"], "`password_secret` must name a secret that has a value")?;
    let text = found.secret_string.ok_or_else(|| {
        Error::Refused(format!("the secret {arn} holds no text: put the password there, or JSON with `password`"))
    })?;
    master(arn, &text, inputs.username.as_deref())
}

fn master(arn: &str, text: &str, username: Option<&str>) -> Result<Master> {
    let json: Option<Json> = serde_json::from_str(text).ok().filter(Json::is_object);
    let (user, password) = match &json {
        None => (None, Some(text)),
        Some(json) => (json["username"].as_str(), json["password"].as_str()),
    };
    let password = password.ok_or_else(|| {
        Error::Refused(format!("the JSON in the secret {arn} has no `password`: add it, or hold the bare password"))
    })?;
    if let (Some(user), Some(username)) = (user, username)
        && user != username
    {
        return Err(Error::Refused(format!(
            "the secret {arn} is for the user {user}, and `username` says {username}: make both the same"
        )));
    }
    fits(password).map_err(|what| {
        Error::Refused(format!("the password in the secret {arn} {what}: RDS takes 8 to 128 printable characters of ASCII but for / \" @ and blanks"))
    })?;
    let username = username.or(user).map_or_else(postgres, str::to_owned);
    Ok(Master { username, password: Some(password.to_owned()) })
}

/// Whether RDS takes it, which it tells only when the database is to be made. The error says what is wrong, not the password.
fn fits(password: &str) -> Result<(), String> {
    let count = password.chars().count();
    if !(8..=128).contains(&count) {
        return Err(format!("has {count} characters"));
    }
    let bad = |c: char| !c.is_ascii_graphic() || matches!(c, '/' | '"' | '@');
    if password.contains(bad) { Err("has a character that RDS does not take".to_owned()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_and_json_secrets_are_understood() {
        let of = |text: &str, user: Option<&str>| master("arn", text, user).map(|m| (m.username, m.password.unwrap()));
        assert_eq!(of("hunter2-", None).unwrap(), ("postgres".into(), "hunter2-".into()));
        let json = r#"{"username": "loans", "password": "hunter2-", "host": "h"}"#;
        assert_eq!(of(json, None).unwrap(), ("loans".into(), "hunter2-".into()));
        assert_eq!(of("12345678", Some("u")).unwrap(), ("u".into(), "12345678".into()));
        assert!(of(json, Some("other")).unwrap_err().to_string().contains("make both the same"));
        for bad in ["hunter2", "hunter2/x", "hunter 22", "hunter2@h", "hunter2\u{e9}", &"x".repeat(129)] {
            let error = of(bad, None).unwrap_err().to_string();
            assert!(error.contains("8 to 128") && !error.contains(bad), "{error}");
        }
        let error = of(r#"{"pass": "hunter2"}"#, None).unwrap_err().to_string();
        assert!(error.contains("no `password`") && !error.contains("hunter2"), "{error}");
    }
}
