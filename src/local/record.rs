use crate::limits;
use std::{
    collections::BTreeMap,
    io::ErrorKind,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::{
    error::{Error, FileContext, Result},
    keys::Keys,
};
use crate::folder;

/// What outlives the supervisor: ports, databases, and the key of the local cloud. Nobody but its owner can read it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    #[serde(default)]
    pub(super) format: u32,
    #[serde(default)]
    pub(super) gateway_port: Option<u16>,
    #[serde(default)]
    pub(super) keys: Option<Keys>,
    /// The number of the user that functions run as, where we are root.
    #[serde(default)]
    pub(super) workers: Option<u32>,
    #[serde(default)]
    pub(super) databases: BTreeMap<String, DatabaseRecord>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DatabaseRecord {
    pub(super) port: u16,
    pub(super) user: String,
    pub(super) name: String,
    /// Of the managed master password.
    #[serde(default)]
    pub(super) secret_arn: Option<String>,
    /// Roles that were associated with it.
    #[serde(default)]
    pub(super) roles: Vec<Role>,
}

/// A role that a database would take on, were there anything to take it on for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    pub arn: String,
    pub feature: String,
}

/// The record and its file. Every change is on disk before it counts.
#[derive(Debug)]
pub(super) struct RecordFile {
    path: PathBuf,
    record: Mutex<Record>,
    /// Held while a change is written: a slow disk holds up other changes, and nobody who reads.
    writing: Mutex<()>,
}

impl RecordFile {
    pub(super) fn open(path: PathBuf) -> Result<Self> {
        let record = Self::peek(&path)?;
        Ok(Self { path, record: Mutex::new(record), writing: Mutex::default() })
    }

    /// Reads it without owning it, as `status` does while nothing runs.
    pub(super) fn peek(path: &PathBuf) -> Result<Record> {
        match limits::read_file(path, limits::RECORD) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map_err(|source| Error::Record { path: path.clone(), source })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Ok(Record { format: 1, ..Record::default() })
            }
            Err(error) => Err(error).at("read", path),
        }
    }

    /// The key of the local cloud, and whether it is new: there was none yet, or one that somebody else may know.
    pub(super) fn keys(&self) -> Result<(Keys, bool)> {
        if let Some(keys) = self.get().keys
            && keys.are_ours()?
        {
            return Ok((keys, false));
        }
        let keys = Keys::make()?;
        self.change(|record| record.keys = Some(keys.clone()))?;
        Ok((keys, true))
    }

    pub(super) fn get(&self) -> Record {
        self.lock().clone()
    }

    pub(super) fn database(&self, identifier: &str) -> Option<DatabaseRecord> {
        self.lock().databases.get(identifier).cloned()
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Record)) -> Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.get();
        let mut next = before.clone();
        change(&mut next);
        if next != before {
            self.write(&next)?;
            *self.lock() = next;
        }
        Ok(())
    }

    fn write(&self, record: &Record) -> Result<()> {
        let bytes = serde_json::to_vec_pretty(record)
            .map_err(|source| Error::Record { path: self.path.clone(), source })?;
        let written = folder::beside(&self.path).and_then(|(folder, name)| {
            folder.write(name, &bytes, 0o600)?;
            folder.sync()
        });
        written.at("write", &self.path)
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::mpsc, time::Duration};

    #[test]
    fn survives_its_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.json");
        let file = RecordFile::open(path.clone()).unwrap();
        file.change(|record| record.gateway_port = Some(4566)).unwrap();
        let database = DatabaseRecord {
            port: 5432,
            user: "adm".into(),
            name: "loans".into(),
            secret_arn: None,
            roles: vec![Role { arn: "arn:aws:iam::0:role/a".into(), feature: "s3Import".into() }],
        };
        file.change(|record| drop(record.databases.insert("loans".into(), database.clone()))).unwrap();
        let again = RecordFile::open(path).unwrap();
        assert_eq!(again.get(), file.get());
        assert_eq!(again.database("loans"), Some(database));
    }

    /// A change whose write takes its time, as on a busy disk.
    #[test]
    fn whoever_reads_does_not_wait_for_a_write() {
        let folder = tempfile::tempdir().unwrap();
        let file = RecordFile::open(folder.path().join("record.json")).unwrap();
        let (begun, wait_for_begun) = mpsc::channel();
        let (end, wait_for_end) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            let file = &file;
            scope.spawn(move || {
                file.change(|record| {
                    begun.send(()).unwrap();
                    wait_for_end.recv().unwrap();
                    record.gateway_port = Some(4566);
                })
            });
            wait_for_begun.recv().unwrap();
            let (seen, wait_for_seen) = mpsc::channel();
            scope.spawn(move || seen.send(file.get()).unwrap());
            let seen = wait_for_seen.recv_timeout(Duration::from_secs(10));
            end.send(()).unwrap();
            assert_eq!(seen.unwrap().gateway_port, None);
        });
        assert_eq!(file.get().gateway_port, Some(4566));
    }

    #[test]
    fn the_first_format_still_parses() {
        let first = r#"{"format":1,"gateway_port":4566,"databases":{"a":{"port":1,"user":"u","name":"n"}}}"#;
        let record: Record = serde_json::from_str(first).unwrap();
        assert_eq!(record.databases["a"].secret_arn, None);
        assert_eq!(record.databases["a"].roles, []);
        assert_eq!((record.keys, record.workers), (None, None));
    }
}
