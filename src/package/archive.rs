//! Zip archives: ours, always the same bytes, and those that users bring.

use super::{Error, Executable, Result};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipArchive, ZipWriter};

/// Bytes of zip that Lambda takes in a request (50 MB; more has to go by way of S3).
pub const MAX_UPLOAD: u64 = 50 * 1024 * 1024;

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
    let mut bytes = Vec::new();
    archive.by_name(BOOTSTRAP).ok()?.read_to_end(&mut bytes).ok()?;
    Executable::parse(&bytes).ok()
}

/// What a user's zip is and holds for `runtime`: nothing is required of others than the `provided` runtimes.
pub(super) fn check(path: &Path, zip: &[u8], runtime: &str) -> Result<Option<Executable>> {
    let not_zip =
        |error: zip::result::ZipError| Error::NotZip { path: path.to_path_buf(), reason: error.to_string() };
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(not_zip)?;
    if !runtime.starts_with("provided") {
        return Ok(None);
    }
    if archive.index_for_name(BOOTSTRAP).is_none() {
        let mut names = archive.file_names().flatten();
        let elsewhere = names.find(|name| name.ends_with("/bootstrap")).map(|name| name.into_owned());
        return Err(Error::NoBootstrap { path: path.to_path_buf(), runtime: runtime.to_owned(), elsewhere });
    }
    let bootstrap = archive.by_name(BOOTSTRAP).map_err(not_zip)?;
    // Zips made on Windows have no mode at all; Lambda then takes every file for executable.
    if bootstrap.unix_mode().is_some_and(|mode| mode & 0o111 == 0) {
        return Err(Error::NotExecutable(path.to_path_buf()));
    }
    drop(bootstrap);
    Ok(executable_in(zip))
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
