//! Where artifacts are kept: a folder, or a prefix in S3, in which every model is named after its content.

use access::Aws;
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::place::Place;
use crate::record::Record;

/// A place for artifacts.
#[derive(Clone, Copy)]
pub struct Store<'a> {
    aws: &'a Aws,
    place: &'a Place,
}

impl<'a> Store<'a> {
    /// A store in a place.
    pub fn new(aws: &'a Aws, place: &'a Place) -> Self {
        Self { aws, place }
    }

    /// Keeps a model. Returns its hash and its address.
    pub async fn put_model(&self, bytes: Vec<u8>) -> Result<(String, String), Error> {
        let name = hash(&bytes);
        let address = self.place.write(self.aws, &model(&name), bytes, "application/json").await?;
        Ok((name, address))
    }

    /// Keeps the report of a model on one test. Returns its address.
    pub async fn put_report(&self, model: &str, test: &str, page: &str) -> Result<String, Error> {
        let name = report(model, test);
        self.place.write(self.aws, &name, page.as_bytes().to_vec(), "text/html; charset=utf-8").await
    }

    /// The report of a model on one test.
    pub async fn report(&self, model: &str, test: &str) -> Result<String, Error> {
        let name = report(model, test);
        let bytes = self.place.read(self.aws, &name).await?.ok_or_else(|| Error::Artifact {
            name: short(model).to_owned(),
            problem: format!("has no report: looked for {}", self.place.address(&name)),
        })?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Keeps what is written down about a training, for whoever registers it later. Returns its address.
    pub async fn put_record(&self, record: &Record) -> Result<String, Error> {
        let name =
            format!("runs/{}-{}/run.json", short(&record.artifact), short(&record.evaluation.fingerprint));
        let text = serde_json::to_vec_pretty(record).map_err(|error| Error::Artifact {
            name: short(&record.artifact).to_owned(),
            problem: format!("has a record that cannot be written: {error}"),
        })?;
        self.place.write(self.aws, &name, text, "application/json").await
    }

    /// A model's bytes, which are what the name says.
    pub async fn model_bytes(&self, name: &str) -> Result<Vec<u8>, Error> {
        let address = self.place.address(&model(name));
        let problem = |problem: String| Error::Artifact { name: short(name).to_owned(), problem };
        let Some(bytes) = self.place.read(self.aws, &model(name)).await? else {
            return Err(problem(format!(
                "is not there: looked for {address}; say by --artifacts where it is, or train again with the same settings, which \
                 gives the same artifact"
            )));
        };
        let found = hash(&bytes);
        if found != name {
            return Err(problem(format!(
                "in {address} has the hash {}: it was changed or cut off; train again with the same settings, which gives the \
                 same artifact",
                short(&found)
            )));
        }
        Ok(bytes.into())
    }
}

fn model(name: &str) -> String {
    format!("models/{name}.json")
}

fn report(model: &str, test: &str) -> String {
    format!("reports/{}-{}.html", short(model), short(test))
}

/// The name of a content: SHA-256.
pub fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Enough of a hash for people.
pub fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_kept_comes_back_and_what_was_changed_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let (aws, place) = (Aws::default(), Place::Folder(folder.path().to_owned()));
        let store = Store::new(&aws, &place);
        let (name, address) = store.put_model(b"model".to_vec()).await.unwrap();
        assert_eq!(store.put_model(b"model".to_vec()).await.unwrap(), (name.clone(), address.clone()));
        assert_eq!(store.model_bytes(&name).await.unwrap(), b"model");
        std::fs::write(&address, b"mode").unwrap();
        let error = store.model_bytes(&name).await.unwrap_err().to_string();
        assert!(error.contains("train again"), "{error}");
        assert_eq!(std::fs::read_dir(folder.path().join("models")).unwrap().count(), 1);
        let error = store.model_bytes("0123456789abcdef").await.unwrap_err().to_string();
        assert!(error.contains("0123456789ab is not there: looked for"), "{error}");
    }
}
