//! The binary against a real Postgres, which the tests start themselves.
#![expect(clippy::unwrap_used, reason = "clippy.toml's exception for tests does not cover their helpers")]

mod bucket;
mod disk;
mod features;
mod formats;
mod function;
mod fuzz;
mod history;
mod http;
mod kill;
mod lake;
mod lake_bucket;
mod lake_crash;
mod load;
mod parquet;
mod password;
mod pull;
mod real;
mod roles;
mod runtime;
mod setup;
mod support;
mod tls;
