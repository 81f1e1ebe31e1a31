use super::file::{folder, sweep, sync};
use super::salvage::Candidate;
use super::{
    Cipher, Document, Entry, Journal, JournalFile, Lock, Moved, Past, Salvage, StateError, Unreadable,
    write_atomically,
};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// State in a folder: `<stack>[.<target>].json`, with `.backup`, `.journal` and `.lock` beside it.
#[derive(Debug, Clone)]
pub struct Files {
    path: PathBuf,
    cipher: Cipher,
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
        Self { path: folder.join(name), cipher: Cipher::default() }
    }

    /// Encrypts what is written, decrypts what is read.
    pub fn sealed_by(self, cipher: Cipher) -> Self {
        Self { cipher, ..self }
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
        // Longer than somebody needs who only looks at the lock.
        let patience = patience.max(Duration::from_millis(50));
        loop {
            match Lock::take(&self.lock_path(), command).map_err(self.io("locked"))? {
                Ok(lock) => {
                    self.sweep();
                    tracing::debug!(state = %self.path.display(), command, "locked");
                    return Ok(HeldFiles { files: self.clone(), _lock: lock });
                }
                Err(holder) if started.elapsed() >= patience => {
                    return Err(StateError::Locked { name: self.path.display().to_string(), holder });
                }
                // Polling, since the OS lock has no wait with a limit.
                Err(_) => sleep(Duration::from_millis(50)).await,
            }
        }
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
        let journal = self.bytes(&self.journal_path())?;
        let Some(bytes) = self.bytes(&self.path)? else { return self.absent(journal.is_some()) };
        if let Some(moved) = Moved::parse(&bytes) {
            return Err(moved.error(&self.path.display().to_string()));
        }
        let mut document = self.cipher.read(&bytes).map_err(|what| self.unreadable(what))?;
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
        let mut candidates = vec![];
        for (path, current) in [(self.path.clone(), true), (self.backup_path(), false)] {
            if let Some(bytes) = self.bytes(&path)? {
                if let Some(moved) = Moved::parse(&bytes).filter(|_| current) {
                    return Err(moved.error(&path.display().to_string()));
                }
                let name = path.display().to_string();
                candidates.push(Candidate { name, content: self.cipher.read(&bytes), current });
            }
        }
        let journal = self.bytes(&self.journal_path())?;
        let journal = journal.map(|text| (self.journal_path().display().to_string(), text));
        Salvage::new(&self.cipher, candidates, journal)
            .map_err(|what| self.unreadable(Unreadable::Sealed(what)))
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
        match std::fs::read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.io("read")(error)),
        }
    }
}

impl HeldFiles {
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
        Ok(Journal::File(file.sealed_by(self.files.cipher.clone())))
    }

    /// Writes the next serial durably, then removes the journal: all of it is in the document, open intents included.
    pub fn write(&self, document: &mut Document) -> Result<(), StateError> {
        let files = &self.files;
        document.advance(document.serial + 1);
        document.writer = None;
        let bytes = files.cipher.write(document).map_err(files.io("written"))?;
        self.put(&bytes)?;
        gone(std::fs::remove_file(files.journal_path())).map_err(files.io("folded"))
    }

    /// Writes the state; the one before it becomes the backup. A plain one is encrypted for that where encryption is on.
    fn put(&self, bytes: &[u8]) -> Result<(), StateError> {
        let (files, backup) = (&self.files, self.files.backup_path());
        let old = if files.cipher.seals() { files.bytes(&files.path)? } else { None };
        let kept = match old.filter(|old| !Cipher::is_sealed(old)) {
            Some(plain) => {
                let sealed = files.cipher.seal(&plain).map_err(files.io("written"))?;
                write_atomically(&backup, &sealed, None).map_err(files.io("written"))?;
                None
            }
            None => Some(backup.as_path()),
        };
        write_atomically(&files.path, bytes, kept).map_err(files.io("written"))
    }

    /// Removes everything: a backup without its state would be a damage. The state goes last; as long as it is there,
    /// it says by itself that nothing is left.
    pub fn remove(&self) -> Result<(), StateError> {
        let files = &self.files;
        for path in [files.journal_path(), files.backup_path(), files.path.clone()] {
            gone(std::fs::remove_file(path)).map_err(files.io("removed"))?;
        }
        sync(folder(&files.path)).map_err(files.io("removed"))
    }

    /// Leaves a marker in the place of the state, which becomes the backup.
    pub fn retire(&self, moved: &Moved) -> Result<(), StateError> {
        let files = &self.files;
        let marker = moved.to_bytes().map_err(|error| files.io("written")(error.into()))?;
        self.put(&marker)?;
        gone(std::fs::remove_file(files.journal_path())).map_err(files.io("removed"))
    }

    /// Writes what was rebuilt. What lay there stays under a name of its own, and the backup as it is.
    ///
    /// Returns the files that were set aside.
    pub fn replace(&self, document: &mut Document) -> Result<Vec<String>, StateError> {
        let files = &self.files;
        let mut aside = vec![];
        for path in [files.path.clone(), files.journal_path()].into_iter().filter(|path| path.exists()) {
            let kept = aside_name(&path);
            // A link and not a rename: at no moment is there no state.
            std::fs::hard_link(&path, &kept).map_err(files.io("set aside"))?;
            aside.push(kept.display().to_string());
        }
        document.advance(document.serial + 1);
        let bytes = files.cipher.write(document).map_err(files.io("written"))?;
        write_atomically(&files.path, &bytes, None).map_err(files.io("written"))?;
        gone(std::fs::remove_file(files.journal_path())).map_err(files.io("folded"))?;
        Ok(aside)
    }
}

/// `demo.json.damaged-20260131T120000Z`, with a number behind it if that is taken.
fn aside_name(path: &Path) -> PathBuf {
    let stamp = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let name = |number: u32| {
        let number = if number == 0 { String::new() } else { format!("-{number}") };
        PathBuf::from(format!("{}.damaged-{stamp}{number}", path.display()))
    };
    (0..).map(name).find(|name| !name.exists()).unwrap_or_else(|| name(0))
}

fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
