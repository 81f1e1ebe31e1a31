use std::{path::Path, time::Duration};

use tokio_postgres::{Client, Config, NoTls};

/// The superuser: ours, as `rdsadmin` is Amazon's.
pub(super) const ADMIN: &str = "stackctl_admin";

/// Connects as the superuser, by the socket.
pub(super) async fn connect(
    sockets: &Path,
    port: u16,
    database: &str,
) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = Config::new()
        .host_path(sockets)
        .port(port)
        .user(ADMIN)
        .dbname(database)
        .application_name("stackctl")
        .connect_timeout(Duration::from_secs(5))
        .connect(NoTls)
        .await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Makes the roles and the database that RDS makes. Every step may have been done before.
pub(super) async fn furnish(
    client: &Client,
    user: &str,
    password: &str,
    database: &str,
) -> Result<(), tokio_postgres::Error> {
    for role in ["rds_superuser", "rds_iam", "rds_password"] {
        if !has(client, "SELECT 1 FROM pg_roles WHERE rolname = $1", role).await? {
            client.batch_execute(&format!("CREATE ROLE {role} NOLOGIN")).await?;
        }
    }
    let master = identifier(user);
    if !has(client, "SELECT 1 FROM pg_roles WHERE rolname = $1", user).await? {
        client.batch_execute(&format!("CREATE ROLE {master} LOGIN CREATEDB CREATEROLE")).await?;
    }
    set_password(client, user, password).await?;
    client
        .batch_execute(&format!(
            "GRANT pg_monitor, pg_signal_backend TO rds_superuser WITH ADMIN OPTION; \
             GRANT rds_superuser TO {master}; \
             ALTER DATABASE postgres OWNER TO {master}"
        ))
        .await?;
    if !has(client, "SELECT 1 FROM pg_database WHERE datname = $1", database).await? {
        client.batch_execute(&format!("CREATE DATABASE {} OWNER {master}", identifier(database))).await?;
    }
    Ok(())
}

/// Sends a SCRAM verifier, so that the password itself is in no statement and no log.
pub(super) async fn set_password(
    client: &Client,
    user: &str,
    password: &str,
) -> Result<(), tokio_postgres::Error> {
    let verifier = postgres_protocol::password::scram_sha_256(password.as_bytes());
    client.batch_execute(&format!("ALTER ROLE {} PASSWORD '{verifier}'", identifier(user))).await
}

async fn has(client: &Client, query: &str, name: &str) -> Result<bool, tokio_postgres::Error> {
    Ok(client.query_opt(query, &[&name]).await?.is_some())
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
