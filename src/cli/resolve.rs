//! What commands on a running stack need to know of it: where the bucket is, who may open the database.

use super::failure::{Failure, Outcome};
use super::session::recorded;
use crate::address::Address;
use crate::cloud::{Cloud, aws};
use crate::state::Document;
use serde_json::Value as Json;

/// An attribute of a resource in the state: an output, else an input.
pub fn attribute(document: &Document, address: &Address, name: &str) -> Outcome<String> {
    let (id, record) = recorded(document, address)?;
    if name == "id" {
        return Ok(id.0.clone());
    }
    let found = [&record.outputs, &record.inputs].into_iter().find_map(|tree| match tree.get(name)? {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    });
    found
        .ok_or_else(|| Failure::user(format!("{address} has no {name} yet"), "`stackctl apply` finishes it."))
}

/// The only resource of that kind, or the one that is named.
pub fn only(document: &Document, kind: &str, named: Option<&Address>) -> Outcome<Address> {
    let all: Vec<&Address> = document.resources.keys().filter(|address| address.kind == kind).collect();
    match (named, all.as_slice()) {
        (Some(address), _) if address.kind == kind => Ok(address.clone()),
        (Some(address), _) => {
            Err(Failure::user(format!("{address} is no {kind}"), format!("Name a {kind}.")))
        }
        (None, [one]) => Ok((*one).clone()),
        (None, []) => Err(Failure::user(format!("the stack has no {kind}"), "`stackctl apply` creates it.")),
        (None, many) => {
            let names: Vec<String> = many.iter().map(ToString::to_string).collect();
            Err(Failure::user(
                format!("the stack has several of the kind {kind}"),
                format!("Name one: {}", names.join(", ")),
            ))
        }
    }
}

/// How to open a database. The password is never stored, printed only when asked for.
pub struct Access {
    pub host: String,
    pub port: String,
    pub database: String,
    pub user: String,
    pub password: String,
}

impl Access {
    /// `postgresql://user:password@host:port/database`
    pub fn url(&self) -> String {
        use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        format!(
            "postgresql://{}:{}@{}:{}/{}",
            encode(&self.user),
            encode(&self.password),
            self.host,
            self.port,
            encode(&self.database)
        )
    }
}

/// Reads where the database is from the state, and the password from Secrets Manager.
pub async fn access(cloud: &Cloud, document: &Document, address: &Address) -> Outcome<Access> {
    let secret = attribute(document, address, "password_secret")
        .or_else(|_| attribute(document, address, "master_secret_arn"))?;
    let call = cloud.secrets().get_secret_value().secret_id(&secret);
    let answer = call
        .send()
        .await
        .map_err(aws("secretsmanager:GetSecretValue"))
        .map_err(Failure::while_doing(format!("failed to read the password of {address}")))?;
    let text = answer.secret_string.unwrap_or_default();
    let parsed: Option<Json> = serde_json::from_str(&text).ok();
    let field = |name: &str| parsed.as_ref().and_then(|json| Some(json.get(name)?.as_str()?.to_owned()));
    Ok(Access {
        host: attribute(document, address, "address")?,
        port: attribute(document, address, "port")?,
        database: attribute(document, address, "database_name").unwrap_or_else(|_| "postgres".to_owned()),
        user: attribute(document, address, "username")?,
        password: field("password").unwrap_or(text),
    })
}
