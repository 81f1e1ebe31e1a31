//! Where the states of this user's projects were last: for who has changed `state` in stack.toml, or has lost the file. A hint and
//! nothing more; nothing is decided by it.

use crate::limits;
use crate::state::{Document, write_atomically};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The state of one project on one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whereabouts {
    /// The folder of stack.toml.
    pub project: PathBuf,
    pub target: Option<String>,
    pub stack: String,
    /// As `state` in stack.toml says it.
    pub place: String,
    /// The file or the object.
    pub name: String,
    pub region: String,
    pub lineage: String,
}

/// Projects; the oldest go first.
const MOST: usize = 200;

impl Whereabouts {
    pub fn new(root: &Path, document: &Document, place: &str, name: &str) -> Self {
        Self {
            project: folder(root),
            target: document.reach.as_ref().and_then(|reach| reach.target.clone()),
            stack: document.stack.clone(),
            place: place.to_owned(),
            name: name.to_owned(),
            region: document.region.clone(),
            lineage: document.lineage.clone(),
        }
    }

    /// What was seen last of the same stack and target in the same folder.
    pub fn before(&self) -> Option<Self> {
        all().into_iter().find(|known| known.is_same(self))
    }

    /// Everything known of a folder, of that target if one is given.
    pub fn of(root: &Path, target: Option<&str>) -> Vec<Self> {
        let project = folder(root);
        let ours = |known: &Self| {
            known.project == project && target.is_none_or(|target| known.target.as_deref() == Some(target))
        };
        all().into_iter().filter(ours).collect()
    }

    /// That it cannot be kept is no reason to stop.
    pub fn keep(&self) {
        let mut known = all();
        if known.iter().any(|known| known == self) {
            return;
        }
        known.retain(|known| !known.is_same(self));
        known.push(self.clone());
        write(known);
    }

    /// The state is gone, with everything in it.
    pub fn forget(&self) {
        let mut known = all();
        known.retain(|known| !known.is_same(self));
        write(known);
    }

    fn is_same(&self, other: &Self) -> bool {
        (&self.project, &self.target, &self.stack) == (&other.project, &other.target, &other.stack)
    }
}

fn folder(root: &Path) -> PathBuf {
    let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
    root.canonicalize().unwrap_or_else(|_| root.to_owned())
}

fn path() -> Option<PathBuf> {
    let base = dirs::state_dir().or_else(dirs::data_local_dir)?;
    Some(base.join("stackctl").join("places.json"))
}

fn all() -> Vec<Whereabouts> {
    let bytes = path().and_then(|path| limits::read_file(&path, limits::RECORD).ok()).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

fn write(mut known: Vec<Whereabouts>) {
    known.drain(..known.len().saturating_sub(MOST));
    if let (Some(path), Ok(bytes)) = (path(), serde_json::to_vec_pretty(&known)) {
        let made = path.parent().map(std::fs::create_dir_all);
        if matches!(made, Some(Ok(()))) {
            let _ = write_atomically(&path, &bytes, None);
        }
    }
}
