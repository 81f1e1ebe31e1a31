//! Zip archives: ours, always the same bytes, and those that users bring.

use super::{Error, Executable, Result};
use crate::limits::{self, ENTRIES, UNPACKED};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipArchive, ZipWriter};

/// What an OS-only runtime starts.
pub(super) const BOOTSTRAP: &str = "bootstrap";

/// Base64 of the SHA-256, as Lambda reports it in `CodeSha256`.
pub fn sha256(bytes: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(bytes))
}

/// The zip with `executable` as its only file, `bootstrap`: the same bytes for the same executable on every machine.
pub(super) fn pack(executable: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(BOOTSTRAP, options(0o755))?;
    zip.write_all(executable)?;
    Ok(zip.finish()?.into_inner())
}

/// `zip`, which lies at `path`, with more files behind those that it has: the same bytes for the same files.
pub(super) fn extend(path: &Path, zip: &[u8], files: &BTreeMap<&str, Vec<u8>>) -> Result<Vec<u8>> {
    let not_zip =
        |error: zip::result::ZipError| Error::NotZip { path: path.to_path_buf(), reason: error.to_string() };
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(not_zip)?;
    if let Some(name) = files.keys().find(|name| archive.index_for_name(name).is_some()) {
        return Err(Error::NameTaken { path: path.to_path_buf(), name: (*name).to_owned() });
    }
    let added = files.values().fold(0, |sum: u64, content| sum.saturating_add(content.len() as u64));
    let before = archive.decompressed_size().and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
    let unpacked = before.saturating_add(added);
    if unpacked > UNPACKED {
        return Err(Error::Unpacked { path: path.to_path_buf(), bytes: Some(unpacked) });
    }
    let mut longer = ZipWriter::new(Cursor::new(Vec::with_capacity(zip.len())));
    for index in 0..archive.len() {
        // As it is, without packing it anew.
        longer.raw_copy_file(archive.by_index_raw(index).map_err(not_zip)?).map_err(not_zip)?;
    }
    for (name, content) in files {
        longer.start_file(*name, options(0o644)).map_err(not_zip)?;
        longer.write_all(content).map_err(Error::io("write", path))?;
    }
    Ok(longer.finish().map_err(not_zip)?.into_inner())
}

/// What decides the bytes of an entry, the same on every machine.
fn options(mode: u32) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(DateTime::default())
        .system(System::Unix)
        .unix_permissions(mode)
}

/// The `bootstrap` at the root of a zip, if it is a Linux executable. A script or a zip for another runtime has none.
pub fn executable_in(zip: &[u8]) -> Option<Executable> {
    let mut archive = ZipArchive::new(Cursor::new(zip)).ok()?;
    let bytes = limits::take(archive.by_name(BOOTSTRAP).ok()?, UNPACKED).ok()?;
    Executable::parse(&bytes).ok()
}

/// The names of the files in a zip; none if it is no zip.
pub(super) fn names(zip: &[u8]) -> Vec<String> {
    let Ok(archive) = ZipArchive::new(Cursor::new(zip)) else { return vec![] };
    archive.file_names().flatten().map(|name| name.into_owned()).collect()
}

/// What a user's zip is and holds for `runtime`: of others than the `provided` runtimes only what holds for every zip.
///
/// Nothing is unpacked but `bootstrap`, and no more of that than Lambda would take: what a zip says of its sizes may be wrong.
pub(super) fn check(path: &Path, zip: &[u8], runtime: &str) -> Result<Option<Executable>> {
    let not_zip =
        |error: zip::result::ZipError| Error::NotZip { path: path.to_path_buf(), reason: error.to_string() };
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(not_zip)?;
    contents(path, &mut archive)?;
    if !runtime.starts_with("provided") {
        return Ok(None);
    }
    let no_file = |what| Error::NoFile { path: path.to_path_buf(), what };
    if archive.index_for_name(BOOTSTRAP).is_none() {
        let names: Vec<_> = archive.file_names().flatten().map(|name| name.into_owned()).collect();
        if names.iter().any(|name| name.starts_with("bootstrap/")) {
            return Err(no_file("a folder"));
        }
        let elsewhere = names.into_iter().find(|name| name.ends_with("/bootstrap"));
        return Err(Error::NoBootstrap { path: path.to_path_buf(), runtime: runtime.to_owned(), elsewhere });
    }
    let bootstrap = archive.by_name(BOOTSTRAP).map_err(not_zip)?;
    let mode = bootstrap.unix_mode();
    match mode.map(|mode| mode & 0o170_000) {
        _ if bootstrap.is_symlink() => return Err(no_file("a symbolic link")),
        _ if bootstrap.is_dir() => return Err(no_file("a folder")),
        None | Some(0 | 0o100_000) => {}
        Some(_) => return Err(no_file("no plain file")),
    }
    // Zips made on Windows have no mode at all; Lambda then takes every file for executable.
    if mode.is_some_and(|mode| mode & 0o111 == 0) {
        return Err(Error::NotExecutable(path.to_path_buf()));
    }
    let bytes = limits::take(bootstrap, UNPACKED).map_err(|error| match error.kind() {
        std::io::ErrorKind::FileTooLarge => Error::Unpacked { path: path.to_path_buf(), bytes: None },
        _ => Error::NotZip {
            path: path.to_path_buf(),
            reason: format!("`bootstrap` cannot be unpacked: {error}"),
        },
    })?;
    Ok(Executable::parse(&bytes).ok())
}

