//! stackctl: infrastructure as code for AWS. `ARCHITECTURE.md` draws the way through these modules.

pub mod address;
pub mod cloud;
pub mod diff;
pub mod error;
pub mod package;
pub mod resource;
pub mod schema;
pub mod state;
