use super::kernel::ThisKernel;
use super::{Holder, Holding};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

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
            Err(TryLockError::WouldBlock) => return Ok(Err(introduced(&mut file)?)),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Only for the messages of others: a full disk must not keep anybody from reading the state.
        let _ = introduce(&mut file, command);
        Ok(Ok(Self { _file: file }))
    }

    /// Who has the lock, without taking it.
    pub fn look(path: &Path) -> io::Result<Holding> {
        let mut file = match File::open(path) {
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

/// What the holder has left of itself, if it can be read.
fn introduced(file: &mut File) -> io::Result<Option<Holder>> {
    let mut text = String::new();
    file.read_to_string(&mut text)?;
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
}
