use super::{Document, Entry, Holder, Journal, Lock, write_atomically};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The state of a stack could not be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("{} cannot be used: {what}. The last good state may be in {}; nothing was changed", .path.display(), .backup.display())]
    Damaged { path: PathBuf, backup: PathBuf, what: String },
    #[error("the state {} is locked{}: wait, or use --lock-timeout", .path.display(), held(.holder.as_ref()))]
    Locked { path: PathBuf, holder: Option<Holder> },
    #[error("{} could not be {verb}: {source}. {hint}", .path.display())]
    Io {
        path: PathBuf,
        verb: &'static str,
        hint: String,
        #[source]
        source: std::io::Error,
    },
}

fn held(holder: Option<&Holder>) -> String {
    holder
        .map(|h| {
            format!(
                " by `stackctl {}` of {}@{} (process {}) since {}",
                h.command, h.user, h.host, h.pid, h.since
            )
        })
        .unwrap_or_default()
}

/// Where a stack's state lies: `state/<stack>[.<target>].json`, with `.backup`, `.journal` and `.lock` beside it.
#[derive(Debug, Clone)]
pub struct Store {
    path: PathBuf,
}

/// A state under lock.
#[derive(Debug)]
pub struct Opened {
    /// `None` if there is no state yet.
    pub document: Option<Document>,
    /// Held until it is dropped.
    pub lock: Lock,
}

impl Store {
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

    fn beside(&self, extension: &str) -> PathBuf {
        self.path.with_extension(extension)
    }

    pub fn backup_path(&self) -> PathBuf {
        self.beside("json.backup")
    }

    pub fn journal_path(&self) -> PathBuf {
        self.beside("journal")
    }

    fn io(&self, verb: &'static str) -> impl Fn(std::io::Error) -> StateError {
        let (path, backup) = (self.path.clone(), self.backup_path());
        move |source| StateError::Io {
            path: path.clone(),
            verb,
            hint: format!("The last good state is in {} or {}", path.display(), backup.display()),
            source,
        }
    }

    /// Takes the lock (waiting up to `patience`), reads state and journal.
    ///
    /// # Errors
    /// Locked by another, damaged, or the folder cannot be used.
    pub fn open(&self, command: &str, patience: Duration) -> Result<Opened, StateError> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder).map_err(self.io("created"))?;
        }
        let started = Instant::now();
        let lock = loop {
            match Lock::take(&self.beside("lock"), command).map_err(self.io("locked"))? {
                Ok(lock) => break lock,
                Err(holder) if started.elapsed() >= patience => {
                    return Err(StateError::Locked { path: self.path.clone(), holder });
                }
                // Polling, since the OS lock has no wait with a limit.
                Err(_) => std::thread::sleep(Duration::from_millis(100)),
            }
        };
        let document = self.peek()?;
        Ok(Opened { document, lock })
    }

    /// Reads without the lock, for commands that only look: the state with what the journal says folded in.
    pub fn peek(&self) -> Result<Option<Document>, StateError> {
        let damaged =
            |what: String| StateError::Damaged { path: self.path.clone(), backup: self.backup_path(), what };
        let mut document = match std::fs::read_to_string(&self.path) {
            Ok(text) => Some(Document::from_text(&text).map_err(damaged)?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(self.io("read")(error)),
        };
        let entries = Journal::read(&self.journal_path()).map_err(self.io("read"))?.unwrap_or_default();
        // A journal of an older serial was folded already; the crash came before it was removed.
        if let (Some(document), Some(Entry::Base { lineage, serial, .. })) = (&mut document, entries.first())
            && (lineage, serial) == (&document.lineage, &document.serial)
        {
            entries.iter().for_each(|entry| document.take(entry));
        }
        Ok(document)
    }

    /// Starts a journal on top of `document`, which must be what lies on the disk.
    pub fn journal(&self, document: &Document, command: &str) -> Result<Journal, StateError> {
        let base = Entry::Base {
            lineage: document.lineage.clone(),
            serial: document.serial,
            started: jiff::Timestamp::now().to_string(),
            command: command.to_owned(),
        };
        Journal::create(&self.journal_path(), &base).map_err(self.io("journalled"))
    }

    /// Writes the next serial durably, then removes the journal: all of it is in the document, open intents included.
    pub fn write(&self, document: &mut Document) -> Result<(), StateError> {
        document.serial += 1;
        let text = document.to_text().map_err(|error| self.io("written")(error.into()))?;
        write_atomically(&self.path, text.as_bytes(), Some(&self.backup_path()))
            .map_err(self.io("written"))?;
        match std::fs::remove_file(self.journal_path()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(self.io("folded")(error)),
            _ => Ok(()),
        }
    }

    /// Removes state and journal, once nothing is left of the stack. The backup stays.
    pub fn remove(&self) -> Result<(), StateError> {
        for path in [self.path.clone(), self.journal_path()] {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(self.io("removed")(error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}
