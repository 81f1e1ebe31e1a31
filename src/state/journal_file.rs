use super::chain::Chain;
use super::file::{open, replace};
use super::grip::Grip;
use super::{Cipher, Entry, StateError};
use std::fs::{File, TryLockError};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The append-only file beside the state.
#[derive(Debug)]
pub struct JournalFile {
    end: Mutex<End>,
    path: PathBuf,
    cipher: Cipher,
    /// Whether the folder is still the one that this run began in.
    grip: Option<Arc<Grip>>,
}

/// Where the next line goes.
#[derive(Debug)]
struct End {
    file: File,
    chain: Chain,
}

impl JournalFile {
    /// A new journal; one that lies there is replaced, so fold it first.
    pub fn create(path: &Path, base: &Entry) -> io::Result<Self> {
        let mut chain = Chain::new();
        let file = replace(path, &chain.seal(&Cipher::default().object(base)?), None)?;
        // Against who finds no lock: somebody may have removed that. Where a file system has no locks, there is one guard less.
        let _ = file.try_lock();
        let end = Mutex::new(End { file, chain });
        Ok(Self { end, path: path.to_owned(), cipher: Cipher::default(), grip: None })
    }

    /// Encrypts what is appended.
    pub fn sealed_by(self, cipher: Cipher) -> Self {
        Self { cipher, ..self }
    }

    /// Whether no living run appends to the journal that lies there.
    pub(super) fn is_free(path: &Path) -> io::Result<bool> {
        match open(path).map(|file| file.try_lock_shared()) {
            Ok(Err(TryLockError::WouldBlock)) => Ok(false),
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Announces nothing more once the folder is not the one any more that this run began in.
    pub(super) fn watched_by(self, grip: Arc<Grip>) -> io::Result<Self> {
        grip.appends_to(Some(self.end.lock().unwrap_or_else(PoisonError::into_inner).file.try_clone()?));
        Ok(Self { grip: Some(grip), ..self })
    }

    /// That others find this journal, the state and the lock where this run has them.
    ///
    /// # Errors
    /// Somebody has removed or replaced one of them: what was announced must not be done.
    pub fn check(&self) -> Result<(), StateError> {
        let checked = self.grip.as_ref().map_or(Ok(()), |grip| grip.check());
        checked.map_err(|what| StateError::Disturbed { name: self.path.display().to_string(), what })
    }

    /// Appends a line and waits until it is on the disk.
    pub fn append(&self, entry: &Entry) -> Result<(), StateError> {
        if matches!(entry, Entry::Intent(_)) {
            self.check()?;
        }
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        let written = self.cipher.object(entry).and_then(|object| end.write(&object));
        written.map_err(|source| StateError::Io {
            name: self.path.display().to_string(),
            verb: "appended to",
            hint: match entry {
                Entry::Intent(_) => {
                    "Nothing that it announces was done; free the disk and run the command again"
                }
                _ => "Free the disk and run the command again: it finds what was done",
            }
            .to_owned(),
            source,
        })
    }
}

impl End {
    fn write(&mut self, object: &[u8]) -> io::Result<()> {
        let (file, mut chain) = (&mut self.file, self.chain.clone());
        let line = chain.seal(object);
        let before = file.stream_position()?;
        let written = file.write_all(&line).and_then(|()| file.sync_data());
        if written.is_err() {
            // Half a line in the midst of the journal would hide what comes after it.
            file.set_len(before)?;
            file.seek(io::SeekFrom::Start(before))?;
        } else {
            self.chain = chain;
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::super::Unreadable;
    use super::*;

    fn read(path: &Path) -> Result<Vec<Entry>, String> {
        let lines = Entry::lines(&Cipher::default(), &std::fs::read(path).unwrap());
        lines.map_err(Unreadable::into_text)
    }

    fn base() -> Entry {
        Entry::Base {
            format: 2,
            lineage: "l".into(),
            serial: 3,
            started: "now".into(),
            command: "apply".into(),
            writer: None,
        }
    }

    #[test]
    fn a_cut_last_line_is_left_out_and_a_damaged_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("loans.journal");
        let void = Entry::Void { intent: "i".into(), reason: "r".into() };
        JournalFile::create(&path, &base()).unwrap().append(&void).unwrap();
        assert_eq!(read(&path).unwrap(), vec![base(), void.clone()]);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 4]).unwrap();
        assert_eq!(read(&path).unwrap(), vec![base()]);
        std::fs::write(&path, [b"{}\n".as_slice(), &whole].concat()).unwrap();
        assert!(read(&path).unwrap_err().contains("line 1"));
    }
}
