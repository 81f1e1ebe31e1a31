//! stackctl: infrastructure as code for AWS. `ARCHITECTURE.md` draws the way through these modules.

pub mod address;
pub mod apply;
pub mod census;
pub mod chaos;
pub mod cli;
pub mod cloud;
pub mod config;
pub mod desired;
pub mod diagnostic;
pub mod diff;
pub mod download;
pub mod error;
pub mod event;
pub mod folder;
pub mod local;
pub mod package;
pub mod plan;
pub mod reference;
pub mod refresh;
pub mod resource;
pub mod schema;
pub mod state;
pub mod terraform;
pub mod upload;
pub mod veil;
pub mod visible;
