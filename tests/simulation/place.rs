use crate::dice::Dice;
use crate::draft::CANARY;
use crate::handle::Handle;
use crate::machine::host;
use crate::objects::Memory;
use crate::process::Process;
use crate::story::Kept;
use futures::FutureExt;
use stackctl::state::{Document, Entry, Objects, Store};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

pub const KEY: &str = "test.json";

/// Where the state is, seen from outside of every process.
#[derive(Debug)]
pub struct Place {
    kept: Where,
    /// The state's text and what it says: read over and over.
    known: Mutex<Option<(Vec<u8>, Document)>>,
}

#[derive(Debug)]
enum Where {
    Folder(TempDir),
    Memory(Arc<Memory>),
}

/// The files of a state at one moment.
pub struct Snapshot(Vec<(PathBuf, Option<Vec<u8>>)>);

impl Place {
    pub fn new(kept: Kept) -> Self {
        // In memory, where there is such a folder: thousands of processes wait for the disk after every line.
        let memory = Path::new("/dev/shm");
        let folder = || if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let kept = match kept {
            Kept::Files => Where::Folder(folder().unwrap()),
            Kept::Objects => Where::Memory(Arc::default()),
        };
        Self { kept, known: Mutex::default() }
    }

    /// As a process gets to it.
    pub fn store(&self, process: &Arc<Process>) -> Store {
        match &self.kept {
            Where::Folder(folder) => Store::files(folder.path(), "test", None),
            Where::Memory(memory) => {
                let handle = Handle { memory: memory.clone(), process: process.clone() };
                Store::remote(Arc::new(handle), "s3://sim/test.json", KEY).on(host(process))
            }
        }
    }

    /// As nobody disturbs it.
    pub fn peek(&self) -> Result<Option<Document>, String> {
        let store = match &self.kept {
            Where::Folder(folder) => Store::files(folder.path(), "test", None),
            Where::Memory(memory) => Store::remote(memory.clone(), "s3://sim/test.json", KEY),
        };
        store.peek().now_or_never().unwrap().map_err(|error| error.to_string())
    }

    fn text(&self, key: &str) -> Option<Vec<u8>> {
        match &self.kept {
            Where::Folder(folder) => fs::read(folder.path().join(key)).ok(),
            Where::Memory(memory) => {
                let key = key.replace("test.journal", "test.json.journal");
                let object = memory.get(&key).now_or_never().unwrap().unwrap();
                object.map(|object| object.bytes)
            }
        }
    }

    /// What the next process would find: the state with the whole lines of the journal.
    pub fn durable(&self) -> Option<Document> {
        let text = self.text(KEY)?;
        let mut known = self.known.lock().unwrap();
        if known.as_ref().is_none_or(|(before, _)| *before != text) {
            let document = Document::from_text(std::str::from_utf8(&text).unwrap()).unwrap();
            *known = Some((text, document));
        }
        let mut document = known.as_ref().unwrap().1.clone();
        let journal = self.text("test.journal").unwrap_or_default();
        let whole = journal.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let lines = journal[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let entries: Vec<Entry> = lines.map(|line| serde_json::from_slice(line).unwrap()).collect();
        document.fold(&entries).unwrap();
        Some(document)
    }

    /// A file in which a secret stands.
    pub fn betrayed(&self) -> Option<String> {
        let Where::Folder(folder) = &self.kept else { return None };
        let mut files = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let bad = files.find(|path| betrays(&fs::read(path).unwrap_or_default()));
        bad.map(|path| path.display().to_string())
    }

    fn folder(&self) -> Option<&Path> {
        match &self.kept {
            Where::Folder(folder) => Some(folder.path()),
            Where::Memory(_) => None,
        }
    }

    pub fn journal_length(&self) -> u64 {
        let folder = self.folder();
        folder.and_then(|folder| fs::metadata(folder.join("test.journal")).ok()).map_or(0, |file| file.len())
    }

    /// A death in the midst of an append: of what nobody acted upon yet, any part may be on the disk.
    pub fn tear(&self, mark: u64, dice: &mut Dice) {
        let Some(path) = self.folder().map(|folder| folder.join("test.journal")) else { return };
        let length = self.journal_length();
        if length > mark && dice.chance(60) {
            let left = mark + u64::try_from(dice.below(usize::try_from(length - mark).unwrap())).unwrap();
            fs::OpenOptions::new().write(true).open(path).unwrap().set_len(left).unwrap();
        }
    }

    /// The files of a folder; none if the state is elsewhere.
    pub fn snapshot(&self) -> Option<Snapshot> {
        let folder = self.folder()?;
        let files = ["test.json.backup", "test.json", "test.journal"];
        let files = files.map(|name| (folder.join(name), fs::read(folder.join(name)).ok()));
        Some(Snapshot(files.into()))
    }
}

impl Snapshot {
    /// A death in the midst of a change that is done file by file: the first `done` stay changed.
    pub fn restore_after(&self, done: usize) {
        for (path, before) in self.0.iter().skip(done) {
            match before {
                Some(bytes) => fs::write(path, bytes).unwrap(),
                None => drop(fs::remove_file(path)),
            }
        }
        if let Some((path, _)) = self.0.first() {
            fs::write(path.with_file_name(".tmp-of-a-dead-process"), b"{").unwrap();
        }
    }
}

pub fn betrays(bytes: &[u8]) -> bool {
    bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes())
}
