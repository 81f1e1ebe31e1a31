//! The lake: the views of schema mart as partitioned Parquet, in a folder or in S3, for whatever reads that.
//!
//! `export.rs` tells how the parts work together; `docs/pipeline.md` what a reader may rely on.

pub mod column;
pub mod export;
pub mod fingerprint;
pub mod folder;
pub mod manifest;
pub mod parquet;
pub mod report;
pub mod rows;
pub mod s3;
pub mod state;
pub mod store;
pub mod survey;
pub mod table;
