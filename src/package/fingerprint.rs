//! One hash over everything that a build depends on and that changes with the user's work. The version of the compiler
//! is not in it: asking for it takes longer than all the rest, and a new compiler alone is no reason to deploy.

use super::environment::environment;
use super::manifest::Crate;
use super::{Error, Result};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Counts up when the same sources should be zipped anew: another zip layout, another meaning of the record.
const FORMAT: &str = "stackctl package 1";

/// Variables that change what cargo makes, of those that it gets.
const VARIABLES: &[&str] =
    &["CARGO_BUILD_RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WRAPPER", "RUSTFLAGS"];

/// Like [`VARIABLES`], by how they start.
const PREFIXES: &[&str] = &["CARGO_PROFILE_RELEASE_", "CARGO_TARGET_AARCH64_", "CARGO_TARGET_X86_64_"];

/// The hash in hex.
pub(super) fn fingerprint(source: &Crate) -> Result<String> {
    let mut hasher = Sha256::new();
    feed(&mut hasher, FORMAT.as_bytes());
    let variables = environment().into_iter().filter(|(name, _)| {
        let name = name.to_string_lossy();
        VARIABLES.contains(&name.as_ref()) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    });
    for (name, value) in variables {
        feed(&mut hasher, name.as_encoded_bytes());
        feed(&mut hasher, value.as_encoded_bytes());
    }
    for path in files(source)? {
        let name = path.strip_prefix(&source.workspace).unwrap_or(&path);
        feed(&mut hasher, name.as_os_str().as_encoded_bytes());
        content(&mut hasher, &path).map_err(Error::io("read", &path))?;
    }
    Ok(hex::encode(hasher.finalize()))
}

fn feed(hasher: &mut Sha256, part: &[u8]) {
    hasher.update((part.len() as u64).to_le_bytes());
    hasher.update(part);
}

/// As `feed`, of a file of any size.
fn content(hasher: &mut Sha256, path: &Path) -> std::io::Result<()> {
    let mut file = std::fs::File::open(path)?;
    hasher.update(file.metadata()?.len().to_le_bytes());
    std::io::copy(&mut file, hasher).map(|_| ())
}

fn files(source: &Crate) -> Result<BTreeSet<PathBuf>> {
    let mut files = BTreeSet::new();
    for folder in &source.folders {
        walk(folder, true, &mut files)?;
    }
    let mut outside = vec![source.workspace.join("Cargo.toml"), source.workspace.join("Cargo.lock")];
    // cargo and rustup both look in every folder above.
    for above in source.dir.ancestors() {
        outside.extend([".cargo/config.toml", ".cargo/config"].map(|name| above.join(name)));
        outside.extend(["rust-toolchain.toml", "rust-toolchain"].map(|name| above.join(name)));
    }
    files.extend(outside.into_iter().filter(|path| path.is_file()));
    Ok(files)
}

fn walk(folder: &Path, top: bool, files: &mut BTreeSet<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).map_err(Error::io("read", folder))? {
        let path = entry.map_err(Error::io("read", folder))?.path();
        // Not by the type of the entry: a link to a file is read like the file.
        if path.is_file() {
            files.insert(path);
        } else if path.is_dir() && !path.is_symlink() && !skipped(&path, top) {
            walk(&path, false, files)?;
        }
    }
    Ok(())
}

/// What cargo and stackctl write themselves. `target` is only special next to a Cargo.toml: it may be a module too.
fn skipped(folder: &Path, top: bool) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    matches!(name, ".git" | ".stackctl" | "node_modules")
        || top && name == "target"
        || folder.join("CACHEDIR.TAG").is_file()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn write(path: PathBuf, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn sources_count_and_build_products_do_not() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().canonicalize().unwrap();
        write(dir.join("Cargo.toml"), "[package]\nname = \"h\"\n");
        write(dir.join("src/main.rs"), "mod target;");
        let of = || fingerprint(&Crate::open(&dir).unwrap()).unwrap();
        let first = of();
        write(dir.join("target/release/h"), "binary");
        write(dir.join("elsewhere/CACHEDIR.TAG"), "");
        write(dir.join("elsewhere/debris"), "");
        assert_eq!(of(), first);
        let mut seen = BTreeSet::from([first]);
        for (path, text) in [
            ("src/main.rs", "mod target; "),
            ("src/target/mod.rs", ""),
            ("Cargo.lock", ""),
            (".cargo/config.toml", ""),
            ("rust-toolchain.toml", ""),
            ("src/query.sql", "select 1"),
        ] {
            write(dir.join(path), text);
            assert!(seen.insert(of()), "{path} does not count");
        }
        std::fs::rename(dir.join("src/query.sql"), dir.join("src/other.sql")).unwrap();
        assert!(seen.insert(of()), "a name does not count");
    }

    #[test]
    fn fifty_files_take_no_time() {
        let root = tempfile::tempdir().unwrap();
        write(root.path().join("Cargo.toml"), "[package]\nname = \"h\"\n");
        write(root.path().join("src/main.rs"), "");
        for i in 0..50 {
            write(root.path().join(format!("src/f{i}.rs")), &"fn f() {}\n".repeat(40));
        }
        let found = Crate::open(root.path()).unwrap();
        let fastest = (0..5)
            .map(|_| {
                let start = Instant::now();
                fingerprint(&found).unwrap();
                start.elapsed()
            })
            .min();
        // 10 ms in release; a debug build hashes twenty times slower.
        assert!(fastest < Some(Duration::from_millis(200)), "{fastest:?}");
    }
}
