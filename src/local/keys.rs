use crate::limits;
use std::{fmt, fs, io::ErrorKind, path::Path};

use hmac::{Hmac, Mac};
use rand::{Rng, RngCore};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::{
    error::{FileContext, Result},
    layout::private_folder,
    venv,
};
use crate::folder::Folder;

/// As in keys of AWS: capital letters and digits. Twelve digits would name an account.
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const OWNER: &str = "owner.key";

/// The access key of one local cloud. Who has it, has all of that cloud.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    pub id: String,
    pub secret: String,
    /// Made with a key of this user on this machine.
    seal: String,
}

impl Keys {
    /// New ones: nobody has them yet.
    pub(super) fn make() -> Result<Self> {
        let mut random = rand::rng();
        let letters: String =
            (0..16).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())])).collect();
        let id = format!("AKIA{letters}");
        let mut secret = [0; 20];
        random.fill_bytes(&mut secret);
        let secret = hex::encode(secret);
        let seal = seal(&owner(&venv::cache())?, &id, &secret);
        Ok(Self { id, secret, seal })
    }

    /// Made by this user on this machine: a repository may bring a record along, with keys that its author knows.
    pub(super) fn are_ours(&self) -> Result<bool> {
        Ok(self.seal == seal(&owner(&venv::cache())?, &self.id, &self.secret))
    }

    /// What only the gateway can say of `text` to somebody who has asked with `nonce`.
    pub(super) fn proof(&self, nonce: &str, text: &str) -> String {
        authenticate(self.secret.as_bytes(), &[nonce, "\n", text])
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({}, …)", self.id)
    }
}

fn seal(owner: &str, id: &str, secret: &str) -> String {
    authenticate(owner.as_bytes(), &[id, "\n", secret])
}

fn authenticate(key: &[u8], parts: &[&str]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    parts.iter().for_each(|part| mac.update(part.as_bytes()));
    hex::encode(mac.finalize().into_bytes())
}

/// This user's own key, made when it is first needed.
fn owner(cache: &Path) -> Result<String> {
    private_folder(cache)?;
    let path = cache.join(OWNER);
    loop {
        match limits::read_file(&path, limits::RECORD).and_then(limits::text) {
            Ok(key) if key.len() == 64 => return Ok(key),
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error).at("read", path),
            _ => {}
        }
        let mut key = [0; 32];
        rand::rng().fill_bytes(&mut key);
        let folder = Folder::open(cache).at("open", cache)?;
        // Whoever is quicker has made it: what counts is what is there afterwards.
        let half = format!("{OWNER}.{}", uuid::Uuid::new_v4().simple());
        folder.write(&half, hex::encode(key).as_bytes(), 0o600).at("write", &path)?;
        let linked = fs::hard_link(cache.join(&half), &path);
        folder.remove(&half).at("remove", &path)?;
        match linked {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                // A broken one: nothing that it has sealed is ours any more.
                if fs::metadata(&path).is_ok_and(|meta| meta.len() != 64) {
                    folder.remove(OWNER).at("remove", &path)?;
                }
            }
            linked => linked.at("write", &path)?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn keys_of_somebody_else_are_not_ours() {
        let keys = Keys::make().unwrap();
        assert!(keys.are_ours().unwrap());
        assert_ne!(keys, Keys::make().unwrap());
        let planted = Keys { secret: "known".into(), ..keys.clone() };
        assert!(!planted.are_ours().unwrap());
        assert!(!format!("{keys:?}").contains(&keys.secret));
        assert_eq!((keys.id.len(), keys.secret.len()), (20, 40));
    }

    #[test]
    fn the_owner_has_one_key_however_many_ask_at_once() {
        let cache = tempfile::tempdir().unwrap();
        let ask = || owner(cache.path()).unwrap();
        let all: Vec<String> = std::thread::scope(|scope| {
            let asking: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            asking.into_iter().map(|asked| asked.join().unwrap()).collect()
        });
        assert!(all.iter().all(|key| *key == all[0] && key.len() == 64));
        let path = cache.path().join(OWNER);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, "cut").unwrap();
        assert_ne!(ask(), all[0]);
        assert_eq!(fs::read_dir(cache.path()).unwrap().count(), 1);
    }
}
