//! Reads `loan_features` from the lake: the same loans as from Postgres, in the same order, bit for bit.

mod cells;
mod manifest;
mod table;

use access::Aws;

use crate::error::Error;
use crate::judge::guard;
use crate::loans::Loans;
use crate::place::Place;
use crate::read::Which;
use crate::training::blocking;

use manifest::Manifest;
use table::Table;

/// How often reading begins again when the lake is written meanwhile.
const ATTEMPTS: usize = 3;

/// The name of the loans that would be read now.
pub async fn newest(aws: &Aws, lake: &Place) -> Result<String, Error> {
    Manifest::read(aws, &folder(lake)).await?.data()
}

/// Reads exactly the files that the manifest names, one after another, each checked against it.
pub async fn read(aws: &Aws, lake: &Place, which: Which) -> Result<Loans, Error> {
    let folder = folder(lake);
    let mut manifest = Manifest::read(aws, &folder).await?;
    for _ in 1..ATTEMPTS {
        match read_named(aws, &folder, &manifest, which).await {
            Err(error @ Error::Lake { .. }) => {
                // What the manifest named is gone or changed. If there is another manifest by now, that is why.
                let now = Manifest::read(aws, &folder).await?;
                if now.data()? == manifest.data()? {
                    return Err(error);
                }
                manifest = now;
            }
            other => return other,
        }
    }
    read_named(aws, &folder, &manifest, which).await
}

/// Whoever names the table's own folder means it, too.
fn folder(lake: &Place) -> Place {
    let ends_so = match lake {
        Place::Folder(path) => path.ends_with("loan_features"),
        Place::S3 { prefix, .. } => prefix.rsplit('/').next() == Some("loan_features"),
    };
    if ends_so { lake.clone() } else { lake.below("loan_features") }
}

async fn read_named(aws: &Aws, folder: &Place, manifest: &Manifest, which: Which) -> Result<Loans, Error> {
    let catalogue = manifest.catalogue()?;
    guard::refuse_leaks(&catalogue)?;
    let mut table = Table::new(catalogue.features, which);
    for part in manifest.parts() {
        let bytes = part.read(aws, folder).await?;
        let (address, rows) = (folder.address(&part.path), part.rows);
        let taken = move || {
            table.take(bytes, &address, rows)?;
            Ok::<_, Error>(table)
        };
        table = blocking(taken).await??;
    }
    let dataset = blocking(move || table.finish()).await?;
    Ok(Loans { dataset, files: manifest.files.clone(), data: manifest.data()? })
}

/// Something of the lake is not as its manifest says.
fn damaged(address: &str, problem: impl std::fmt::Display) -> Error {
    Error::Lake { address: address.to_owned(), problem: problem.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lake_or_the_tables_folder_may_be_named() {
        for name in ["/data/lake", "/data/lake/loan_features", "s3://b/lake", "s3://b/lake/loan_features/"] {
            let place = folder(&name.parse().unwrap());
            assert!(place.to_string().ends_with("/lake/loan_features"), "{place}");
        }
    }
}
