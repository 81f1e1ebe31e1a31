use super::Lock;
use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What a run holds open in the folder of its state, by which it sees whether that is still what others find there.
///
/// Somebody may remove or replace it in the midst of a run (`git clean`, `git stash`, a backup that is played back): a lock that
/// nobody else finds keeps nobody out, and a journal that nobody finds tells nobody anything.
#[derive(Debug)]
pub(super) struct Grip {
    lock_path: PathBuf,
    state_path: PathBuf,
    journal_path: PathBuf,
    lock: Mutex<Lock>,
    /// As this run wrote it or found it. Held open, so that its number is not given to another file.
    state: Mutex<Option<Seen>>,
    journal: Mutex<Option<File>>,
}

#[derive(Debug)]
struct Seen {
    file: File,
    size: u64,
    modified: (i64, i64),
}

impl Seen {
    fn new(file: File) -> std::io::Result<Self> {
        let now = file.metadata()?;
        Ok(Self { file, size: now.size(), modified: (now.mtime(), now.mtime_nsec()) })
    }

    /// Nobody has replaced it, nor written into it.
    fn is_at(&self, path: &Path) -> bool {
        let there = std::fs::symlink_metadata(path);
        there.is_ok_and(|there| {
            (there.size(), (there.mtime(), there.mtime_nsec())) == (self.size, self.modified)
                && self.file.metadata().is_ok_and(|ours| is_same(&ours, &there))
        })
    }
}

/// Whether that is the file which lies there.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    let there = std::fs::symlink_metadata(path);
    there.is_ok_and(|there| file.metadata().is_ok_and(|ours| is_same(&ours, &there)))
}

fn is_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

impl Grip {
    /// With the lock in hand; `state` is what lies there.
    pub fn new(lock: Lock, paths: [PathBuf; 3], state: Option<File>) -> std::io::Result<Self> {
        let [lock_path, state_path, journal_path] = paths;
        let state = Mutex::new(state.map(Seen::new).transpose()?);
        Ok(Self {
            lock_path,
            state_path,
            journal_path,
            lock: Mutex::new(lock),
            state,
            journal: Mutex::default(),
        })
    }

    /// That everything is where others find it; otherwise what is not, for people. Three looks at the folder.
    pub fn check(&self) -> Result<(), String> {
        let folder = super::file::folder(&self.state_path);
        if !folder.exists() {
            return Err(format!("its folder {} was removed or renamed", folder.display()));
        }
        if !locked(&self.lock).is_at(&self.lock_path) {
            return Err(changed("its lock", &self.lock_path));
        }
        self.state_is_ours().and_then(|()| {
            let journal = locked(&self.journal);
            match &*journal {
                Some(journal) if !is_at(journal, &self.journal_path) => {
                    Err(changed("its journal", &self.journal_path))
                }
                _ => Ok(()),
            }
        })
    }

    fn state_is_ours(&self) -> Result<(), String> {
        let ours = match &*locked(&self.state) {
            Some(seen) => seen.is_at(&self.state_path),
            None => !self.state_path.exists(),
        };
        if ours { Ok(()) } else { Err(changed("it", &self.state_path)) }
    }

    /// Before the state is written: nobody else has written one, and nobody else has the lock or can take it. A lock that was
    /// removed is taken once more, and a state that was removed may be written again: nobody can have begun anew meanwhile.
    pub fn secure(&self, command: &str) -> Result<(), String> {
        if self.state_path.exists() {
            self.state_is_ours()?;
        }
        let mut lock = locked(&self.lock);
        if lock.is_at(&self.lock_path) {
            return Ok(());
        }
        // Somebody who only looks may have it for a moment.
        let mut attempts = 0..10;
        let holder = loop {
            match Lock::take(&self.lock_path, command) {
                Ok(Ok(again)) => {
                    *lock = again;
                    return Ok(());
                }
                Ok(Err(_)) if attempts.next().is_some() => std::thread::sleep(Duration::from_millis(20)),
                Ok(Err(holder)) => break holder,
                // The folder is not there any more.
                Err(_) => break None,
            }
        };
        let holder = holder.map(|holder| format!(", and {holder} has one there now"));
        Err(changed("its lock", &self.lock_path) + &holder.unwrap_or_default())
    }

    /// What this run has just written, or removed.
    pub fn wrote(&self, state: Option<File>) -> std::io::Result<()> {
        *locked(&self.state) = state.map(Seen::new).transpose()?;
        Ok(())
    }

    /// The journal that this run appends to.
    pub fn appends_to(&self, journal: Option<File>) {
        *locked(&self.journal) = journal;
    }
}

fn changed(what: &str, path: &Path) -> String {
    format!("{what} ({}) was removed or replaced", path.display())
}

fn locked<T>(part: &Mutex<T>) -> MutexGuard<'_, T> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}
