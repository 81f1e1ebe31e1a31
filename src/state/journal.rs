use super::Record;
use crate::address::Address;
use crate::resource::Id;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What an intent is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    Create,
    Update,
    Delete,
}

/// A mutation that is about to happen: durable before its first call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// Unique; for a create also the client token and the value of the `stackctl:intent` tag.
    pub intent: String,
    pub address: Address,
    pub verb: Verb,
    /// Known already for updates and deletes.
    pub id: Option<Id>,
    /// Resolved, secrets as keyed digests.
    pub inputs: Json,
    pub depends_on: Vec<Address>,
    /// A create whose address has an object already: that one is deposed, not forgotten.
    #[serde(default)]
    pub deposes: bool,
}

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    /// The first line: which state the rest builds on.
    Base {
        lineage: String,
        serial: u64,
        started: String,
        command: String,
    },
    Intent(Intent),
    /// AWS has assigned an id to what `intent` creates.
    Id {
        intent: String,
        id: Id,
    },
    /// The intent is carried out; `record` is none after a delete.
    Done {
        intent: String,
        address: Address,
        record: Option<Record>,
    },
    /// The intent failed and left nothing behind.
    Void {
        intent: String,
        reason: String,
    },
}

/// The append-only file beside the state. Every append is durable when it returns.
#[derive(Debug)]
pub struct Journal {
    file: Mutex<File>,
    path: PathBuf,
}

impl Journal {
    /// A new journal; one that lies there is replaced, so fold it first.
    pub fn create(path: &Path, base: &Entry) -> io::Result<Self> {
        let line = line(base)?;
        super::write_atomically(path, &line, None)?;
        let mut file = OpenOptions::new().append(true).open(path)?;
        file.seek(io::SeekFrom::End(0))?;
        Ok(Self { file: Mutex::new(file), path: path.to_owned() })
    }

    /// Appends a line and waits until it is on the disk.
    ///
    /// # Errors
    /// The disk is full or gone: the caller must not make the call that the entry announces.
    pub fn append(&self, entry: &Entry) -> io::Result<()> {
        let line = line(entry)?;
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let before = file.stream_position()?;
        let written = file.write_all(&line).and_then(|()| file.sync_data());
        if written.is_err() {
            // Half a line in the midst of the journal would hide what comes after it.
            file.set_len(before)?;
            file.seek(io::SeekFrom::Start(before))?;
        }
        written
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads a journal; `None` if there is none. A last line that was cut by a crash never announced anything that
    /// happened, so it is left out.
    pub fn read(path: &Path) -> io::Result<Option<Vec<Entry>>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut entries = vec![];
        let mut reader = BufReader::new(file);
        let mut text = vec![];
        for number in 1.. {
            text.clear();
            reader.read_until(b'\n', &mut text)?;
            if text.last() != Some(&b'\n') {
                break;
            }
            entries.push(serde_json::from_slice(&text).map_err(|error| {
                io::Error::new(io::ErrorKind::InvalidData, format!("line {number} is damaged: {error}"))
            })?);
        }
        Ok(Some(entries))
    }
}

fn line(entry: &Entry) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Entry {
        Entry::Base { lineage: "l".into(), serial: 3, started: "now".into(), command: "apply".into() }
    }

    #[test]
    fn a_cut_last_line_is_left_out_and_a_damaged_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("loans.journal");
        assert_eq!(Journal::read(&path).unwrap(), None);
        let void = Entry::Void { intent: "i".into(), reason: "r".into() };
        Journal::create(&path, &base()).unwrap().append(&void).unwrap();
        assert_eq!(Journal::read(&path).unwrap(), Some(vec![base(), void.clone()]));
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 4]).unwrap();
        assert_eq!(Journal::read(&path).unwrap(), Some(vec![base()]));
        std::fs::write(&path, [b"{}\n".as_slice(), &whole].concat()).unwrap();
        assert!(Journal::read(&path).unwrap_err().to_string().contains("line 1"));
    }
}
