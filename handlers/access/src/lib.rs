//! How the handlers reach AWS and Postgres: clients, passwords, TLS.

pub mod aws;
pub mod database;
pub mod error;
pub mod event;
pub mod lock;
pub mod secret;
pub mod tls;

pub use aws::Aws;
pub use database::{Connection, Database};
pub use error::{Error, chain};
