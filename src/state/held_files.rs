use super::file::{folder, open, replace, sync};
use super::grip::Grip;
use super::rescue::Rescue;
use super::{
    Cipher, Document, Entry, Files, Journal, JournalFile, Lock, Moved, StateError, write_atomically,
};
use crate::chaos::{Moment, point};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The state in a folder, under lock.
#[derive(Debug)]
pub struct HeldFiles {
    files: Files,
    grip: Arc<Grip>,
    /// Who has the lock, should it have to be taken once more.
    command: String,
}

impl HeldFiles {
    pub(super) fn new(files: Files, lock: Lock, command: &str) -> Result<Self, StateError> {
        let paths = [files.lock_path(), files.path().to_owned(), files.journal_path()];
        let state = match open(files.path()) {
            Ok(state) => Some(state),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(files.io("read")(error)),
        };
        let grip = Grip::new(lock, paths, state).map_err(files.io("read"))?;
        Ok(Self { files, grip: Arc::new(grip), command: command.to_owned() })
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
        self.grip.check().map_err(|what| self.disturbed(what))?;
        let file = JournalFile::create(&self.files.journal_path(), &base);
        let file = file.and_then(|file| file.watched_by(self.grip.clone()));
        let file = file.map_err(self.files.io("journalled"))?;
        Ok(Journal::File(file.sealed_by(self.files.cipher().clone())))
    }

    /// Writes the next serial durably, then removes the journal: all of it is in the document, open intents included.
    pub fn write(&self, document: &mut Document) -> Result<(), StateError> {
        let files = &self.files;
        document.advance(document.serial + 1);
        document.writer = None;
        let bytes = files.cipher().write(document).map_err(files.io("written"))?;
        self.put(&bytes)?;
        point(Moment::BeforeState, "folded");
        self.remove_journal("folded")
    }

    fn remove_journal(&self, verb: &'static str) -> Result<(), StateError> {
        self.grip.appends_to(None);
        gone(std::fs::remove_file(self.files.journal_path())).map_err(self.files.io(verb))
    }

    fn disturbed(&self, what: String) -> StateError {
        StateError::Disturbed { name: self.files.path().display().to_string(), what }
    }

    /// Saves a state that cannot be written where it belongs in another place, and says where.
    pub fn rescue(&self, document: &Document, why: String) -> StateError {
        let saved = Rescue::of(&self.files).save(self.files.cipher(), document);
        let name = self.files.path().display().to_string();
        match saved {
            Ok(path) => StateError::Rescued { name, why, to: path.display().to_string() },
            Err(source) => StateError::Unsaved { name, why, source },
        }
    }

    /// # Errors
    /// A run has saved what it knew elsewhere, and that is more than the state has which lies here.
    pub fn no_rescue(&self, document: Option<&Document>) -> Result<(), StateError> {
        match Rescue::of(&self.files).newer_than(self.files.cipher(), document) {
            Some(path) => Err(StateError::Waiting {
                name: self.files.path().display().to_string(),
                rescued: path.display().to_string(),
            }),
            None => Ok(()),
        }
    }

    /// Sets aside what runs have saved of this state elsewhere: it is in `document`, or was not wanted. Its new names.
    pub fn settle_rescued(&self, document: &Document) -> Vec<String> {
        let rescue = Rescue::of(&self.files);
        let of_it = rescue.of_this(self.files.cipher(), &[&document.lineage]);
        let settled = of_it.iter().filter_map(|(path, _)| rescue.settle_one(path));
        settled.map(|path| path.display().to_string()).collect()
    }

    /// Removes a file that a run saved its state in, after it was taken in; whether it is one. Older ones are set aside.
    pub fn taken_in(&self, path: &Path, document: &Document) -> bool {
        let taken = Rescue::of(&self.files).is_one(path) && std::fs::remove_file(path).is_ok();
        if taken {
            self.settle_rescued(document);
        }
        taken
    }

    /// Writes the state; the one before it becomes the backup. A plain one is encrypted for that where encryption is on.
    fn put(&self, bytes: &[u8]) -> Result<(), StateError> {
        self.grip.secure(&self.command).map_err(|what| self.disturbed(what))?;
        let (files, backup) = (&self.files, self.files.backup_path());
        let old = if files.cipher().seals() { files.bytes(files.path())? } else { None };
        let kept = match old.filter(|old| !Cipher::is_sealed(old)) {
            Some(plain) => {
                let sealed = files.cipher().seal(&plain).map_err(files.io("written"))?;
                write_atomically(&backup, &sealed, None).map_err(files.io("written"))?;
                None
            }
            None => Some(backup.as_path()),
        };
        self.place(bytes, kept)
    }

    fn place(&self, bytes: &[u8], backup: Option<&Path>) -> Result<(), StateError> {
        let written = replace(self.files.path(), bytes, backup);
        written.and_then(|file| self.grip.wrote(Some(file))).map_err(self.files.io("written"))
    }

    /// Removes everything: a backup without its state would be a damage. The state goes last; as long as it is there,
    /// it says by itself that nothing is left.
    pub fn remove(&self) -> Result<(), StateError> {
        let files = &self.files;
        self.grip.secure(&self.command).map_err(|what| self.disturbed(what))?;
        // What was saved of it elsewhere, and is no newer, is over with it.
        if let Ok(Some(state)) = files.read() {
            let rescue = Rescue::of(files);
            let older = rescue.of_this(files.cipher(), &[&state.lineage]);
            let older =
                older.iter().filter(|(_, one)| one.lineage == state.lineage && one.serial <= state.serial);
            older.for_each(|(path, _)| drop(rescue.settle_one(path)));
        }
        self.remove_journal("removed")?;
        for path in [files.backup_path(), files.path().to_owned()] {
            gone(std::fs::remove_file(path)).map_err(files.io("removed"))?;
        }
        self.grip.wrote(None).map_err(files.io("removed"))?;
        sync(folder(files.path())).map_err(files.io("removed"))
    }

    /// Leaves a marker in the place of the state, which becomes the backup.
    pub fn retire(&self, moved: &Moved) -> Result<(), StateError> {
        let files = &self.files;
        let marker = moved.to_bytes().map_err(|error| files.io("written")(error.into()))?;
        self.put(&marker)?;
        point(Moment::BeforeState, "removed");
        self.remove_journal("removed")
    }

    /// Writes what was rebuilt. What lay there stays under a name of its own, and the backup as it is.
    ///
    /// Returns the files that were set aside.
    pub fn replace(&self, document: &mut Document) -> Result<Vec<String>, StateError> {
        let files = &self.files;
        let mut aside = vec![];
        for path in [files.path().to_owned(), files.journal_path()].into_iter().filter(|path| path.exists()) {
            let kept = aside_name(&path);
            // A link and not a rename: at no moment is there no state.
            std::fs::hard_link(&path, &kept).map_err(files.io("set aside"))?;
            aside.push(kept.display().to_string());
        }
        document.advance(document.serial + 1);
        let bytes = files.cipher().write(document).map_err(files.io("written"))?;
        self.grip.secure(&self.command).map_err(|what| self.disturbed(what))?;
        self.place(&bytes, None)?;
        self.remove_journal("folded")?;
        aside.extend(self.settle_rescued(document));
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
