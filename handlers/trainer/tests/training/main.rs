//! The binary against a real PostgreSQL, on loans that the loader loaded.
#![expect(clippy::unwrap_used, reason = "clippy.toml's exception for tests does not cover their helpers")]

mod container;
mod function;
mod guard;
#[path = "../../../loader/tests/integration/http.rs"]
mod http;
mod lake;
#[cfg(feature = "lightgbm")]
mod lightgbm;
mod page;
mod real;
mod registry;
#[path = "../../../loader/tests/integration/runtime.rs"]
mod runtime;
mod s3;
mod server;
