//! What is written down about a training besides the model: enough to register it, now or later.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::feature::File;
use crate::judge::evaluation::Evaluation;
use crate::learn::tuning::Trial;

/// Raised when an older trainer could not read the record any more.
pub const FORMAT: u32 = 1;

/// A training.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Record {
    /// See [`FORMAT`].
    pub format: u32,
    /// Hash of the model's artifact.
    pub artifact: String,
    /// Where the artifact was written.
    pub location: String,
    /// Where the report was written.
    pub report: String,
    /// Version of the trainer.
    pub code_version: String,
    /// Where the loans were read: `postgres`, or the place of the lake.
    pub source: String,
    /// Name of the loans.
    pub data: String,
    /// How many there were.
    pub loans: usize,
    /// Name of what the user decided.
    pub settings: String,
    /// Files that the loans came from.
    pub files: Vec<File>,
    /// What tuning tried.
    pub trials: Vec<Trial>,
    /// How well the model does.
    pub evaluation: Evaluation,
}

impl Record {
    /// Reads what a training has written down.
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self, Error> {
        let failed = |problem: String| Error::Artifact { name: name.to_owned(), problem };
        let record: Self = serde_json::from_slice(bytes).map_err(|error| {
            failed(format!(
                "is no record of a training: {error}; give the run.json that `trainer train` wrote"
            ))
        })?;
        if record.format == FORMAT {
            return Ok(record);
        }
        Err(failed(format!("has format {}, this trainer reads format {FORMAT}", record.format)))
    }
}
