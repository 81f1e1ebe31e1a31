use crate::config::Stack;
use serde::{Deserialize, Serialize};

/// How the cloud of a state was reached last, for who has nothing but the state: nothing of it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reach {
    /// A name of `[targets]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_url: Option<String>,
    /// Whether that is an emulator of AWS, where somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emulator: Option<bool>,
    /// Whether its name is asked for: a stack.toml that is gone takes no protection with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub protected: bool,
    /// The public keys for which the state is encrypted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub encryption: Vec<String>,
}

impl Reach {
    pub fn of(stack: &Stack) -> Self {
        let target = stack.target.as_ref();
        Self {
            target: target.map(|target| target.name.clone()),
            profile: target.and_then(|target| target.profile.clone()),
            endpoint_url: target.and_then(|target| target.endpoint_url.as_deref()).map(without_login),
            emulator: target.and_then(|target| target.emulator),
            protected: target.is_some_and(|target| target.protected),
            encryption: stack.encryption.clone(),
        }
    }
}

/// `https://user:password@host/` without who and by which password.
fn without_login(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    path.map_or_else(|| format!("{scheme}://{host}"), |path| format!("{scheme}://{host}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_remembered_without_its_password() {
        for (given, kept) in [
            ("http://127.0.0.1:4566", "http://127.0.0.1:4566"),
            ("https://me:hunter2@host:1/p@th", "https://host:1/p@th"),
            ("https://me:hun@ter2@host", "https://host"),
        ] {
            assert_eq!(without_login(given), kept);
        }
    }
}
