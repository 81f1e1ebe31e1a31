use super::{Document, Entry, Holder, Intent, Journal, Lock, Record, Verb, write_atomically};
use crate::address::Address;
use crate::resource::Id;
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

/// A state under lock, with what the last run left open.
#[derive(Debug)]
pub struct Opened {
    /// `None` if there is no state yet.
    pub document: Option<Document>,
    /// Intents of a run that died: announced, not known to be done. With the id, where AWS had assigned one.
    pub open: Vec<Intent>,
    lock: Lock,
}

impl Opened {
    /// Keeps the lock and hands out the rest.
    pub fn into_parts(self) -> (Option<Document>, Vec<Intent>, Lock) {
        (self.document, self.open, self.lock)
    }
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
        let (document, open) = self.peek()?;
        Ok(Opened { document, open, lock })
    }

    /// Reads without the lock, for commands that only look: state with the journal's finished work folded in, and the
    /// open intents.
    pub fn peek(&self) -> Result<(Option<Document>, Vec<Intent>), StateError> {
        let damaged =
            |what: String| StateError::Damaged { path: self.path.clone(), backup: self.backup_path(), what };
        let mut document = match std::fs::read_to_string(&self.path) {
            Ok(text) => Some(Document::from_text(&text).map_err(damaged)?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(self.io("read")(error)),
        };
        let entries = Journal::read(&self.journal_path()).map_err(self.io("read"))?.unwrap_or_default();
        let open = match (&mut document, entries.first()) {
            (Some(document), Some(Entry::Base { lineage, serial, .. }))
                if (lineage, serial) == (&document.lineage, &document.serial) =>
            {
                fold(document, &entries)
            }
            // A journal of an older serial was folded already; the crash came before it was removed.
            _ => vec![],
        };
        Ok((document, open))
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

    /// Writes the next serial durably, then removes the journal, whose work is in it now.
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

/// Applies what the journal says was done, and returns what it says was begun.
fn fold(document: &mut Document, entries: &[Entry]) -> Vec<Intent> {
    let mut open: Vec<Intent> = vec![];
    for entry in entries {
        match entry {
            Entry::Base { .. } => {}
            Entry::Intent(intent) => open.push(intent.clone()),
            Entry::Id { intent, id } => {
                if let Some(open) = open.iter_mut().find(|open| open.intent == *intent) {
                    open.id = Some(id.clone());
                }
            }
            Entry::Done { intent, address, record } => {
                let begun = open.iter().position(|open| open.intent == *intent).map(|at| open.remove(at));
                done(document, begun.as_ref(), address, record.as_ref());
            }
            Entry::Void { intent, .. } => open.retain(|open| open.intent != *intent),
        }
    }
    open
}

/// The one place where a finished intent changes the state, in memory as from the journal.
pub fn done(document: &mut Document, begun: Option<&Intent>, address: &Address, record: Option<&Record>) {
    match record {
        Some(record) => {
            let old = document.resources.insert(address.clone(), record.clone());
            if let (Some(Intent { verb: Verb::Create, deposes: true, .. }), Some(old)) = (begun, old) {
                depose(document, address, old);
            }
        }
        None => forget(document, address, begun.and_then(|intent| intent.id.as_ref())),
    }
}

/// Takes an object out of the state: the current one (an older one moves up, if there is one) or a deposed one.
fn forget(document: &mut Document, address: &Address, id: Option<&Id>) {
    let Some(mut current) = document.resources.remove(address) else { return };
    if Some(&current.id) == id {
        if !current.deposed.is_empty() {
            let mut next = current.deposed.remove(0);
            next.deposed = current.deposed;
            document.resources.insert(address.clone(), next);
        }
    } else {
        current.deposed.retain(|old| Some(&old.id) != id);
        document.resources.insert(address.clone(), current);
    }
}

/// Keeps the object that a create-first replacement left behind until it is deleted.
pub fn depose(document: &mut Document, address: &Address, mut old: Record) {
    if let Some(new) = document.resources.get_mut(address)
        && new.id != old.id
    {
        let older = std::mem::take(&mut old.deposed);
        for record in older.into_iter().chain([old]) {
            if !new.deposed.iter().any(|known| known.id == record.id) {
                new.deposed.push(record);
            }
        }
    }
}
