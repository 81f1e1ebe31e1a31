//! Connections to a database whose schema is up to date.

use access::aws::Aws;
pub use access::database::Connection;
use access::database::variable;
use tokio::sync::OnceCell;

use crate::error::{Doing, Error};
use crate::migrate;

/// From here on the session may do what loading takes, and nothing else, whoever connected. Without the role, as on servers
/// where it could not be made, it stays who it is.
pub const TAKE_ROLE: &str = "
    select set_config('role', rolname, false)
    from pg_roles
    where rolname = 'loan_loader' and pg_has_role(oid, 'member')
        and oid = (select nspowner from pg_namespace where nspname = 'history')";

/// The database that the environment names.
pub struct Database {
    access: access::Database,
    migrated: OnceCell<()>,
}

impl Database {
    /// Reads `DATABASE_*`; a given URL goes before them.
    pub fn from_environment(url: Option<&str>) -> Result<Self, Error> {
        Self::from_variables(url, variable)
    }

    /// As [`Self::from_environment`], with variables from elsewhere.
    pub fn from_variables(
        url: Option<&str>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Error> {
        let access = access::Database::from_variables("loader", url, variable)?;
        Ok(Self { access, migrated: OnceCell::new() })
    }

    /// A connection, the schema brought up to date first.
    pub async fn connect(&self, aws: &Aws) -> Result<Connection, Error> {
        let mut connection = self.access.connect(aws).await?;
        self.migrated.get_or_try_init(|| migrate::migrate(&mut connection.client)).await?;
        connection.client.batch_execute(TAKE_ROLE).await.doing("set up the session")?;
        Ok(connection)
    }
}
