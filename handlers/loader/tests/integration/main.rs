//! The binary against a real Postgres, which the tests start themselves.
#![expect(clippy::unwrap_used, reason = "clippy.toml's exception for tests does not cover their helpers")]

mod features;
mod formats;
mod function;
mod history;
mod http;
mod kill;
mod load;
mod password;
mod real;
mod support;
