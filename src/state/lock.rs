use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

/// Who has the lock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Holder {
    pub pid: u32,
    pub host: String,
    pub user: String,
    pub command: String,
    /// RFC 3339.
    pub since: String,
}

impl Holder {
    /// This process, doing `command`.
    pub fn this(command: &str) -> Self {
        let host =
            nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok()).unwrap_or_default();
        let user = nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten();
        Self {
            pid: std::process::id(),
            host,
            user: user.map(|user| user.name).unwrap_or_default(),
            command: command.to_owned(),
            since: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        }
    }
}

impl Holder {
    /// Whether it ran on this machine and its process is gone.
    pub fn is_dead(&self) -> bool {
        let here = Self::this("");
        let Ok(pid) = i32::try_from(self.pid) else { return false };
        pid > 0
            && (&self.host, &self.user) == (&here.host, &here.user)
            && nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None) == Err(nix::errno::Errno::ESRCH)
    }

    /// Somebody who left no readable word.
    pub fn unknown() -> Self {
        let unknown = || "unknown".to_owned();
        Self { pid: 0, host: unknown(), user: unknown(), command: unknown(), since: unknown() }
    }
}

/// The lock of a local state: an OS lock, so it dies with its process and never needs breaking.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock or says who has it. The inner `Err` is the holder, as far as it has introduced itself.
    pub fn take(path: &Path, command: &str) -> io::Result<Result<Self, Option<Holder>>> {
        let mut file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                file.read_to_string(&mut text)?;
                return Ok(Err(serde_json::from_str(&text).ok()));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Only for the messages of others: a full disk must not keep anybody from reading the state.
        let _ = introduce(&mut file, command);
        Ok(Ok(Self { _file: file }))
    }
}

fn introduce(file: &mut File, command: &str) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&serde_json::to_vec(&Holder::this(command))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("loans.lock");
        let first = Lock::take(&path, "apply").unwrap().unwrap();
        let holder = Lock::take(&path, "destroy").unwrap().unwrap_err().unwrap();
        assert_eq!((holder.pid, holder.command.as_str()), (std::process::id(), "apply"));
        drop(first);
        assert!(Lock::take(&path, "destroy").unwrap().is_ok());
    }
}
