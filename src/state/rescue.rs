use super::file::{folder, write_anew};
use super::{Cipher, Document, Files};
use crate::limits;
use std::io;
use std::path::{Path, PathBuf};

/// States that runs have saved elsewhere, because their place was taken from them.
///
/// They lie beside the folder of the state (`demo.local.rescued-20260131T120000Z.json`), or where that cannot be written in
/// the user's own folder for states of programs.
pub(super) struct Rescue<'a> {
    files: &'a Files,
}

const MARK: &str = ".rescued-";
/// Of those that nobody waits for any more.
const SETTLED: &str = ".settled-";

impl<'a> Rescue<'a> {
    pub fn of(files: &'a Files) -> Self {
        Self { files }
    }

    /// Writes it to the first place that takes it, encrypted as the state would be, for nobody else to read.
    ///
    /// # Errors
    /// No place takes it.
    pub fn save(&self, cipher: &Cipher, document: &Document) -> io::Result<PathBuf> {
        let bytes = cipher.write(document)?;
        let stamp = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let mut failed = io::Error::other("there is no place for it");
        for folder in self.folders() {
            if let Some(own) = own_folder().filter(|own| *own == folder)
                && let Err(error) = std::fs::create_dir_all(own)
            {
                failed = error;
                continue;
            }
            for number in 0..100 {
                let number = if number == 0 { String::new() } else { format!("-{number}") };
                let path = folder.join(format!("{}{stamp}{number}.json", self.prefix()));
                match write_anew(&path, &bytes) {
                    Ok(()) => return Ok(path),
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    Err(error) => {
                        failed = error;
                        break;
                    }
                }
            }
        }
        Err(failed)
    }

    /// One that knows more than the state that is there.
    pub fn newer_than(&self, cipher: &Cipher, there: Option<&Document>) -> Option<PathBuf> {
        self.all().into_iter().find(|path| {
            let rescued =
                limits::read_file(path, limits::STATE).ok().and_then(|bytes| cipher.read(&bytes).ok());
            rescued.is_some_and(|rescued| match there {
                None => rescued.stack == self.files.stack(),
                Some(there) => rescued.lineage == there.lineage && rescued.serial > there.serial,
            })
        })
    }

    /// Those of this state that verify, the newest first: of these lineages, or beside its folder. In the user's own folder there
    /// may be some of another project whose stack has the same name.
    pub fn of_this(&self, cipher: &Cipher, lineages: &[&str]) -> Vec<(PathBuf, Document)> {
        let read = |path: PathBuf| {
            let bytes = limits::read_file(&path, limits::STATE).ok()?;
            let document = cipher.read(&bytes).ok()?;
            let is_ours = lineages.contains(&document.lineage.as_str()) || self.is_beside(&path);
            (document.stack == self.files.stack() && is_ours).then_some((path, document))
        };
        self.all().into_iter().filter_map(read).collect()
    }

    fn is_beside(&self, path: &Path) -> bool {
        own_folder().is_none_or(|own| path.parent() != Some(&own))
    }

    /// Once there is a state that says as much, or that was rebuilt without it, it waits for nobody any more: it gets another
    /// name, under which no command asks for it.
    pub fn settle_one(&self, path: &Path) -> Option<PathBuf> {
        let to = path.with_file_name(path.file_name()?.to_str()?.replacen(MARK, SETTLED, 1));
        (!to.exists() && std::fs::rename(path, &to).is_ok()).then_some(to)
    }

    /// Whether that is such a file: once it is taken in, nobody needs it.
    pub fn is_one(&self, path: &Path) -> bool {
        let same = |known: &PathBuf| {
            known.canonicalize().is_ok_and(|known| path.canonicalize().is_ok_and(|path| path == known))
        };
        self.all().iter().any(same)
    }

    fn all(&self) -> Vec<PathBuf> {
        let ours = |at: &Path| {
            let entries = std::fs::read_dir(folder(&at.join(MARK))).into_iter().flatten().flatten();
            let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
            let ours = names.filter(|name| name.starts_with(&self.prefix()));
            ours.map(|name| at.join(name)).collect::<Vec<PathBuf>>()
        };
        let mut found: Vec<PathBuf> = self.folders().iter().flat_map(|at| ours(at)).collect();
        found.sort();
        found.reverse();
        found
    }

    fn folders(&self) -> Vec<PathBuf> {
        // Beside the folder and not in it: that is what may be gone.
        let beside = folder(folder(self.files.path())).to_owned();
        let beside = if beside == Path::new(".") { PathBuf::new() } else { beside };
        [Some(beside), own_folder()].into_iter().flatten().collect()
    }

    fn prefix(&self) -> String {
        let name = self.files.path().file_stem().unwrap_or_default().to_string_lossy();
        format!("{name}{MARK}")
    }
}

/// `~/.local/state/stackctl/rescued`.
fn own_folder() -> Option<PathBuf> {
    let base = dirs::state_dir().or_else(dirs::data_local_dir)?;
    Some(base.join("stackctl").join("rescued"))
}
