//! From a handler's source to the zip that Lambda runs: builds the crate with cargo, checks that Lambda can execute the
//! result, zips it byte for byte reproducibly, and does none of it again while the sources stay the same.
//!
//! A build runs code: build scripts, and procedural macros of every dependency. It gets an environment without secrets
//! (`environment`), and the files of the user, as everything that the user starts.
//!
//! Everything here blocks (cargo runs for minutes); call it from a blocking task. Nothing here prints.
//!
//! # What is reproducible
//!
//! The same executable always becomes the same zip: fixed name, time stamp, mode and compression. The same sources
//! become the same executable where toolchain, flags and `CARGO_HOME` are the same, since panic messages of registry
//! crates hold absolute paths. A build elsewhere may therefore differ and show up as a change of `code_sha256`. The
//! remedy is the user's: `trim-paths` or `--remap-path-prefix` in `.cargo/config.toml`. stackctl sets no flags of its
//! own, because that would make cargo rebuild everything each time the user builds without them.

mod archive;
mod artifact;
mod build;
mod cargo;
mod environment;
mod error;
mod executable;
mod extras;
mod fingerprint;
mod manifest;
mod record;

pub use archive::{executable_in, sha256};
pub use artifact::{Artifact, holds, inspect, load};
pub use build::{Progress, Request, build, look};
pub use error::{Error, Result};
pub use executable::{Architecture, Executable, Glibc};
pub use extras::with_files;
