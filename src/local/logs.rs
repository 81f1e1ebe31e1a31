use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use super::{
    error::{Error, FileContext, Result},
    layout::Layout,
};
use crate::folder;

const BIGGEST: u64 = 20 * 1024 * 1024;
const TAIL_BYTES: u64 = 256 * 1024;

/// The logs there are: part to file (`supervisor`, `ministack`, `postgres-<identifier>`), or of one part only.
pub fn logs(layout: &Layout, part: Option<&str>) -> Result<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    layout.exists()?;
    for entry in fs::read_dir(layout.logs()).into_iter().flatten() {
        let path = entry.at("read", layout.logs())?.path();
        if path.extension().is_some_and(|extension| extension == "log")
            && let Some(name) = path.file_stem().and_then(|name| name.to_str())
            && part.is_none_or(|part| part == name)
        {
            found.insert(name.to_owned(), path);
        }
    }
    match part {
        Some(part) if found.is_empty() => {
            let parts: Vec<_> = logs(layout, None)?.into_keys().collect();
            let reason = if parts.is_empty() {
                "it has no logs yet".to_owned()
            } else {
                format!("it has no part `{part}`; its parts are {}", parts.join(", "))
            };
            Err(Error::NotUp { reason })
        }
        _ => Ok(found),
    }
}

/// The last `lines` lines of a log; empty when there is none.
pub fn tail(log: &Path, lines: usize) -> String {
    let read = || {
        let mut file = File::open(log)?;
        let size = file.metadata()?.len();
        file.seek(SeekFrom::Start(size.saturating_sub(TAIL_BYTES)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        std::io::Result::Ok(bytes)
    };
    let bytes = read().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// Opens a log for appending, its owner's alone. One that has grown big becomes `<name>.old`.
pub(super) fn open(path: &Path) -> Result<File> {
    if fs::symlink_metadata(path).is_ok_and(|meta| meta.len() > BIGGEST) {
        fs::rename(path, path.with_extension("old")).at("rename", path)?;
    }
    folder::beside(path).and_then(|(folder, name)| folder.append(name, 0o600)).at("open", path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_the_last_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        fs::write(&path, "1\n2\n3\n").unwrap();
        assert_eq!(tail(&path, 2), "2\n3");
        assert_eq!(tail(&folder.path().join("none.log"), 2), "");
    }
}
