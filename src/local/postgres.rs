use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::error::{Error, Result};

/// An installed PostgreSQL server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Installation {
    pub(super) major: u32,
    /// `15.8`
    pub(super) version: String,
    bin: PathBuf,
}

impl Installation {
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// Every server found, the newest first.
    pub(super) fn all() -> Vec<Self> {
        let mut found: Vec<Self> = folders().into_iter().filter_map(|bin| Self::at(&bin)).collect();
        found.sort_by(|a, b| b.cmp(a));
        found.dedup_by(|a, b| a.version == b.version);
        found
    }

    /// The one whose major version is that of `wanted` (`16`, `16.4`), else the newest.
    pub(super) fn choose(wanted: Option<&str>) -> Result<Self> {
        let all = Self::all();
        let major = wanted.and_then(|wanted| wanted.split('.').next()?.parse::<u32>().ok());
        let same = all.iter().find(|installation| Some(installation.major) == major);
        same.or(all.first()).cloned().ok_or(Error::NoPostgres { remedy: remedy() })
    }

    /// The one that can read data of `major`.
    pub(super) fn reading(identifier: &str, major: &str) -> Result<Self> {
        let all = Self::all();
        if all.is_empty() {
            return Err(Error::NoPostgres { remedy: remedy() });
        }
        let found =
            all.iter().map(|installation| installation.version.as_str()).collect::<Vec<_>>().join(", ");
        all.into_iter().find(|installation| installation.major.to_string() == major).ok_or_else(|| {
            Error::PostgresVersion { identifier: identifier.to_owned(), data: major.to_owned(), found }
        })
    }

    fn at(bin: &Path) -> Option<Self> {
        let output = Command::new(bin.join("postgres")).arg("--version").output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        // postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)
        let version = text.split_whitespace().nth(2)?.to_owned();
        let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
        let (major, initdb) = (digits.parse().ok()?, bin.join("initdb"));
        initdb.exists().then(|| Self { major, version, bin: bin.to_path_buf() })
    }
}

/// Where servers are put: PATH, the places of the distributions, Homebrew, Postgres.app.
fn folders() -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::new();
    let mut add = |bin: PathBuf| {
        // Distributions link single programs into PATH; the folder behind the link has them all.
        if let Some(bin) = bin.join("postgres").canonicalize().ok().as_deref().and_then(Path::parent) {
            folders.insert(bin.to_path_buf());
        }
    };
    for folder in std::env::var_os("PATH").iter().flat_map(std::env::split_paths) {
        add(folder);
    }
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        add(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    for (parent, below) in [
        ("/usr/lib/postgresql", "bin"),
        ("/usr", "bin"),
        ("/usr/local", "bin"),
        ("/opt/homebrew/opt", "bin"),
        ("/usr/local/opt", "bin"),
        ("/Applications/Postgres.app/Contents/Versions", "bin"),
    ] {
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if parent.ends_with("postgresql") || parent.contains("Postgres.app") || name.starts_with("p") {
                add(entry.path().join(below));
            }
        }
    }
    folders
}

fn remedy() -> &'static str {
    if cfg!(target_os = "macos") {
        "brew install postgresql@17"
    } else {
        "apt install postgresql (Debian, Ubuntu), dnf install postgresql-server (Fedora, RHEL), pacman -S postgresql (Arch)"
    }
}
