//! Where loans are read from.

use std::fmt;

use access::Aws;
use sha2::{Digest, Sha256};
use tokio_postgres::{Client, IsolationLevel};

use crate::dataset::Dataset;
use crate::error::{Doing, Error};
use crate::feature::{Catalogue, File};
use crate::judge::guard;
use crate::lake;
use crate::place::Place;
use crate::read::{self, Which};

/// What the loans are read from.
#[derive(Clone, Debug)]
pub enum Source {
    /// `mart.loan_features`.
    Database,
    /// The table `loan_features` of a lake.
    Lake(Place),
}

/// Loans, and what names them.
pub struct Loans {
    /// The loans.
    pub dataset: Dataset,
    /// The files that they came from.
    pub files: Vec<File>,
    /// Changes with the loaded files and with the features: see [`newest`].
    pub data: String,
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database => formatter.write_str("postgres"),
            Self::Lake(place) => place.fmt(formatter),
        }
    }
}

impl Source {
    /// Reads loans, and which files they came from, from one state of the source. Refuses features that leak.
    pub async fn read(&self, aws: &Aws, client: Option<&mut Client>, which: Which) -> Result<Loans, Error> {
        match self {
            Self::Database => {
                let client = client.ok_or_else(needed)?;
                let transaction = client
                    .build_transaction()
                    .isolation_level(IsolationLevel::RepeatableRead)
                    .read_only(true)
                    .start()
                    .await
                    .doing("read the loans")?;
                let catalogue = read::catalogue(&transaction).await?;
                guard::refuse_leaks(&catalogue)?;
                let dataset = read::loans(&transaction, &catalogue.features, which).await?;
                let files = read::files(&transaction).await?;
                transaction.commit().await.doing("read the loans")?;
                Ok(Loans { data: name(&catalogue, &files), dataset, files })
            }
            Self::Lake(place) => lake::read(aws, place, which).await,
        }
    }

    /// The name of what would be read now.
    pub async fn newest(&self, aws: &Aws, client: Option<&Client>) -> Result<String, Error> {
        match self {
            Self::Database => {
                let client = client.ok_or_else(needed)?;
                Ok(name(&read::catalogue(client).await?, &read::files(client).await?))
            }
            Self::Lake(place) => lake::newest(aws, place).await,
        }
    }
}

fn needed() -> Error {
    Error::Schema("the loans are read from a database, and none is named".to_owned())
}

/// Loans are what the loaded files make of them: a new file, or a new version of one, gives a new name.
fn name(catalogue: &Catalogue, files: &[File]) -> String {
    let mut digest = catalogue.digest();
    for File { sha256, rows, .. } in files {
        Digest::update(&mut digest, format!("{sha256} {rows}\n"));
    }
    hex::encode(Sha256::finalize(digest))
}
