//! Loads loan files from S3, or from this machine, into Postgres: each file once, whole or not at all.

pub mod aws;
pub mod command;
pub mod copy;
pub mod database;
pub mod error;
pub mod event;
pub mod generate;
pub mod header;
pub mod lambda;
pub mod layout;
pub mod load;
pub mod log;
pub mod manifest;
pub mod merge;
pub mod migrate;
pub mod names;
pub mod records;
pub mod rejects;
pub mod rows;
pub mod secret;
pub mod settings;
pub mod source;
pub mod table;
pub mod tls;
