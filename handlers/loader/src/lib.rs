//! Loads loan files from S3, or from this machine, into Postgres: each file once, whole or not at all.

pub use access::aws;

pub mod command;
pub mod copy;
pub mod database;
pub mod drift;
pub mod error;
pub mod event;
pub mod generate;
pub mod header;
pub mod history;
pub mod lake;
pub mod lambda;
pub mod layout;
pub mod load;
pub mod log;
pub mod manifest;
pub mod merge;
pub mod migrate;
pub mod names;
pub mod packed;
pub mod pull;
pub mod records;
pub mod rejects;
pub mod rows;
pub mod settings;
pub mod setup;
pub mod sink;
pub mod source;
pub mod table;
pub mod totals;
pub mod transfer;
pub mod typed;
pub mod versions;
