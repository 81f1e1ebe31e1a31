//! `_manifest.json`: what the lake holds of a table. Written last by whoever writes the lake.

use access::Aws;
use bytes::Bytes;
use serde::Deserialize;
use sha2::Digest;

use super::damaged;
use crate::error::Error;
use crate::feature::{Catalogue, Feature, File};
use crate::place::Place;
use crate::store::hash;

/// Manifests that can be read.
const FORMAT: u32 = 1;

const NAME: &str = "_manifest.json";

/// What it says.
#[derive(Clone, Debug, Deserialize)]
pub struct Manifest {
    format: u32,
    table: String,
    columns: Vec<Column>,
    partitions: Vec<Partition>,
    /// Loaded files that the loans came from.
    pub files: Vec<File>,
    #[serde(default)]
    leaking: Vec<Leak>,
}

#[derive(Clone, Debug, Deserialize)]
struct Column {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    comment: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Partition {
    files: Vec<Part>,
}

#[derive(Clone, Debug, Deserialize)]
struct Leak {
    column: String,
    reason: String,
}

/// A Parquet file.
#[derive(Clone, Debug, Deserialize)]
pub struct Part {
    /// Relative to the table's folder.
    pub path: String,
    /// Rows that it must have.
    pub rows: u64,
    bytes: u64,
    sha256: String,
    #[serde(default)]
    version_id: Option<String>,
}

impl Manifest {
    /// Reads the manifest in a table's folder.
    pub async fn read(aws: &Aws, folder: &Place) -> Result<Self, Error> {
        let address = folder.address(NAME);
        let Some(bytes) = folder.read(aws, NAME).await? else {
            return Err(damaged(&address, "there is none: `loader export` writes the lake; check --lake"));
        };
        let manifest: Self = serde_json::from_slice(&bytes)
            .map_err(|error| damaged(&address, format!("it cannot be read: {error}")))?;
        if manifest.format != FORMAT {
            let problem = format!("it has format {}, this trainer reads format {FORMAT}", manifest.format);
            return Err(damaged(&address, problem));
        }
        if manifest.table != "loan_features" {
            return Err(damaged(
                &address,
                format!("it is of the table {}, not loan_features", manifest.table),
            ));
        }
        Ok(manifest)
    }

    /// The features, and what is known to leak.
    pub fn catalogue(&self) -> Result<Catalogue, Error> {
        let mut features = Vec::new();
        for column in &self.columns {
            let comment = column.comment.as_deref().unwrap_or_default();
            features.extend(Feature::new(&column.name, &column.kind, comment)?);
        }
        let leaking = self.leaking.iter().map(|leak| (leak.column.clone(), leak.reason.clone())).collect();
        Ok(Catalogue { features, leaking })
    }

    /// A name for the loans: changes with the Parquet files and with the features, not with the time of writing.
    pub fn data(&self) -> Result<String, Error> {
        let mut digest = self.catalogue()?.digest();
        for part in self.parts() {
            digest.update(format!("{} {}\n", part.path, part.sha256));
        }
        Ok(hex::encode(digest.finalize()))
    }

    /// All Parquet files.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.partitions.iter().flat_map(|partition| &partition.files)
    }
}

impl Part {
    /// Its content, if it is what the manifest says.
    pub async fn read(&self, aws: &Aws, folder: &Place) -> Result<Bytes, Error> {
        let address = folder.address(&self.path);
        if self.path.starts_with('/') || self.path.split('/').any(|name| name == "..") {
            return Err(damaged(&address, "the manifest names a file outside of the table's folder"));
        }
        let version = self.version_id.as_deref();
        let Some(bytes) = folder.read_version(aws, &self.path, version).await? else {
            return Err(damaged(
                &address,
                "the manifest names it, and it is not there; `loader export` writes it again",
            ));
        };
        if bytes.len() as u64 != self.bytes || hash(&bytes) != self.sha256 {
            return Err(damaged(
                &address,
                "it is not the file that the manifest names: it was changed or cut off; `loader export` writes it again",
            ));
        }
        Ok(bytes)
    }
}
