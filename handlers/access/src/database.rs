//! Connections to Postgres.

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::{CancelToken, Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::aws::Aws;
use crate::error::{Error, chain};
use crate::secret::{self, Credentials};
use crate::tls::{self, Mode};

/// A server notices within a minute that a handler is gone even if nobody said goodbye; until then its advisory locks
/// keep others from its work.
const SESSION: &str = "set tcp_keepalives_idle = 20; set tcp_keepalives_interval = 10; set tcp_keepalives_count = 3; \
                       set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; \
                       set client_min_messages = warning; set standard_conforming_strings = on";

/// The database that the environment names.
pub struct Database {
    config: Config,
    secret: Option<String>,
    tls: Option<MakeRustlsConnect>,
    credentials: Mutex<Option<Credentials>>,
}

/// A connection, with what is needed to stop what it is doing.
pub struct Connection {
    /// For statements.
    pub client: Client,
    cancel: CancelToken,
    tls: Option<MakeRustlsConnect>,
}

impl Database {
    /// Reads `DATABASE_*`; a given URL goes before them. `application` is the name by which the server knows the session.
    pub fn from_environment(application: &str, url: Option<&str>) -> Result<Self, Error> {
        Self::from_variables(application, url, variable)
    }

    /// As [`Self::from_environment`], with variables from elsewhere.
    pub fn from_variables(
        application: &str,
        url: Option<&str>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Error> {
        let mut mode = variable("DATABASE_SSLMODE").map(|text| Mode::parse(&text)).transpose()?;
        let mut roots = variable("DATABASE_SSLROOTCERT").map(PathBuf::from);
        let mut config = match url.map(ToOwned::to_owned).or_else(|| variable("DATABASE_URL")) {
            Some(url) => {
                let url = take_parameter(url, "sslmode", |value| {
                    mode = Some(Mode::parse(value)?);
                    Ok(())
                })?;
                let url = take_parameter(url, "sslrootcert", |value| {
                    roots = Some(PathBuf::from(value));
                    Ok(())
                })?;
                url.parse::<Config>().map_err(|error| Error::Setting {
                    name: "DATABASE_URL",
                    problem: format!("is no address of a Postgres database: {}", chain(&error)),
                })?
            }
            None => {
                let host = variable("DATABASE_HOST").ok_or_else(|| Error::Setting {
                    name: "DATABASE_URL",
                    problem:
                        "is missing: set it, or DATABASE_HOST and what belongs to it, or give --database-url"
                            .to_owned(),
                })?;
                let port = variable("DATABASE_PORT").unwrap_or_else(|| "5432".to_owned());
                let mut config = Config::new();
                config.host(host).port(port.parse().map_err(|_| Error::Setting {
                    name: "DATABASE_PORT",
                    problem: format!("is {port:?}: expected a number up to 65535"),
                })?);
                config.user(variable("DATABASE_USER").unwrap_or_else(|| "postgres".to_owned()));
                config.dbname(variable("DATABASE_NAME").unwrap_or_else(|| "postgres".to_owned()));
                config
            }
        };
        let secret = variable("DATABASE_SECRET_ARN").filter(|_| config.get_password().is_none());
        if let Some(password) = variable("DATABASE_PASSWORD").filter(|_| config.get_password().is_none()) {
            config.password(password);
        }
        // Whoever says which roots to trust, and no more, does not want to be talked out of it by a server without TLS.
        let mode = mode.unwrap_or(if roots.is_some() { Mode::VerifyFull } else { Mode::default() });
        config
            .application_name(application)
            .connect_timeout(Duration::from_secs(10))
            .keepalives_idle(Duration::from_secs(30))
            .ssl_mode(match mode {
                Mode::Disable => SslMode::Disable,
                Mode::Prefer => SslMode::Prefer,
                Mode::Require | Mode::VerifyFull => SslMode::Require,
            });
        let tls = tls::client(mode, roots.as_ref())?.map(MakeRustlsConnect::new);
        Ok(Self { config, secret, tls, credentials: Mutex::default() })
    }

    /// A connection. The password is fetched once and again when the server refuses it, since it may have been rotated meanwhile.
    pub async fn connect(&self, aws: &Aws) -> Result<Connection, Error> {
        let connection = match self.attempt(aws, false).await {
            Err(Error::Connect { source, .. }) if self.secret.is_some() && is_refused(&source) => {
                self.attempt(aws, true).await?
            }
            other => other?,
        };
        connection.client.batch_execute(SESSION).await.map_err(Error::Session)?;
        Ok(connection)
    }

    async fn attempt(&self, aws: &Aws, again: bool) -> Result<Connection, Error> {
        let mut config = self.config.clone();
        if let Some(arn) = &self.secret {
            let mut credentials = self.credentials.lock().await;
            if again || credentials.is_none() {
                *credentials = Some(secret::fetch(aws, arn).await?);
            }
            if let Some(credentials) = &*credentials {
                config.password(&credentials.password);
                if let Some(user) = &credentials.username {
                    config.user(user);
                }
            }
        }
        let failed = |source: tokio_postgres::Error| Error::Connect {
            address: address(&config),
            remedy: remedy(&source),
            source,
        };
        let client = match &self.tls {
            None => {
                let (client, connection) = config.connect(NoTls).await.map_err(failed)?;
                tokio::spawn(connection);
                client
            }
            Some(tls) => {
                let (client, connection) = config.connect(tls.clone()).await.map_err(failed)?;
                tokio::spawn(connection);
                client
            }
        };
        let cancel = client.cancel_token();
        Ok(Connection { client, cancel, tls: self.tls.clone() })
    }
}

impl Connection {
    /// Stops the statement that the server is busy with. What is not stopped ends with the connection.
    pub async fn cancel(&self) {
        let cancelled = async {
            match &self.tls {
                None => self.cancel.cancel_query(NoTls).await,
                Some(tls) => self.cancel.cancel_query(tls.clone()).await,
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(1), cancelled).await;
    }
}

/// What the environment says under a name; nothing said and said to be nothing are the same.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Takes a parameter out of a URL: `tokio-postgres` refuses values that it does not know.
fn take_parameter(
    url: String,
    name: &str,
    mut take: impl FnMut(&str) -> Result<(), Error>,
) -> Result<String, Error> {
    let Some((address, query)) = url.split_once('?') else { return Ok(url) };
    let mut kept = Vec::new();
    for parameter in query.split('&') {
        match parameter.split_once('=') {
            Some((found, value)) if found == name => {
                take(&percent_encoding::percent_decode_str(value).decode_utf8_lossy())?;
            }
            _ => kept.push(parameter),
        }
    }
    let separator = if kept.is_empty() { "" } else { "?" };
    Ok(format!("{address}{separator}{}", kept.join("&")))
}

fn is_refused(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| {
        *code == SqlState::INVALID_PASSWORD || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION
    })
}

fn remedy(error: &tokio_postgres::Error) -> &'static str {
    match error.code() {
        Some(_) if is_refused(error) => "check DATABASE_USER, DATABASE_SECRET_ARN and DATABASE_PASSWORD",
        Some(code) if *code == SqlState::INVALID_CATALOG_NAME => {
            "create the database, or check DATABASE_NAME"
        }
        Some(_) => "see the server's log",
        None if chain(error).contains("invalid peer certificate") => {
            "DATABASE_SSLROOTCERT must name the roots that signed the server's certificate (for RDS, the bundle that AWS \
                 publishes), and DATABASE_HOST the name in it"
        }
        None => {
            "check DATABASE_HOST, DATABASE_PORT and DATABASE_SSLMODE, that the server runs and that the security \
                 groups let the connection through"
        }
    }
}

fn address(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "localhost".to_owned(),
    };
    format!(
        "{host}:{}/{} as {}",
        config.get_ports().first().unwrap_or(&5432),
        config.get_dbname().unwrap_or("postgres"),
        config.get_user().unwrap_or("postgres")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(url: Option<&str>, variables: &[(&str, &str)]) -> Result<Database, Error> {
        Database::from_variables("test", url, |name| {
            variables.iter().find(|(found, _)| *found == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_names_the_parts() {
        let database = database(
            None,
            &[
                ("DATABASE_HOST", "db.example"),
                ("DATABASE_PORT", "6000"),
                ("DATABASE_USER", "u"),
                ("DATABASE_NAME", "loans"),
                ("DATABASE_SECRET_ARN", "arn:x"),
            ],
        )
        .unwrap();
        assert_eq!(address(&database.config), "db.example:6000/loans as u");
        assert_eq!(database.secret.as_deref(), Some("arn:x"));
        assert_eq!(database.config.get_ssl_mode(), SslMode::Prefer);
    }

    #[test]
    fn a_url_may_have_every_sslmode_of_libpq() {
        let given = database(Some("postgres://u:p@h/d?sslmode=require&connect_timeout=3"), &[]).unwrap();
        assert_eq!(given.config.get_ssl_mode(), SslMode::Require);
        assert_eq!(address(&given.config), "h:5432/d as u");
        let error = database(Some("postgres://u:p@h/d?sslmode=verify-full"), &[]).err().unwrap().to_string();
        assert!(error.starts_with("DATABASE_SSLROOTCERT is missing"), "{error}");
        assert!(database(Some("postgres://u:p@h/d?sslmode=disable"), &[]).unwrap().tls.is_none());
    }

    #[test]
    fn roots_alone_are_roots_to_verify_by() {
        let error = |variables: &[(&str, &str)]| {
            database(Some("postgres://u@h/d"), variables).err().unwrap().to_string()
        };
        let unusable = error(&[("DATABASE_SSLROOTCERT", "/nowhere.pem")]);
        assert!(unusable.starts_with("DATABASE_SSLROOTCERT cannot be read"), "{unusable}");
        let folder = tempfile::tempdir().unwrap();
        let roots = folder.path().join("roots.pem");
        std::fs::write(&roots, "").unwrap();
        let roots = ("DATABASE_SSLROOTCERT", roots.to_str().unwrap());
        let mode = |variables: &[(&str, &str)]| {
            database(Some("postgres://u@h/d"), variables).unwrap().config.get_ssl_mode()
        };
        assert_eq!(mode(&[roots]), SslMode::Require);
        assert_eq!(mode(&[roots, ("DATABASE_SSLMODE", "prefer")]), SslMode::Prefer);
    }

    #[test]
    fn what_is_missing_is_said_and_a_password_never() {
        let error = database(None, &[]).err().unwrap().to_string();
        assert!(error.starts_with("DATABASE_URL is missing"), "{error}");
        let error = database(Some("postgres://u:hush@h:x/d"), &[]).err().unwrap().to_string();
        assert!(!error.contains("hush"), "{error}");
    }
}
