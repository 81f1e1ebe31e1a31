use super::{Document, Entry, Journal, JournalFile, Lock, StateError, write_atomically};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// State in a folder: `<stack>[.<target>].json`, with `.backup`, `.journal` and `.lock` beside it.
#[derive(Debug, Clone)]
pub struct Files {
    path: PathBuf,
}

/// The state in a folder, under lock.
#[derive(Debug)]
pub struct HeldFiles {
    files: Files,
    _lock: Lock,
}

impl Files {
    pub fn new(folder: &Path, stack: &str, target: Option<&str>) -> Self {
        let name = match target {
            None => format!("{stack}.json"),
            Some(target) => format!("{stack}.{target}.json"),
        };
        Self { path: folder.join(name) }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn backup_path(&self) -> PathBuf {
        self.path.with_extension("json.backup")
    }

    pub fn journal_path(&self) -> PathBuf {
        self.path.with_extension("journal")
    }

    pub fn lock_path(&self) -> PathBuf {
        self.path.with_extension("lock")
    }

    pub(super) fn io(&self, verb: &'static str) -> impl Fn(io::Error) -> StateError {
        let (name, backup) = (self.path.display().to_string(), self.backup_path());
        move |source| StateError::Io {
            hint: format!("The last good state is in {name} or {}", backup.display()),
            name: name.clone(),
            verb,
            source,
        }
    }

    /// Takes the lock, waiting up to `patience`.
    pub async fn hold(&self, command: &str, patience: Duration) -> Result<HeldFiles, StateError> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder).map_err(self.io("created"))?;
        }
        let started = Instant::now();
        loop {
            match Lock::take(&self.lock_path(), command).map_err(self.io("locked"))? {
                Ok(lock) => return Ok(HeldFiles { files: self.clone(), _lock: lock }),
                Err(holder) if started.elapsed() >= patience => {
                    return Err(StateError::Locked { name: self.path.display().to_string(), holder });
                }
                // Polling, since the OS lock has no wait with a limit.
                Err(_) => sleep(Duration::from_millis(100)).await,
            }
        }
    }

    /// The state with what the journal says folded in.
    pub fn read(&self) -> Result<Option<Document>, StateError> {
        let damaged = |what: String| StateError::Damaged {
            name: self.path.display().to_string(),
            backup: self.backup_path().display().to_string(),
            what,
        };
        let mut document = match std::fs::read_to_string(&self.path) {
            Ok(text) => Some(Document::from_text(&text).map_err(damaged)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(self.io("read")(error)),
        };
        let entries = JournalFile::read(&self.journal_path()).map_err(self.io("read"))?.unwrap_or_default();
        if let Some(document) = &mut document {
            document.fold(&entries);
        }
        Ok(document)
    }
}

impl HeldFiles {
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// The state. What a dead run left in the journal is written into it first: the next journal takes that one's place.
    pub fn read(&self) -> Result<Option<Document>, StateError> {
        let mut document = self.files.read()?;
        if let Some(document) = &mut document
            && self.files.journal_path().exists()
        {
            self.write(document)?;
        }
        Ok(document)
    }

    /// Starts a journal on top of `document`, which must be what lies on the disk.
    pub fn journal(&self, document: &Document, command: &str) -> Result<Journal, StateError> {
        let base = Entry::base(document, command, None);
        let file =
            JournalFile::create(&self.files.journal_path(), &base).map_err(self.files.io("journalled"))?;
        Ok(Journal::File(file))
    }

    /// Writes the next serial durably, then removes the journal: all of it is in the document, open intents included.
    pub fn write(&self, document: &mut Document) -> Result<(), StateError> {
        let files = &self.files;
        document.serial += 1;
        let text = document.to_text().map_err(|error| files.io("written")(error.into()))?;
        write_atomically(&files.path, text.as_bytes(), Some(&files.backup_path()))
            .map_err(files.io("written"))?;
        gone(std::fs::remove_file(files.journal_path())).map_err(files.io("folded"))
    }

    /// Removes state and journal. The backup stays.
    pub fn remove(&self) -> Result<(), StateError> {
        for path in [self.files.path.clone(), self.files.journal_path()] {
            gone(std::fs::remove_file(path)).map_err(self.files.io("removed"))?;
        }
        Ok(())
    }
}

fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
