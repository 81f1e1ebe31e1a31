//! What the lake has of one table, before anything is done about it.

use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::manifest::{self, Manifest};
use super::store::{Content, Lake, Listing, Ticket};
use super::table::{self, FORMAT, File, Table};
use crate::aws::Aws;
use crate::error::Error;

/// Where it is written down which files are complete and not published yet.
const PENDING: &str = "_pending.json";

/// A file that is complete and not published yet. What an export finished before it was killed, or out of time, is not made again.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Pending {
    /// Year of issue.
    pub year: i32,
    /// Of what is in it.
    pub fingerprint: String,
    /// The file.
    pub file: File,
    /// How to publish it.
    pub ticket: Ticket,
}

/// What there is.
pub struct Survey {
    /// The table.
    pub table: Table,
    /// The manifest, if there is one that can be read.
    pub manifest: Option<Manifest>,
    /// The manifest as it lies there.
    pub content: Option<Content>,
    /// Files that can be published.
    pub pending: Vec<Pending>,
    listing: Listing,
}

impl Survey {
    /// Looks at the table's folder.
    pub async fn new(lake: &Lake, aws: &Aws, table: Table) -> Result<Self, Error> {
        let (manifest_path, pending_path) =
            (format!("{}/{}", table.name, manifest::NAME), format!("{}/{PENDING}", table.name));
        let (listing, content) =
            futures::try_join!(lake.list(aws, table.name), lake.read(aws, &manifest_path))?;
        let pending = match listing.files.contains_key(PENDING) {
            true => lake.read(aws, &pending_path).await?,
            false => None,
        };
        let manifest =
            content.as_ref().and_then(|content| serde_json::from_slice::<Manifest>(&content.bytes).ok());
        let manifest = manifest.filter(|manifest| manifest.format == FORMAT && manifest.table == table.name);
        let pending = pending.and_then(|content| serde_json::from_slice::<Vec<Pending>>(&content.bytes).ok());
        let mut survey = Self { table, manifest, content, pending: Vec::new(), listing };
        survey.pending =
            pending.unwrap_or_default().into_iter().filter(|file| survey.can_be_published(file)).collect();
        Ok(survey)
    }

    /// Its upload is there still. Who completes an upload and dies finds the file itself, which is as good.
    fn can_be_published(&self, pending: &Pending) -> bool {
        let unfinished = |(path, ticket): &(String, Ticket)| {
            *path == pending.file.path && ticket.upload == pending.ticket.upload
        };
        self.listing.unfinished.iter().any(unfinished) || self.has(&pending.file)
    }

    /// Whether a file is there, as long as it should be.
    pub fn has(&self, file: &File) -> bool {
        self.listing.files.get(&file.path) == Some(&file.bytes)
    }

    /// The file of a partition, if the lake has it with this content.
    pub fn kept(&self, year: i32, fingerprint: &str) -> Option<&manifest::Partition> {
        let partition = self.manifest.as_ref()?.partition(year)?;
        let whole = partition.fingerprint == fingerprint && partition.files.iter().all(|file| self.has(file));
        whole.then_some(partition)
    }

    /// Whether the manifest is there with all that it names, and nothing else of ours is.
    pub fn is_tidy(&self) -> bool {
        let Some(manifest) = &self.manifest else { return false };
        let mut files = manifest.partitions.iter().flat_map(|partition| &partition.files);
        files.all(|file| self.has(file))
            && self.leftovers(manifest).is_empty()
            && self.listing.unfinished.is_empty()
    }

    /// Files of ours that a manifest does not name.
    fn leftovers(&self, manifest: &Manifest) -> Vec<String> {
        let named = |path: &str| {
            manifest.partitions.iter().flat_map(|partition| &partition.files).any(|file| file.path == path)
        };
        let ours = |path: &&String| table::is_ours(path) || *path == PENDING;
        self.listing.files.keys().filter(ours).filter(|path| !named(path)).cloned().collect()
    }

    /// Throws away uploads that nobody will complete: a killed export left them.
    pub async fn abandon(&self, lake: &Lake, aws: &Aws) -> Result<(), Error> {
        let wanted = |path: &str, ticket: &Ticket| {
            self.pending.iter().any(|file| file.file.path == path && file.ticket.upload == ticket.upload)
        };
        let unwanted = self.listing.unfinished.iter().filter(|(path, ticket)| !wanted(path, ticket));
        let unwanted = unwanted.map(|(path, ticket)| async move {
            let path = format!("{}/{path}", self.table.name);
            lake.abandon(aws, &path, ticket).await
        });
        try_join_all(unwanted).await.map(|_| ())
    }

    /// Notes a file that is complete.
    pub async fn note(&mut self, lake: &Lake, aws: &Aws, file: Pending) -> Result<(), Error> {
        self.pending.retain(|other| other.year != file.year);
        self.pending.push(file);
        let bytes = serde_json::to_vec(&self.pending).map_err(|error| Error::Schema(error.to_string()))?;
        lake.put(aws, &format!("{}/{PENDING}", self.table.name), bytes).await
    }

    /// Makes the files of a manifest visible, then the manifest, then removes what it does not name. Between the first and the last
    /// of these, who lists the folder sees both old and new: the parts are uploaded beforehand, so that it is short. False if the
    /// manifest says what it said before.
    pub async fn publish(&self, lake: &Lake, aws: &Aws, mut manifest: Manifest) -> Result<bool, Error> {
        let name = self.table.name;
        let new = self.pending.iter().filter(|file| {
            manifest.partition(file.year).is_some_and(|partition| partition.files.contains(&file.file))
        });
        let versions = try_join_all(new.map(|file| async move {
            let path = format!("{name}/{}", file.file.path);
            Ok::<_, Error>((file.file.path.as_str(), lake.publish(aws, &path, &file.ticket).await?))
        }));
        for (path, version) in versions.await? {
            let files = manifest.partitions.iter_mut().flat_map(|partition| &mut partition.files);
            files.filter(|file| file.path == path).for_each(|file| file.version_id.clone_from(&version));
        }
        let news = self.manifest.as_ref().is_none_or(|before| !before.says_the_same(&manifest));
        if news {
            let mut bytes =
                serde_json::to_vec_pretty(&manifest).map_err(|error| Error::Schema(error.to_string()))?;
            bytes.push(b'\n');
            let path = format!("{name}/{}", manifest::NAME);
            lake.replace(aws, &path, bytes, self.content.as_ref()).await?;
        }
        let mut leftovers = self.leftovers(&manifest);
        if !self.pending.is_empty() && !leftovers.iter().any(|path| path == PENDING) {
            leftovers.push(PENDING.to_owned());
        }
        let removals =
            leftovers.iter().map(|path| async move { lake.remove(aws, &format!("{name}/{path}")).await });
        try_join_all(removals).await.map(|_| news)
    }
}
