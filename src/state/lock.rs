use super::file::open;
use super::grip::is_at;
use super::kernel::ThisKernel;
use super::{Holder, Holding};
use crate::limits;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The lock of a local state: an OS lock, so it dies with its process and never needs breaking.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock or says who has it. The inner `Err` is the holder, as far as it has introduced itself.
    pub fn take(path: &Path, command: &str) -> io::Result<Result<Self, Option<Holder>>> {
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            // A project that somebody else has made must not lead us to a file of the user's.
            .custom_flags(nix::libc::O_NOFOLLOW)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(Err(introduced(&mut file)?)),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        if !is_lock(&mut file)? {
            return Err(io::Error::other(format!(
                "{} lies in the place of the lock and is something else; move it away, or rename the stack",
                path.display()
            )));
        }
        // Only for the messages of others: a full disk must not keep anybody from reading the state.
        let _ = introduce(&mut file, command);
        Ok(Ok(Self { file }))
    }

    /// Whether others who want the lock come upon this one.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        is_at(&self.file, path)
    }

    /// Who has the lock, without taking it.
    pub fn look(path: &Path) -> io::Result<Holding> {
        let mut file = match open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Holding::Free),
            Err(error) => return Err(error),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(Holding::Free),
            Err(TryLockError::WouldBlock) => Ok(Holding::Process(introduced(&mut file)?)),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// Whether it is a lock of ours: empty, or what [`introduce`] writes, also when that was cut off. A stack may be called as
/// another program calls its own file, and `state` may be the folder of that.
fn is_lock(file: &mut File) -> io::Result<bool> {
    const BEGINNING: &[u8] = b"{\"pid\":";
    let mut head = vec![];
    file.rewind()?;
    Read::take(&*file, BEGINNING.len() as u64).read_to_end(&mut head)?;
    Ok(BEGINNING.starts_with(&head))
}

/// What the holder has left of itself, if it can be read.
fn introduced(file: &mut File) -> io::Result<Option<Holder>> {
    let mut text = String::new();
    file.rewind()?;
    Read::take(&*file, limits::KIB * 64).read_to_string(&mut text)?;
    // Whoever has the lock lives: of one that is dead, only the word is left.
    Ok(serde_json::from_str(&text).ok().filter(|holder: &Holder| !holder.is_dead(&ThisKernel)))
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
        assert_eq!(Lock::look(&path).unwrap(), Holding::Process(Some(holder.clone())));
        assert_eq!((holder.pid, holder.command.as_str()), (std::process::id(), "apply"));
        drop(first);
        assert_eq!(Lock::look(&path).unwrap(), Holding::Free);
        assert!(Lock::take(&path, "destroy").unwrap().is_ok());
    }

    #[test]
    fn what_is_no_lock_stays_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("own");
        std::fs::write(&own, "precious").unwrap();
        let link = folder.path().join("loans.lock");
        std::os::unix::fs::symlink(&own, &link).unwrap();
        assert!(Lock::take(&link, "plan").is_err(), "a link is not followed");
        assert!(Lock::take(&own, "plan").is_err(), "another program's file");
        assert_eq!(std::fs::read_to_string(&own).unwrap(), "precious");
        for left in ["", "{\"pi", "{\"pid\":17,\"ho"] {
            std::fs::write(&own, left).unwrap();
            assert!(Lock::take(&own, "plan").unwrap().is_ok(), "{left:?} is what a dead one leaves");
        }
        let path = folder.path().join("new.lock");
        drop(Lock::take(&path, "plan"));
        let mode = std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
}
