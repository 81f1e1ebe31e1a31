//! The way into a database of the stack: where it is, as whom, by which password, and how the server is known.

use super::args::StackArgs;
use super::failure::{Failure, Outcome};
use super::resolve::{attribute, only};
use super::session::Session;
use super::tls::Tls;
use crate::address::Address;
use crate::cloud::{Cloud, aws};
use crate::schema::suggest::{closest, list};
use crate::state::Document;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value as Json;

/// Which database, and as whom.
#[derive(Debug, clap::Args)]
pub struct LoginArgs {
    #[command(flatten)]
    pub stack: StackArgs,

    /// Which database, if the stack has several.
    pub address: Option<Address>,

    /// As whom: a user whose secret the stack has (`generate = { username = "NAME" }`). The database's master user
    /// otherwise.
    #[arg(long = "as", value_name = "USER")]
    pub user: Option<String>,
}

/// How to open a database. The password is never stored, printed only when asked for.
pub struct Access {
    pub host: String,
    pub port: String,
    pub database: String,
    pub user: String,
    pub password: String,
    pub tls: Tls,
}

impl LoginArgs {
    /// Rather than for whatever the stack has.
    pub fn asks_for_a_database(&self) -> bool {
        self.address.is_some() || self.user.is_some()
    }

    /// Reads where the database is from the state, and the password from Secrets Manager.
    pub async fn access(&self, session: &Session, document: &Document) -> Outcome<Access> {
        let address = only(document, "db_instance", self.address.as_ref())?;
        let cloud = session.connect().await?;
        access(session, &cloud, document, &address, self.user.as_deref()).await
    }
}

/// As [`LoginArgs::access`], for who has all of this at hand.
pub async fn access(
    session: &Session,
    cloud: &Cloud,
    document: &Document,
    address: &Address,
    user: Option<&str>,
) -> Outcome<Access> {
    let secret = match user {
        Some(user) => secret_of(document, user)?,
        None => attribute(document, address, "password_secret")
            .or_else(|_| attribute(document, address, "master_secret_arn"))?,
    };
    let call = cloud.secrets().get_secret_value().secret_id(&secret);
    let whose = user.map_or_else(|| address.to_string(), ToOwned::to_owned);
    let answer = call
        .send()
        .await
        .map_err(aws("secretsmanager:GetSecretValue"))
        .map_err(Failure::while_doing(format!("failed to read the password of {whose}")))?;
    let text = answer.secret_string.unwrap_or_default();
    let parsed: Option<Json> = serde_json::from_str(&text).ok();
    let field = |name: &str| parsed.as_ref().and_then(|json| Some(json.get(name)?.as_str()?.to_owned()));
    Ok(Access {
        host: attribute(document, address, "address")?,
        port: attribute(document, address, "port")?,
        database: attribute(document, address, "database_name").unwrap_or_else(|_| "postgres".to_owned()),
        user: user.map_or_else(|| attribute(document, address, "username"), |user| Ok(user.to_owned()))?,
        password: field("password").unwrap_or(text),
        tls: Tls::of(session, address)?,
    })
}

/// The ARN of the secret that the stack has for a user.
fn secret_of(document: &Document, user: &str) -> Outcome<String> {
    let users = document.resources.iter().filter(|(address, _)| address.kind == "secret");
    let users = users.filter_map(|(address, record)| {
        let name = record.inputs.get("generate")?.get("username")?.as_str()?;
        Some((name, address))
    });
    let users = users.collect::<Vec<_>>();
    if let Some((_, address)) = users.iter().find(|(name, _)| *name == user) {
        return attribute(document, address, "arn");
    }
    let names = users.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    let help = match closest(user, names.iter().copied()) {
        Some(near) => format!("Did you mean {near}?"),
        None if names.is_empty() => "It needs `generate = { username = \"…\" }`.".to_owned(),
        None => format!("There are {}.", list(&names)),
    };
    Err(Failure::user(format!("the stack has no secret of a user {user}"), help))
}

impl Access {
    /// The whole URL, as libpq and this repository's handlers take it.
    pub fn url(&self) -> String {
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        format!(
            "postgresql://{}:{}@{}:{}/{}?{}",
            encode(&self.user),
            encode(&self.password),
            self.host,
            self.port,
            encode(&self.database),
            self.tls.parameters()
        )
    }

    /// What libpq, and everything that is built on it, reads from the environment.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("PGHOST", self.host.clone()),
            ("PGPORT", self.port.clone()),
            ("PGDATABASE", self.database.clone()),
            ("PGUSER", self.user.clone()),
            ("PGPASSWORD", self.password.clone()),
        ];
        variables.extend(self.tls.variables());
        variables
    }
}
