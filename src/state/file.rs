use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Replaces `path` whole or not at all, durably: temporary file in the same folder, fsync, rename, fsync of the
/// folder. With `backup` the file before it stays there.
pub fn write_atomically(path: &Path, content: &[u8], backup: Option<&Path>) -> io::Result<()> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    temporary.write_all(content)?;
    temporary.as_file().sync_all()?;
    if let Some(backup) = backup
        && path.exists()
    {
        // A hard link keeps the old file under its name until the rename: at no moment is there neither.
        let link = tempfile::Builder::new().make_in(folder, |link| std::fs::hard_link(path, link))?;
        link.into_temp_path().persist(backup).map_err(|error| error.error)?;
    }
    temporary.persist(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()
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
}
