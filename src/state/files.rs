use super::file::{open, sweep};
use super::rescue::Rescue;
use super::salvage::Candidate;
use super::{
    Cipher, Document, HeldFiles, Holding, JournalFile, Lock, Moved, Past, Salvage, StateError, Unreadable,
};
use crate::limits;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// State in a folder: `<stack>[.<target>].json`, with `.backup`, `.journal` and `.lock` beside it.
#[derive(Debug, Clone)]
pub struct Files {
    path: PathBuf,
    stack: String,
    cipher: Cipher,
}

impl Files {
    pub fn new(folder: &Path, stack: &str, target: Option<&str>) -> Self {
        let name = match target {
            None => format!("{stack}.json"),
            Some(target) => format!("{stack}.{target}.json"),
        };
        Self { path: folder.join(name), stack: stack.to_owned(), cipher: Cipher::default() }
    }

    /// Encrypts what is written, decrypts what is read.
    pub fn sealed_by(self, cipher: Cipher) -> Self {
        Self { cipher, ..self }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whose state it is.
    pub fn stack(&self) -> &str {
        &self.stack
    }

    pub(super) fn cipher(&self) -> &Cipher {
        &self.cipher
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
        self.no_links()?;
        let started = Instant::now();
        // Longer than somebody needs who only looks at the lock.
        let patience = patience.max(Duration::from_millis(50));
        loop {
            // A run may be alive whose lock somebody has removed: it still has its journal. Asked before the lock is taken, so that such
            // a run can take its own once more, and after it.
            let alone = || JournalFile::is_free(&self.journal_path()).map_err(self.io("locked"));
            let taken = match alone()? {
                true => Lock::take(&self.lock_path(), command).map_err(self.io("locked"))?,
                false => match Lock::look(&self.lock_path()).map_err(self.io("locked"))? {
                    Holding::Process(holder) => Err(holder),
                    _ => Err(None),
                },
            };
            match taken {
                Ok(lock) if alone()? => {
                    self.sweep();
                    tracing::debug!(state = %self.path.display(), command, "locked");
                    return HeldFiles::new(self.clone(), lock, command);
                }
                Ok(_) if started.elapsed() >= patience => {
                    return Err(StateError::Locked { name: self.path.display().to_string(), holder: None });
                }
                Ok(_) => sleep(Duration::from_millis(50)).await,
                Err(holder) if started.elapsed() >= patience => {
                    return Err(StateError::Locked { name: self.path.display().to_string(), holder });
                }
                // Polling, since the OS lock has no wait with a limit.
                Err(_) => sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// Nothing of a state is read or written through a link: it may lead to a file that is somebody else's, and the target of
    /// a replaced link would stay behind without a word. The folder itself may be one.
    fn no_links(&self) -> Result<(), StateError> {
        for path in [self.path.clone(), self.backup_path(), self.journal_path(), self.lock_path()] {
            match std::fs::symlink_metadata(&path) {
                Ok(there) if there.is_file() => {}
                Ok(_) => return Err(StateError::NoFile { name: path.display().to_string() }),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(self.io("read")(error)),
            }
        }
        Ok(())
    }

    /// Leftovers of writes that were cut off. That they stay is no reason to stop.
    fn sweep(&self) {
        for path in [&self.path, &self.journal_path()] {
            let _ = sweep(path);
        }
    }

    fn damaged(&self, what: String) -> StateError {
        StateError::Damaged {
            name: self.path.display().to_string(),
            backup: self.backup_path().display().to_string(),
            what,
        }
    }

    fn unreadable(&self, what: Unreadable) -> StateError {
        match what {
            Unreadable::Damaged(what) => self.damaged(what),
            Unreadable::Sealed(what) => StateError::Sealed { name: self.path.display().to_string(), what },
            Unreadable::Newer(what) => StateError::Newer { name: self.path.display().to_string(), what },
        }
    }

    /// The state with what the journal says folded in.
    pub fn read(&self) -> Result<Option<Document>, StateError> {
        self.no_links()?;
        let journal = self.bytes(&self.journal_path())?;
        let Some(bytes) = self.bytes(&self.path)? else { return self.absent(journal.is_some()) };
        if let Some(moved) = Moved::parse(&bytes) {
            return Err(moved.error(&self.path.display().to_string()));
        }
        let mut document = self.cipher.read(&bytes).map_err(|what| self.unreadable(what))?;
        document.is_of(&self.stack, &self.path.display().to_string())?;
        if let Some(journal) = journal {
            document.fold_text(&self.cipher, &journal).map_err(|what| self.unreadable(what))?;
        }
        Ok(Some(document))
    }

    /// Without a state there must be nothing of one either: a destroy leaves neither journal nor backup.
    fn absent(&self, journal: bool) -> Result<Option<Document>, StateError> {
        let missing = |what: &str| {
            Err(self.damaged(format!(
                "it is not there although its {what} is: it was deleted, or a write was cut off"
            )))
        };
        match (journal, self.backup_path().exists()) {
            (false, false) => Ok(None),
            (true, false) => missing("journal"),
            (false, true) => missing("backup"),
            (true, true) => missing("journal and its backup"),
        }
    }

    /// Everything that is left, for a recovery.
    pub fn salvage(&self) -> Result<Salvage, StateError> {
        self.no_links()?;
        let mut candidates = vec![];
        for (path, current) in [(self.path.clone(), true), (self.backup_path(), false)] {
            let name = path.display().to_string();
            let bytes = match self.bytes(&path) {
                Err(StateError::Io { source, .. }) if source.kind() == io::ErrorKind::FileTooLarge => {
                    let content = Err(Unreadable::Damaged(source.to_string()));
                    candidates.push(Candidate { name, content, current });
                    continue;
                }
                read => read?,
            };
            if let Some(bytes) = bytes {
                if let Some(moved) = Moved::parse(&bytes).filter(|_| current) {
                    return Err(moved.error(&path.display().to_string()));
                }
                candidates.push(Candidate { name, content: self.cipher.read(&bytes), current });
            }
        }
        let known = candidates.iter().filter_map(|candidate| candidate.content.as_ref().ok());
        let lineages: Vec<String> = known.map(|document| document.lineage.clone()).collect();
        let lineages: Vec<&str> = lineages.iter().map(String::as_str).collect();
        for (path, document) in Rescue::of(self).of_this(&self.cipher, &lineages) {
            let name = path.display().to_string();
            candidates.push(Candidate { name, content: Ok(document), current: false });
        }
        let journal = self.bytes(&self.journal_path())?;
        let journal = journal.map(|text| (self.journal_path().display().to_string(), text));
        let salvage = Salvage::new(&self.cipher, candidates, journal)
            .map_err(|what| self.unreadable(Unreadable::Sealed(what)))?;
        if let Some(document) = &salvage.document {
            document.is_of(&self.stack, &self.path.display().to_string())?;
        }
        Ok(salvage)
    }

    /// As `read`, where a state of this lineage may have been moved away from.
    pub(super) fn read_onto(&self, lineage: &str) -> Result<Option<Document>, StateError> {
        let moved = self.bytes(&self.path)?.and_then(|bytes| Moved::parse(&bytes));
        if moved.is_some_and(|moved| moved.lineage == lineage) { Ok(None) } else { self.read() }
    }

    /// The state as it is and its backup.
    pub fn history(&self) -> Result<Vec<Past>, StateError> {
        let mut history = vec![];
        for (version, path) in [("current", self.path.clone()), ("backup", self.backup_path())] {
            let Some(bytes) = self.bytes(&path)? else { continue };
            let modified =
                std::fs::metadata(&path).and_then(|meta| meta.modified()).map_err(self.io("read"))?;
            let written = jiff::Timestamp::try_from(modified).unwrap_or_default();
            let written = written.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            history.push(Past::new(&self.cipher, version.to_owned(), written, &bytes));
        }
        Ok(history)
    }

    /// A file's content; `None` if there is none.
    pub(super) fn bytes(&self, path: &Path) -> Result<Option<Vec<u8>>, StateError> {
        let limit = if path == self.journal_path() { limits::JOURNAL } else { limits::STATE };
        match open(path).and_then(|file| limits::read_open(file, limit)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(match self.io("read")(error) {
                StateError::Io { verb, hint, source, .. } => {
                    StateError::Io { name: path.display().to_string(), verb, hint, source }
                }
                other => other,
            }),
        }
    }
}
