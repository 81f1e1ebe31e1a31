//! What Cargo.toml says about a crate, read without running cargo: that takes 0.1 s and more, and a plan has 0.3.

use super::{Error, Result};
use crate::{depth, limits};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// A crate that becomes a handler.
#[derive(Debug)]
pub(super) struct Crate {
    pub dir: PathBuf,
    pub package: String,
    /// The binary that becomes `bootstrap`.
    pub binary: String,
    /// Where Cargo.lock is: the folder of the crate, or of the workspace above it.
    pub workspace: PathBuf,
    /// The crate's folder and those of its path dependencies, theirs included.
    pub folders: BTreeSet<PathBuf>,
}

impl Crate {
    /// Reads the crate in `dir`, an absolute path.
    pub fn open(dir: &Path) -> Result<Self> {
        let path = dir.join("Cargo.toml");
        if !path.is_file() {
            return Err(Error::NoManifest(dir.to_path_buf()));
        }
        let manifest = parse(&path)?;
        let Some(package) = manifest.get("package").and_then(Value::as_table) else {
            return Err(Error::NoPackage(path));
        };
        let name = text(package, "name").unwrap_or_default().to_owned();
        let binary = binary(dir, &manifest, package, &name)?;
        let (workspace, root) = workspace(dir, &manifest, package)?;
        let mut folders = BTreeSet::new();
        collect(dir, &manifest, &workspace, &root, &mut folders)?;
        Ok(Self { dir: dir.to_path_buf(), package: name, binary, workspace, folders })
    }
}

fn parse(path: &Path) -> Result<Table> {
    let source =
        limits::read_file(path, limits::STACK).and_then(limits::text).map_err(Error::io("read", path))?;
    if depth::too_deep(&source).is_some() {
        return Err(Error::io("read", path)(std::io::Error::other(depth::refusal())));
    }
    source.parse().map_err(|source| Error::Manifest { path: path.to_path_buf(), source: Box::new(source) })
}

fn text<'a>(table: &'a Table, key: &str) -> Option<&'a str> {
    table.get(key).and_then(Value::as_str)
}

/// The folder and manifest of the workspace, found the way cargo does. A crate that an outer workspace excludes is
/// taken for its member here: its fingerprint then holds two files too many, which does no harm.
fn workspace(dir: &Path, manifest: &Table, package: &Table) -> Result<(PathBuf, Table)> {
    if manifest.contains_key("workspace") {
        return Ok((dir.to_path_buf(), manifest.clone()));
    }
    if let Some(root) = text(package, "workspace") {
        let root = dir.join(root);
        let table = parse(&root.join("Cargo.toml"))?;
        return Ok((root, table));
    }
    for above in dir.ancestors().skip(1) {
        let path = above.join("Cargo.toml");
        if path.is_file() {
            let table = parse(&path)?;
            if table.contains_key("workspace") {
                return Ok((above.to_path_buf(), table));
            }
        }
    }
    Ok((dir.to_path_buf(), manifest.clone()))
}

fn binary(dir: &Path, manifest: &Table, package: &Table, name: &str) -> Result<String> {
    let mut binaries = BTreeSet::new();
    let mut placed = BTreeSet::new();
    for target in manifest.get("bin").and_then(Value::as_array).into_iter().flatten() {
        if let Some(name) = target.get("name").and_then(Value::as_str) {
            binaries.insert(name.to_owned());
        }
        if let Some(path) = target.get("path").and_then(Value::as_str) {
            placed.insert(dir.join(path));
        }
    }
    if package.get("autobins").and_then(Value::as_bool) != Some(false) {
        let main = dir.join("src/main.rs");
        if main.is_file() && !placed.contains(&main) {
            binaries.insert(name.to_owned());
        }
        for entry in std::fs::read_dir(dir.join("src/bin")).into_iter().flatten().flatten() {
            let path = entry.path();
            let source = if path.is_dir() { path.join("main.rs") } else { path.clone() };
            let is_rust = source.extension().is_some_and(|extension| extension == "rs");
            if is_rust && source.is_file() && !placed.contains(&source) {
                binaries.extend(path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned));
            }
        }
    }
    if binaries.len() <= 1 {
        let only = binaries.pop_first();
        return only.ok_or_else(|| Error::NoBinary { package: name.to_owned() });
    }
    let wanted = ["bootstrap", text(package, "default-run").unwrap_or(name), name];
    match wanted.iter().find(|wanted| binaries.contains(**wanted)) {
        Some(binary) => Ok((*binary).to_owned()),
        None => {
            Err(Error::ManyBinaries { package: name.to_owned(), binaries: binaries.into_iter().collect() })
        }
    }
}

