//! The binary against a real Postgres, which the tests start themselves.
#![expect(clippy::unwrap_used, reason = "clippy.toml's exception for tests does not cover their helpers")]

mod function;
mod http;
mod load;
mod password;
mod real;
mod support;
