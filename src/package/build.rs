use super::artifact::{Artifact, suits};
use super::fingerprint::fingerprint;
use super::manifest::Crate;
use super::record::{self, Record, replace};
use super::{Architecture, Error, Executable, Result, archive, cargo};
use crate::folder;
use crate::limits::{self, UNPACKED, UPLOAD};
use sha2::{Digest, Sha256};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// A crate to package.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The folder of stack.toml. The zip goes to `.stackctl/package/` in it.
    pub project_dir: &'a Path,
    /// The folder of the crate, relative to `project_dir`.
    pub source: &'a str,
    /// The runtime of the function, which decides the glibc.
    pub runtime: &'a str,
    /// The processor of the function; none to take what the build yields.
    pub architecture: Option<Architecture>,
    /// The function will run on this machine: what only AWS lacks is a warning.
    pub local: bool,
    /// Overrides where cargo builds; otherwise its own settings decide, `CARGO_TARGET_DIR` among them.
    pub target_dir: Option<&'a Path>,
    /// The cargo to run; otherwise the one in the path. (`CARGO` is that of an outer cargo, and no word of the user.)
    pub cargo: Option<&'a Path>,
    /// Takes what was built before, and runs nothing.
    pub no_build: bool,
}

impl<'a> Request<'a> {
    /// For `provided.al2023` on AWS, with the user's own cargo.
    pub fn new(project_dir: &'a Path, source: &'a str) -> Self {
        Self {
            project_dir,
            source,
            runtime: "provided.al2023",
            architecture: None,
            local: false,
            target_dir: None,
            cargo: None,
            no_build: false,
        }
    }
}

/// What a build says on its way. Nothing at all when the sources did not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// Another stackctl builds the same crate.
    Waiting,
    /// cargo starts, on the package of this name.
    Started(&'a str),
    /// A line of cargo's.
    Cargo(&'a str),
}

/// Whether there is a crate that can become a handler. Runs nothing.
pub fn look(project_dir: &Path, source: &str) -> Result<()> {
    let dir = project_dir.join(source);
    let dir = std::fs::canonicalize(&dir).map_err(|_| Error::NoManifest(dir))?;
    Crate::open(&dir).map(|_| ())
}

/// Builds, checks and zips a crate, or finds that the zip is there already. Blocks.
pub fn build(request: &Request<'_>, progress: &mut dyn FnMut(Progress<'_>)) -> Result<Artifact> {
    let dir = request.project_dir.join(request.source);
    // cargo and the fingerprint see one and the same path, whichever folder stackctl was started in.
    let dir = std::fs::canonicalize(&dir).map_err(|_| Error::NoManifest(dir))?;
    let source = Crate::open(&dir)?;
    let place = Place::of(request, &source)?;
    let before = fingerprint(&source)?;
    let record = match Record::load(&place.record, &place.zip, &before) {
        Some(record) => record,
        None if request.no_build => return Err(Error::NotBuilt { package: source.package, dir }),
        None => {
            let _lock = place.lock(progress)?;
            match Record::load(&place.record, &place.zip, &before) {
                Some(record) => record,
                None => make(request, &source, &place, before, progress)?,
            }
        }
    };
    let what = format!("the binary {}", source.binary);
    let warnings = suits(&what, &record.executable, request.runtime, request.architecture, !request.local)?;
    if record.bytes > UPLOAD {
        return Err(Error::TooLarge { path: place.zip, bytes: record.bytes });
    }
    Ok(Artifact {
        zip: place.zip,
        code_sha256: record.code_sha256,
        architecture: Some(record.executable.architecture),
        warnings,
    })
}

fn make(
    request: &Request<'_>,
    source: &Crate,
    place: &Place,
    before: String,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Record> {
    let cargo = request.cargo.unwrap_or(Path::new("cargo"));
    progress(Progress::Started(&source.package));
    let mut line = |line: &str| progress(Progress::Cargo(line));
    let path = cargo::build(cargo, source, request.target_dir, &mut line)?;
    let bytes = limits::read_file(&path, UNPACKED).map_err(Error::io("read", &path))?;
    let executable = Executable::parse(&bytes).map_err(|reason| Error::NotLinux {
        what: path.display().to_string(),
        reason,
        wanted: request.architecture.unwrap_or(Architecture::X86_64),
    })?;
    let zip = archive::pack(&bytes).map_err(Error::io("write", &place.zip))?;
    replace(&place.zip, &zip)?;
    let record = Record {
        fingerprint: before,
        code_sha256: archive::sha256(&zip),
        bytes: zip.len() as u64,
        executable,
    };
    // Sources that changed while cargo ran may or may not be in the binary: without a record the next run builds again.
    if fingerprint(source)? == record.fingerprint {
        record.save(&place.record)?;
    }
    Ok(record)
}

/// The files of one package.
struct Place {
    zip: PathBuf,
    record: PathBuf,
    lock: PathBuf,
}

impl Place {
    fn of(request: &Request<'_>, source: &Crate) -> Result<Self> {
        let folder = record::folder(request.project_dir)?;
        // Two folders may hold packages of one name.
        let hash = hex::encode(&Sha256::digest(request.source.trim_end_matches('/'))[..4]);
        let file = |extension: &str| folder.join(format!("{}-{hash}.{extension}", source.package));
        Ok(Self { zip: file("zip"), record: file("json"), lock: file("lock") })
    }

    /// Dies with the process.
    fn lock(&self, progress: &mut dyn FnMut(Progress<'_>)) -> Result<File> {
        let file = folder::beside(&self.lock).and_then(|(folder, name)| folder.keep(name, 0o600));
        let file = file.map_err(Error::io("open", &self.lock))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                progress(Progress::Waiting);
                file.lock().map_err(Error::io("lock", &self.lock))?;
            }
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", &self.lock)(error)),
        }
        Ok(file)
    }
}