/// Adds the folder of a crate and those of the path dependencies that its binary is made from. `[patch]` counts with the
/// workspace.
fn collect(
    dir: &Path,
    manifest: &Table,
    workspace: &Path,
    root: &Table,
    folders: &mut BTreeSet<PathBuf>,
) -> Result<()> {
    let dir = std::fs::canonicalize(dir).map_err(Error::io("read", dir))?;
    if !folders.insert(dir.clone()) {
        return Ok(());
    }
    let shared = root.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    let targets = manifest.get("target").and_then(Value::as_table);
    let platforms = targets.into_iter().flat_map(|targets| targets.values().filter_map(Value::as_table));
    let mut paths = Vec::new();
    for table in std::iter::once(manifest).chain(platforms) {
        for section in ["dependencies", "build-dependencies"] {
            for (name, dependency) in table.get(section).and_then(Value::as_table).into_iter().flatten() {
                let (base, dependency) = match dependency.get("workspace").and_then(Value::as_bool) {
                    Some(true) => (workspace, shared.and_then(|shared| shared.get(name))),
                    _ => (dir.as_path(), Some(dependency)),
                };
                paths.extend(path_of(base, dependency));
            }
        }
    }
    for source in root.get("patch").and_then(Value::as_table).into_iter().flat_map(Table::values) {
        for patch in source.as_table().into_iter().flat_map(Table::values) {
            paths.extend(path_of(workspace, Some(patch)));
        }
    }
    for path in paths {
        let file = path.join("Cargo.toml");
        // A dependency that is not there is cargo's to explain.
        if file.is_file() {
            collect(&path, &parse(&file)?, workspace, root, folders)?;
        }
    }
    Ok(())
}

fn path_of(base: &Path, dependency: Option<&Value>) -> Option<PathBuf> {
    Some(base.join(dependency?.get("path")?.as_str()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, files: &[(&str, &str)]) {
        for (path, text) in files {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }

    #[test]
    fn path_dependencies_are_found_through_the_workspace() {
        let root = tempfile::tempdir().unwrap();
        write(
            root.path(),
            &[
                (
                    "Cargo.toml",
                    "[workspace]\nmembers = [\"h\"]\n[workspace.dependencies]\nshared = { path = \"lib\" }\n",
                ),
                (
                    "h/Cargo.toml",
                    "[package]\nname = \"h\"\n[dependencies]\nshared.workspace = true\nserde = \"1\"\n[dev-dependencies]\nt = { path = \"../t\" }\n",
                ),
                ("h/src/main.rs", ""),
                (
                    "lib/Cargo.toml",
                    "[package]\nname = \"shared\"\n[target.'cfg(unix)'.dependencies]\ndeep = { path = \"deep\" }\n",
                ),
                (
                    "lib/deep/Cargo.toml",
                    "[package]\nname = \"deep\"\n[dependencies]\nshared = { path = \"..\" }\n",
                ),
                ("t/Cargo.toml", "[package]\nname = \"t\"\n"),
            ],
        );
        let root = root.path().canonicalize().unwrap();
        let found = Crate::open(&root.join("h")).unwrap();
        assert_eq!((found.binary.as_str(), &found.workspace), ("h", &root));
        let folders: Vec<_> = found.folders.iter().map(|f| f.strip_prefix(&root).unwrap()).collect();
        assert_eq!(folders, [Path::new("h"), Path::new("lib"), Path::new("lib/deep")]);
    }

    #[test]
    fn what_this_repositorys_handlers_share_counts_for_each() {
        let handlers = Path::new(env!("CARGO_MANIFEST_DIR")).join("handlers").canonicalize().unwrap();
        for handler in ["loader", "trainer"] {
            let found = Crate::open(&handlers.join(handler)).unwrap();
            assert_eq!(found.folders, BTreeSet::from([handlers.join("access"), handlers.join(handler)]));
        }
    }

    #[test]
    fn one_binary_is_chosen_or_the_choice_explained() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path();
        assert!(matches!(Crate::open(dir), Err(Error::NoManifest(_))));
        write(dir, &[("Cargo.toml", "[workspace]\n")]);
        assert!(matches!(Crate::open(dir), Err(Error::NoPackage(_))));
        write(dir, &[("Cargo.toml", "[package]\nname = \"h\"\n"), ("src/lib.rs", "")]);
        assert!(matches!(Crate::open(dir), Err(Error::NoBinary { .. })));
        write(dir, &[("src/bin/a.rs", "")]);
        assert_eq!(Crate::open(dir).unwrap().binary, "a");
        write(dir, &[("src/bin/b/main.rs", "")]);
        let error = Crate::open(dir).unwrap_err().to_string();
        assert!(error.contains("several binaries (a, b)"), "{error}");
        write(dir, &[("src/main.rs", "")]);
        assert_eq!(Crate::open(dir).unwrap().binary, "h");
        write(dir, &[("Cargo.toml", "[package]\nname = \"h\"\ndefault-run = \"b\"\n")]);
        assert_eq!(Crate::open(dir).unwrap().binary, "b");
        write(dir, &[("src/bin/bootstrap.rs", "")]);
        assert_eq!(Crate::open(dir).unwrap().binary, "bootstrap");
        write(dir, &[("Cargo.toml", "[package\n")]);
        assert!(matches!(Crate::open(dir), Err(Error::Manifest { .. })));
    }
}
