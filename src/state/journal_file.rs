use super::chain::Chain;
use super::{Cipher, Entry, StateError};
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The append-only file beside the state.
#[derive(Debug)]
pub struct JournalFile {
    end: Mutex<End>,
    path: PathBuf,
    cipher: Cipher,
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
        super::write_atomically(path, &chain.seal(&Cipher::default().object(base)?), None)?;
        let mut file = OpenOptions::new().append(true).open(path)?;
        file.seek(io::SeekFrom::End(0))?;
        Ok(Self { end: Mutex::new(End { file, chain }), path: path.to_owned(), cipher: Cipher::default() })
    }

    /// Encrypts what is appended.
    pub fn sealed_by(self, cipher: Cipher) -> Self {
        Self { cipher, ..self }
    }

    /// Appends a line and waits until it is on the disk.
    pub fn append(&self, entry: &Entry) -> Result<(), StateError> {
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
