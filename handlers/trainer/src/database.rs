//! The connection to Postgres.

use std::path::PathBuf;

use access::Aws;
use access::database::variable;
use tokio_postgres::Client;

use crate::error::{Doing, Error};

/// From here on the session may do what training takes, and nothing else, whoever connected. Without the role, as on servers
/// where it could not be made, it stays who it is.
const TAKE_ROLE: &str = "
    select set_config('role', rolname, false)
    from pg_roles
    where rolname = 'loan_trainer' and pg_has_role(oid, 'member') and has_schema_privilege(oid, 'ml', 'usage')";

/// The database that arguments and environment name.
pub struct Database(access::Database);

impl Database {
    /// Reads `DATABASE_*`.
    pub fn from_environment() -> Result<Self, Error> {
        Ok(Self(access::Database::from_environment("trainer", None)?))
    }

    /// Connects, and takes on the role `loan_trainer` where there is one.
    pub async fn connect(&self, aws: &Aws) -> Result<Client, Error> {
        let client = self.0.connect(aws).await?.client;
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

/// Where the database is, for commands. What is not given comes from `DATABASE_*`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Address {
    /// Address of the database, instead of DATABASE_URL.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,

    /// Root certificates as a PEM file, instead of DATABASE_SSLROOTCERT. With them and nothing else said, the connection is
    /// encrypted and the server must prove who it is.
    #[arg(long, value_name = "FILE")]
    root_certificates: Option<PathBuf>,
}

impl Address {
    /// Whether arguments or environment name a database.
    pub fn is_named(&self) -> bool {
        self.database_url.is_some()
            || variable("DATABASE_URL").is_some()
            || variable("DATABASE_HOST").is_some()
    }

    /// The database.
    pub fn database(&self) -> Result<Database, Error> {
        let roots = self.root_certificates.as_ref().map(|path| path.display().to_string());
        let variables =
            |name: &str| roots.clone().filter(|_| name == "DATABASE_SSLROOTCERT").or_else(|| variable(name));
        Ok(Database(access::Database::from_variables("trainer", self.database_url.as_deref(), variables)?))
    }

    /// Connects, as [`Database::connect`] does.
    pub async fn connect(&self, aws: &Aws) -> Result<Client, Error> {
        self.database()?.connect(aws).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn refusal(url: &str, root_certificates: Option<PathBuf>) -> String {
        let address = Address { database_url: Some(url.to_owned()), root_certificates };
        address.connect(&Aws::default()).await.err().unwrap().to_string()
    }

    #[tokio::test]
    async fn a_password_is_never_said_and_encryption_never_pretended() {
        let error = refusal("postgres://u:hush@127.0.0.1:1/d", None).await;
        assert!(error.contains("127.0.0.1:1/d as u") && !error.contains("hush"), "{error}");
        let error = refusal("postgres://u:hush@127.0.0.1:x/d", None).await;
        assert!(error.starts_with("DATABASE_URL is no address") && !error.contains("hush"), "{error}");
        let error = refusal("postgres://u@127.0.0.1:1/d?sslmode=verify-full", None).await;
        assert!(error.starts_with("DATABASE_SSLROOTCERT is missing"), "{error}");
        let error = refusal("postgres://u@127.0.0.1:1/d", Some("/nowhere.pem".into())).await;
        assert!(error.starts_with("DATABASE_SSLROOTCERT cannot be read"), "{error}");
    }
}