/// What no zip may have, whatever starts it.
fn contents(path: &Path, archive: &mut ZipArchive<Cursor<&[u8]>>) -> Result<()> {
    let path = || path.to_path_buf();
    if archive.len() > ENTRIES {
        return Err(Error::ManyFiles { path: path(), count: archive.len() });
    }
    if archive.has_duplicate_names() {
        return Err(Error::Twice(path()));
    }
    let mut unpacked: u64 = 0;
    for index in 0..archive.len() {
        let file = archive
            .by_index_raw(index)
            .map_err(|error| Error::NotZip { path: path(), reason: error.to_string() })?;
        let name = String::from_utf8_lossy(file.name_raw()).into_owned();
        if file.encrypted() {
            return Err(Error::Encrypted { path: path(), name });
        }
        if leads_out(&name) {
            return Err(Error::Outside { path: path(), name });
        }
        unpacked = unpacked.saturating_add(file.size());
    }
    if unpacked > UNPACKED { Err(Error::Unpacked { path: path(), bytes: Some(unpacked) }) } else { Ok(()) }
}

/// Whether a name is that of a place outside of the folder that a zip is unpacked in.
fn leads_out(name: &str) -> bool {
    let drive = name.as_bytes().get(1) == Some(&b':');
    drive
        || name.starts_with(['/', '\\'])
        || name.contains('\0')
        || name.split(['/', '\\']).any(|part| part == "..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn the_same_executable_is_the_same_zip() {
        let zip = pack(b"\x7fELF hello").unwrap();
        assert_eq!(zip, pack(b"\x7fELF hello").unwrap());
        assert_ne!(sha256(&zip), sha256(&pack(b"\x7fELF hullo").unwrap()));
        let mut archive = ZipArchive::new(Cursor::new(&zip)).unwrap();
        let file = archive.by_index(0).unwrap();
        assert_eq!(file.name().unwrap(), "bootstrap");
        assert_eq!(file.unix_mode(), Some(0o100_755));
        assert_eq!(file.last_modified(), Some(DateTime::default()));
    }

    /// Guards against a new version of the zip or deflate crate, which would redeploy every function.
    #[test]
    fn the_bytes_are_pinned() {
        let executable: Vec<u8> = (0..20_000u32).map(|i| (i * i / 7) as u8).collect();
        insta::assert_snapshot!(sha256(&pack(&executable).unwrap()), @"jtXJLrvvV40E547m5G138fBM+Rfvve71YmYQhG7mA/c=");
    }

    #[test]
    fn more_files_come_behind_and_change_nothing_else() {
        let path = Path::new("f.zip");
        let zip = pack(b"\x7fELF hello").unwrap();
        let files = BTreeMap::from([("roots/ca.pem", b"root".to_vec()), ("a.txt", vec![])]);
        let longer = extend(path, &zip, &files).unwrap();
        assert_eq!(longer, extend(path, &zip, &files).unwrap());
        let mut archive = ZipArchive::new(Cursor::new(&longer)).unwrap();
        let names: Vec<_> = archive.file_names().flatten().map(|name| name.into_owned()).collect();
        assert_eq!(names, ["bootstrap", "a.txt", "roots/ca.pem"]);
        let mut text = String::new();
        archive.by_name("roots/ca.pem").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "root");
        let mut bootstrap = archive.by_name("bootstrap").unwrap();
        assert_eq!(
            (bootstrap.unix_mode(), bootstrap.last_modified()),
            (Some(0o100_755), Some(DateTime::default()))
        );
        let mut program = vec![];
        bootstrap.read_to_end(&mut program).unwrap();
        assert_eq!(program, b"\x7fELF hello");
        let taken = extend(path, &zip, &BTreeMap::from([("bootstrap", vec![])])).unwrap_err().to_string();
        assert!(taken.contains("has a file bootstrap already"), "{taken}");
    }

    #[test]
    fn the_hash_is_what_lambda_reports() {
        assert_eq!(sha256(b""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }

    #[test]
    fn users_zips_are_checked() {
        let path = Path::new("f.zip");
        assert!(matches!(check(path, b"hello", "provided.al2023"), Err(Error::NotZip { .. })));
        let zip_of = |name: &str, mode| {
            let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
            zip.start_file(name, SimpleFileOptions::default().unix_permissions(mode)).unwrap();
            zip.write_all(b"#!/bin/sh\n").unwrap();
            zip.finish().unwrap().into_inner()
        };
        let nested = check(path, &zip_of("target/bootstrap", 0o755), "provided.al2023").unwrap_err();
        assert!(nested.to_string().contains("there is target/bootstrap"), "{nested}");
        let flat = check(path, &zip_of("bootstrap", 0o644), "provided.al2023");
        assert!(matches!(flat, Err(Error::NotExecutable(_))));
        assert_eq!(check(path, &zip_of("bootstrap", 0o755), "provided.al2023").unwrap(), None);
        assert_eq!(check(path, &zip_of("index.py", 0o644), "python3.13").unwrap(), None);
    }

    /// Entries: name, mode (with the type of file), content.
    fn zip_of(entries: &[(&str, u32, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, mode, content) in entries {
            let options = SimpleFileOptions::default().unix_permissions(*mode).large_file(true);
            if *mode & 0o170_000 == 0o120_000 {
                zip.add_symlink(*name, std::str::from_utf8(content).unwrap(), options).unwrap();
            } else if name.ends_with('/') {
                zip.add_directory(*name, options).unwrap();
            } else {
                zip.start_file(*name, options).unwrap();
                zip.write_all(content).unwrap();
            }
        }
        zip.finish().unwrap().into_inner()
    }

    fn refusal(zip: &[u8]) -> String {
        check(Path::new("f.zip"), zip, "provided.al2023").unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_file_is_not_started() {
        let link = zip_of(&[("bootstrap", 0o120_777, b"/bin/sh")]);
        assert!(refusal(&link).contains("`bootstrap` in f.zip is a symbolic link"), "{}", refusal(&link));
        let folder = zip_of(&[("bootstrap/", 0o755, b""), ("bootstrap/main", 0o755, b"#!")]);
        assert!(refusal(&folder).contains("is a folder"), "{}", refusal(&folder));
        // Whatever its header says: a device, a pipe.
        for kind in [0o020_000_u32, 0o010_000, 0o140_000, 0o060_000] {
            let mut zip = zip_of(&[("bootstrap", 0o755, b"#!")]);
            let mode = (0o100_755_u32 << 16).to_le_bytes();
            let at = zip.windows(4).rposition(|bytes| bytes == mode).unwrap();
            zip[at..at + 4].copy_from_slice(&((kind | 0o755) << 16).to_le_bytes());
            assert!(refusal(&zip).contains("is no plain file"), "{}", refusal(&zip));
        }
    }

    #[test]
    fn two_files_of_one_name_are_refused() {
        let mut zip = zip_of(&[("bootstrap", 0o755, b"#!/bin/one"), ("bootstrat", 0o755, b"#!/bin/two")]);
        let name = b"bootstrat";
        for at in (0..zip.len() - name.len()).filter(|at| zip[*at..].starts_with(name)).collect::<Vec<_>>() {
            zip[at + 8] = b'p';
        }
        assert!(refusal(&zip).contains("two files of one name"), "{}", refusal(&zip));
    }

    #[test]
    fn paths_that_lead_out_are_refused_for_every_runtime() {
        for name in ["../bootstrap", "a/../../b", "/etc/passwd", "..\\b", "\\b", "C:\\b", "a/.."] {
            let zip = zip_of(&[("bootstrap", 0o755, b"#!"), ("xxxxxxxxxxxx", 0o644, b"")]);
            // The writer may refuse such names: they are put into the finished archive.
            let padded = format!("{name}{}", "/".repeat(12 - name.len()));
            let zip = replaced(&zip, b"xxxxxxxxxxxx", padded.as_bytes());
            for runtime in ["provided.al2023", "python3.13"] {
                let told = check(Path::new("f.zip"), &zip, runtime).unwrap_err().to_string();
                assert!(told.contains("leads out of the folder"), "{name}: {told}");
            }
        }
        assert!(!leads_out("a..b/c...d/..e") && !leads_out("a/b.c"));
    }

    fn replaced(zip: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
        let mut zip = zip.to_vec();
        for at in (0..zip.len() - from.len()).filter(|at| zip[*at..].starts_with(from)).collect::<Vec<_>>() {
            zip[at..at + to.len()].copy_from_slice(to);
        }
        zip
    }

    #[test]
    fn what_is_encrypted_is_refused() {
        let mut zip = zip_of(&[("bootstrap", 0o755, b"#!")]);
        // The flag of encryption, in both headers.
        zip[6] |= 1;
        let at = zip.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
        zip[at + 8] |= 1;
        assert!(refusal(&zip).contains("is encrypted"), "{}", refusal(&zip));
    }

    /// Zeros, which deflate takes to a thousandth.
    fn bomb(name: &str, bytes: usize) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file(name, SimpleFileOptions::default().unix_permissions(0o755).large_file(true)).unwrap();
        let zeros = vec![0; 1 << 20];
        for _ in 0..bytes >> 20 {
            zip.write_all(&zeros).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn a_bomb_is_told_by_its_size_and_by_what_comes_out_of_it() {
        let honest = bomb("bootstrap", 300 << 20);
        assert!(honest.len() < 1 << 20);
        let told = refusal(&honest);
        assert!(told.contains("f.zip unpacks to 314 MB, and a function has 250 MB"), "{told}");
        assert!(check(Path::new("f.zip"), &bomb("data", 300 << 20), "python3.13").is_err());
        // It says to be small in both headers (and in the extra field of large files).
        let mut liar = honest;
        for at in 0..liar.len() - 8 {
            if liar[at..at + 8] == (300_u64 << 20).to_le_bytes() {
                liar[at..at + 8].copy_from_slice(&1000_u64.to_le_bytes());
            } else if liar[at..at + 4] == (300_u32 << 20).to_le_bytes() {
                liar[at..at + 4].copy_from_slice(&1000_u32.to_le_bytes());
            }
        }
        let told = refusal(&liar);
        assert!(told.contains("more than it says") || told.contains("cannot be unpacked"), "{told}");
        // More than any machine has: it is not even begun.
        let mut vast = zip_of(&[("bootstrap", 0o755, b"#!"), ("other", 0o644, b"abcdefg")]);
        let at = vast.windows(4).rposition(|bytes| bytes == 7_u32.to_le_bytes()).unwrap();
        vast[at..at + 4].copy_from_slice(&0xffff_fff0_u32.to_le_bytes());
        assert!(refusal(&vast).contains("unpacks to 4294 MB"), "{}", refusal(&vast));
    }

    #[test]
    fn more_files_than_are_taken() {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for at in 0..=ENTRIES {
            zip.start_file(at.to_string(), SimpleFileOptions::default()).unwrap();
        }
        let told = refusal(&zip.finish().unwrap().into_inner());
        assert!(told.contains("has 100001 files, and 100000 are taken"), "{told}");
    }

    proptest::proptest! {
        /// Damage anywhere is an answer and no panic.
        #[test]
        fn any_damage_has_an_answer(places in proptest::collection::vec((0..1000_usize, proptest::prelude::any::<u8>()), 1..8)) {
            let mut zip = zip_of(&[("bootstrap", 0o755, b"#!/bin/sh"), ("lib/a.so", 0o644, &[7; 300]), ("l", 0o120_777, b"lib")]);
            let length = zip.len();
            for (at, byte) in places {
                zip[at % length] = byte;
            }
            let _ = check(Path::new("f.zip"), &zip, "provided.al2023");
            let _ = executable_in(&zip);
        }
    }
}
