use super::file::{open, write_anew, write_atomically};
use crate::limits;
use hmac::{Hmac, Mac};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What digests of secrets came to, so that the next plan need not compute them anew.
///
/// An answer is kept under an HMAC of what was asked, with a key that only this machine has. Who has both the answers and the key
/// can try secrets fast; they lie in different folders of the user's home, where the credentials that open the secrets are as
/// well. Without the key the answers say nothing.
#[derive(Debug)]
pub struct Memo {
    key: [u8; 32],
    answers: Mutex<IndexMap<String, String>>,
    computed: AtomicUsize,
    /// Where the answers are kept; none in memory only.
    path: Option<PathBuf>,
}

/// The file.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    format: u32,
    digests: IndexMap<String, String>,
    /// Of the digests: a damaged answer would be a change that is none.
    mac: String,
}

const FORMAT: u32 = 1;
/// Answers; the oldest go first.
const MOST: usize = 1000;

impl Default for Memo {
    fn default() -> Self {
        Self { key: rand::random(), answers: Mutex::default(), computed: AtomicUsize::new(0), path: None }
    }
}

impl Memo {
    /// With what this user's commands have computed before. Where nothing can be kept, nothing is.
    pub fn of_user() -> Self {
        let (Some(cache), Some(data)) = (dirs::cache_dir(), dirs::state_dir().or_else(dirs::data_local_dir))
        else {
            return Self::default();
        };
        let (path, key) =
            (cache.join("stackctl").join("digests.json"), data.join("stackctl").join("digests.key"));
        Self::at(&path, &key).unwrap_or_default()
    }

    /// The answers and the key that they are kept under, which is made where it is missing.
    pub fn at(path: &Path, key: &Path) -> io::Result<Self> {
        for folder in [path.parent(), key.parent()].into_iter().flatten() {
            std::fs::create_dir_all(folder)?;
        }
        let key = match read(key) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let new: [u8; 32] = rand::random();
                // Somebody may have been faster.
                let _ = write_anew(key, &new);
                read(key)?
            }
            found => found?,
        };
        let key = <[u8; 32]>::try_from(key).map_err(|_| io::Error::other("it is no key"))?;
        let kept: Kept =
            read(path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        let whole = kept.format == FORMAT && kept.mac == mac(&key, &listed(&kept.digests));
        let answers = if whole { kept.digests } else { IndexMap::new() };
        Ok(Self {
            key,
            answers: Mutex::new(answers),
            computed: AtomicUsize::new(0),
            path: Some(path.to_owned()),
        })
    }

    /// The answer, from before or as `compute` finds it.
    pub(super) fn get(&self, asked: &[u8], compute: impl FnOnce() -> [u8; 32]) -> [u8; 32] {
        let name = mac(&self.key, asked);
        let mut known = [0; 32];
        let before =
            self.answers().get(&name).is_some_and(|text| hex::decode_to_slice(text, &mut known).is_ok());
        if before {
            return known;
        }
        let computed = compute();
        self.computed.fetch_add(1, Ordering::Relaxed);
        self.answers().insert(name, hex::encode(computed));
        computed
    }

    /// How many this process had to compute.
    pub fn computed(&self) -> usize {
        self.computed.load(Ordering::Relaxed)
    }

    /// Keeps what was computed for the next command. That it cannot be kept is no reason to stop.
    pub fn keep(&self) {
        let Some(path) = self.path.as_deref().filter(|_| self.computed() > 0) else { return };
        let mut digests = self.answers().clone();
        let old = digests.len().saturating_sub(MOST);
        digests.drain(..old);
        if let Ok(bytes) =
            serde_json::to_vec(&Kept { format: FORMAT, mac: mac(&self.key, &listed(&digests)), digests })
        {
            // A file of 0600, as temporary files are.
            let _ = write_atomically(path, &bytes, None);
        }
    }

    fn answers(&self) -> MutexGuard<'_, IndexMap<String, String>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn mac(key: &[u8; 32], of: &[u8]) -> String {
    // A key of any length will do, so this does not fail.
    let mac = Hmac::<Sha256>::new_from_slice(key).map(|mac| mac.chain_update(of).finalize().into_bytes());
    mac.map(hex::encode).unwrap_or_default()
}

fn listed(digests: &IndexMap<String, String>) -> Vec<u8> {
    digests.iter().flat_map(|(name, answer)| format!("{name}={answer};").into_bytes()).collect()
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    limits::read_open(open(path)?, limits::RECORD)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_next_command_knows_it_and_nobody_else_can() {
        let folder = tempfile::tempdir().unwrap();
        let (path, key) = (folder.path().join("cache/digests.json"), folder.path().join("state/digests.key"));
        let first = Memo::at(&path, &key).unwrap();
        assert_eq!(first.get(b"123456", || [7; 32]), [7; 32]);
        first.keep();
        let next = Memo::at(&path, &key).unwrap();
        assert_eq!(next.get(b"123456", || panic!("it was known")), [7; 32]);
        assert_eq!((first.computed(), next.computed()), (1, 0));
        for file in [&path, &key] {
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
        }
        // On another machine the file says nothing.
        let elsewhere = Memo::at(&path, &folder.path().join("other/digests.key")).unwrap();
        assert_eq!(elsewhere.get(b"123456", || [8; 32]), [8; 32]);
        // A damaged one is as none.
        let whole = std::fs::read_to_string(&path).unwrap();
        for damaged in ["{", &whole.replace("0707", "0607")] {
            std::fs::write(&path, damaged).unwrap();
            assert_eq!(Memo::at(&path, &key).unwrap().get(b"123456", || [9; 32]), [9; 32]);
        }
    }
}
