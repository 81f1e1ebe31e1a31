use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Replaces `path` whole or not at all, durably: temporary file in the same folder, fsync, rename, fsync of the
/// folder. With `backup` the file before it stays there.
pub fn write_atomically(path: &Path, content: &[u8], backup: Option<&Path>) -> io::Result<()> {
    replace(path, content, backup).map(|_| ())
}

/// As [`write_atomically`]; returns the file that lies there now, at its end.
///
/// A link at `path` or `backup` is replaced, and what it leads to is not touched.
pub(super) fn replace(path: &Path, content: &[u8], backup: Option<&Path>) -> io::Result<File> {
    let folder = folder(path);
    let named = temporary_prefix(path);
    let mut temporary = tempfile::Builder::new().prefix(&named).suffix(SUFFIX).tempfile_in(folder)?;
    temporary.write_all(content)?;
    temporary.as_file().sync_all()?;
    if let Some(backup) = backup
        && path.symlink_metadata().is_ok()
    {
        // A hard link keeps the old file under its name until the rename: at no moment is there neither.
        let mut link = tempfile::Builder::new();
        let link =
            link.prefix(&named).suffix(SUFFIX).make_in(folder, |link| std::fs::hard_link(path, link))?;
        link.into_temp_path().persist(backup).map_err(|error| error.error)?;
    }
    let file = temporary.persist(path).map_err(|error| error.error)?;
    sync(folder)?;
    Ok(file)
}

/// Writes a file that must not be there yet, whole or not at all, for nobody else to read.
pub(super) fn write_anew(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = folder(path);
    let named = temporary_prefix(path);
    let mut temporary = tempfile::Builder::new().prefix(&named).suffix(SUFFIX).tempfile_in(folder)?;
    temporary.write_all(content)?;
    temporary.as_file().sync_all()?;
    temporary.persist_noclobber(path).map_err(|error| error.error)?;
    sync(folder)
}

/// Opens a file to read it. What lies at the end of a link is not opened.
pub(super) fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(nix::libc::O_NOFOLLOW).open(path)
}

/// Makes what was renamed or removed in a folder durable.
pub fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The folder of a file; `.` for a bare name.
pub fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Removes what writes of `path` left behind that were cut off before their rename. Only under the lock of `path`: nobody
/// else must be writing it.
pub fn sweep(path: &Path) -> io::Result<()> {
    let prefix = temporary_prefix(path);
    for entry in std::fs::read_dir(folder(path))? {
        let name = entry?.file_name();
        let ours = name.to_str().is_some_and(|name| name.starts_with(&prefix) && name.ends_with(SUFFIX));
        if ours {
            std::fs::remove_file(folder(path).join(&name))?;
        }
    }
    Ok(())
}

const SUFFIX: &str = ".tmp";

/// Names the file, so that leftovers of one state are told from another's in the same folder.
fn temporary_prefix(path: &Path) -> String {
    format!(".{}.", path.file_name().unwrap_or_default().to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_before_stays_as_backup() {
        let folder = tempfile::tempdir().unwrap();
        let (path, backup) = (folder.path().join("s.json"), folder.path().join("s.json.backup"));
        for text in ["one", "two", "three"] {
            write_atomically(&path, text.as_bytes(), Some(&backup)).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "three");
        assert_eq!(std::fs::read_to_string(&backup).unwrap(), "two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing temporary stays");
    }

    #[test]
    fn what_a_cut_off_write_left_is_swept_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        for name in [".s.json.Ab12Cd.tmp", ".s.local.json.Ab12Cd.tmp", "s.json", "s.json.tmp"] {
            std::fs::write(folder.path().join(name), "{").unwrap();
        }
        sweep(&folder.path().join("s.json")).unwrap();
        let mut left: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [".s.local.json.Ab12Cd.tmp", "s.json", "s.json.tmp"]);
    }
}
