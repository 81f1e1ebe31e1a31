//! A lake in a folder.

use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt;

use super::store::{Content, Listing, Ticket};
use crate::error::Error;

/// The folder, as an absolute path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Folder(PathBuf);

/// A file that is being written beside its place, under a name that readers skip.
pub struct Part {
    file: File,
    path: PathBuf,
}

impl Folder {
    /// A folder, which is made when it is needed.
    pub fn new(path: &str) -> Self {
        Self(std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path)))
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }

    /// The name that hides it: readers skip names that begin with a dot.
    fn hidden(&self, path: &str) -> PathBuf {
        let path = self.at(path);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.with_file_name(format!(".{name}.part"))
    }

    pub(super) async fn list(&self, table: &str) -> Result<Listing, Error> {
        let mut listing = Listing::default();
        let root = self.at(table);
        let mut folders = vec![(root, String::new())];
        while let Some((folder, prefix)) = folders.pop() {
            let mut entries = match fs::read_dir(&folder).await {
                Ok(entries) => entries,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(failed("list", &folder, error)),
            };
            while let Some(entry) =
                entries.next_entry().await.map_err(|error| failed("list", &folder, error))?
            {
                let name = entry.file_name().to_string_lossy().into_owned();
                let metadata =
                    entry.metadata().await.map_err(|error| failed("list", &entry.path(), error))?;
                if metadata.is_dir() && prefix.is_empty() {
                    folders.push((entry.path(), format!("{name}/")));
                } else if let Some(whole) = name.strip_prefix('.').and_then(|name| name.strip_suffix(".part"))
                {
                    let ticket = Ticket { upload: None, parts: Vec::new() };
                    listing.unfinished.push((format!("{prefix}{whole}"), ticket));
                } else {
                    listing.files.insert(format!("{prefix}{name}"), metadata.len());
                }
            }
        }
        Ok(listing)
    }

    pub(super) async fn read(&self, path: &str) -> Result<Option<Content>, Error> {
        match fs::read(self.at(path)).await {
            Ok(bytes) => Ok(Some(Content { bytes, etag: None })),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("read", &self.at(path), error)),
        }
    }

    pub(super) async fn put(&self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        let mut part = self.begin(path).await?;
        let written = match part.write(bytes).await {
            Ok(()) => part.end().await.map(|_| ()),
            Err(error) => Err(error),
        };
        match written {
            Ok(()) => self.publish(path).await,
            Err(error) => {
                // The disk is full, most likely: at least this takes no room.
                let _ = self.abandon(path).await;
                Err(error)
            }
        }
    }

    pub(super) async fn remove(&self, path: &str) -> Result<(), Error> {
        remove(&self.at(path)).await
    }

    pub(super) async fn begin(&self, path: &str) -> Result<Part, Error> {
        let hidden = self.hidden(path);
        if let Some(folder) = hidden.parent() {
            fs::create_dir_all(folder).await.map_err(|error| failed("make", folder, error))?;
        }
        let file = File::create(&hidden).await.map_err(|error| failed("write", &hidden, error))?;
        Ok(Part { file, path: hidden })
    }

    pub(super) async fn publish(&self, path: &str) -> Result<(), Error> {
        let place = self.at(path);
        match fs::rename(self.hidden(path), &place).await {
            // It was published by an export that died before it could say so.
            Err(error)
                if error.kind() == ErrorKind::NotFound && fs::try_exists(&place).await.is_ok_and(|is| is) => {
            }
            renamed => renamed.map_err(|error| failed("publish", &place, error))?,
        }
        // The name is as durable as the content only when the folder is, too.
        if let Some(folder) = place.parent() {
            let opened = File::open(folder).await.map_err(|error| failed("open", folder, error))?;
            opened.sync_all().await.map_err(|error| failed("write", folder, error))?;
        }
        Ok(())
    }

    pub(super) async fn abandon(&self, path: &str) -> Result<(), Error> {
        remove(&self.hidden(path)).await
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(formatter)
    }
}

impl Part {
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file.write_all(bytes).await.map_err(|error| failed("write", &self.path, error))
    }

    pub(super) async fn end(mut self) -> Result<Ticket, Error> {
        self.file.flush().await.map_err(|error| failed("write", &self.path, error))?;
        self.file.sync_all().await.map_err(|error| failed("write", &self.path, error))?;
        Ok(Ticket { upload: None, parts: Vec::new() })
    }
}

async fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path).await {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("remove", path, error)),
        _ => Ok(()),
    }
}

fn failed(doing: &'static str, path: &Path, source: std::io::Error) -> Error {
    Error::Lake { doing, path: path.to_owned(), source }
}
