//! The connection to Postgres.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::{Doing, Error};

/// From here on the session may do what training takes, and nothing else, whoever connected. Without the role, as on servers
/// where it could not be made, it stays who it is.
const TAKE_ROLE: &str = "
    select set_config('role', rolname, false)
    from pg_roles
    where rolname = 'loan_trainer' and pg_has_role(oid, 'member') and has_schema_privilege(oid, 'ml', 'usage')";

/// Where the database is.
#[derive(Clone, Debug, clap::Args)]
pub struct Address {
    /// Address of the database.
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    database_url: String,

    /// Root certificates as a PEM file. With them the connection is always encrypted, and the server must prove who it is.
    #[arg(long, value_name = "FILE", env = "DATABASE_SSLROOTCERT")]
    root_certificates: Option<PathBuf>,
}

impl Address {
    /// Connects, and takes on the role `loan_trainer` where there is one.
    pub async fn connect(&self) -> Result<Client, Error> {
        let mut config = self.database_url.parse::<Config>().map_err(|error| Error::Setting {
            name: "DATABASE_URL",
            problem: format!("is no address of a Postgres database: {}", crate::error::chain(&error)),
        })?;
        config.application_name("trainer").connect_timeout(Duration::from_secs(10));
        let doing = format!("connect to Postgres at {}", place(&config));
        let client = match &self.root_certificates {
            Some(path) => {
                let (client, connection) =
                    config.ssl_mode(SslMode::Require).connect(encrypted(path)?).await.doing(&doing)?;
                tokio::spawn(connection);
                client
            }
            None if config.get_ssl_mode() == SslMode::Require => {
                return Err(Error::Setting {
                    name: "DATABASE_SSLROOTCERT",
                    problem: "is missing: the address asks for encryption, which takes the server's root certificates (for RDS: \
                              https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem)"
                        .to_owned(),
                });
            }
            None => {
                let (client, connection) = config.connect(NoTls).await.doing(&doing)?;
                tokio::spawn(connection);
                client
            }
        };
        let there =
            "select to_regclass('mart.loan_features') is not null and to_regclass('ml.models') is not null";
        if !client.query_one(there, &[]).await.doing("look for the tables")?.get::<_, bool>(0) {
            return Err(Error::Schema(
                "the database has no mart.loan_features or no ml.models: run `loader status`, which brings it up to date, and load \
                 files with `loader load`"
                    .to_owned(),
            ));
        }
        client.batch_execute(TAKE_ROLE).await.doing("set up the session")?;
        Ok(client)
    }
}

/// Host, port, database and user; never the password.
fn place(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(tokio_postgres::config::Host::Tcp(host)) => host.clone(),
        Some(tokio_postgres::config::Host::Unix(path)) => path.display().to_string(),
        None => "?".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    format!("{host}:{port}/{} as {}", config.get_dbname().unwrap_or("?"), config.get_user().unwrap_or("?"))
}

fn encrypted(path: &Path) -> Result<MakeRustlsConnect, Error> {
    let unusable = |problem: String| Error::Setting {
        name: "DATABASE_SSLROOTCERT",
        problem: format!("cannot be used: {}: {problem}", path.display()),
    };
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unusable(error.to_string()))? {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        store.add(certificate).map_err(|error| unusable(error.to_string()))?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(error.to_string()))?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn refusal(url: &str, root_certificates: Option<PathBuf>) -> String {
        Address { database_url: url.to_owned(), root_certificates }.connect().await.err().unwrap().to_string()
    }

    #[tokio::test]
    async fn a_password_is_never_said_and_encryption_never_pretended() {
        let error = refusal("postgres://u:hush@127.0.0.1:1/d", None).await;
        assert!(error.contains("127.0.0.1:1/d as u") && !error.contains("hush"), "{error}");
        let error = refusal("postgres://u:hush@127.0.0.1:x/d", None).await;
        assert!(error.starts_with("DATABASE_URL is no address") && !error.contains("hush"), "{error}");
        let error = refusal("postgres://u@127.0.0.1:1/d?sslmode=require", None).await;
        assert!(error.starts_with("DATABASE_SSLROOTCERT is missing"), "{error}");
        let error = refusal("postgres://u@127.0.0.1:1/d", Some("/nowhere.pem".into())).await;
        assert!(error.starts_with("DATABASE_SSLROOTCERT cannot be used"), "{error}");
    }
}
