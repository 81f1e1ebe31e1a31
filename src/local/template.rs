use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::{
    account::Account,
    error::{FileContext, IoContext, Result},
    layout::private_folder,
    postgres::Installation,
    venv,
};

/// What `initdb` makes, kept to be copied: it takes seconds, most of them for fsync, and makes the same every time.
///
/// A copy is not synced. If the machine itself goes down within seconds of a database's creation, that database is
/// made anew with `stackctl local down --purge`.
#[derive(Debug)]
pub(super) struct Template {
    folder: PathBuf,
}

impl Template {
    /// Of one version of the server and one locale.
    pub(super) fn of(installation: &Installation, locale: &str, admin: &str) -> Self {
        let program = installation.program("initdb");
        let key = Sha256::new()
            .chain_update(program.as_os_str().as_encoded_bytes())
            .chain_update([0])
            .chain_update(locale)
            .chain_update([0])
            .chain_update(admin)
            .finalize();
        let name = format!("initdb-{}-{}", installation.version, hex::encode(&key[..4]));
        Self { folder: venv::cache().join(name) }
    }

    /// Fills `data`, which is empty; false if nothing has been kept yet.
    pub(super) async fn copy_to(&self, data: &Path, account: &Account) -> Result<bool> {
        if !self.folder.join("PG_VERSION").exists() {
            return Ok(false);
        }
        let (from, to, account) = (self.folder.clone(), data.to_owned(), account.clone());
        // A thousand files: on a busy disk they would keep the supervisor from answering.
        let copied = tokio::task::spawn_blocking(move || copy(&from, &to, &account));
        copied.await.map_err(std::io::Error::from).doing("copy a database")??;
        Ok(true)
    }

    /// Keeps what `initdb` has just made in `data`. It is complete when it has its name: one that was killed half way,
    /// or that a power cut has emptied, is never taken for a good one. To do without is no harm.
    pub(super) fn keep(&self, data: &Path) {
        let Some(half) = half(data) else { return };
        let folder = self.folder.clone();
        tokio::task::spawn_blocking(move || {
            if sync(half.path()).is_ok() && fs::rename(half.path(), &folder).is_ok() {
                let _ = half.keep();
            }
        });
    }
}

fn half(data: &Path) -> Option<tempfile::TempDir> {
    let cache = venv::cache();
    private_folder(&cache).ok()?;
    let half = tempfile::Builder::new().prefix("initdb-").suffix(".half").tempdir_in(cache).ok()?;
    copy(data, half.path(), &Account::ours()).ok()?;
    Some(half)
}

/// Contents and modes; all of it belongs to `account` then.
fn copy(from: &Path, to: &Path, account: &Account) -> Result<()> {
    for entry in fs::read_dir(from).at("read", from)? {
        let entry = entry.at("read", from)?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        let meta = entry.metadata().at("look at", &from)?;
        if meta.is_dir() {
            fs::create_dir(&to).at("create", &to)?;
            fs::set_permissions(&to, meta.permissions()).at("protect", &to)?;
            copy(&from, &to, account)?;
        } else {
            fs::copy(&from, &to).at("write", &to)?;
        }
        account.own(&to)?;
    }
    Ok(())
}

fn sync(folder: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sync(&path)?;
        } else {
            File::open(&path)?.sync_all()?;
        }
    }
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_copy_has_everything() {
        let root = tempfile::tempdir().unwrap();
        let (from, to) = (root.path().join("from"), root.path().join("to"));
        fs::create_dir_all(from.join("base/1")).unwrap();
        fs::create_dir(&to).unwrap();
        fs::write(from.join("base/1/112"), "page").unwrap();
        fs::write(from.join("PG_VERSION"), "15\n").unwrap();
        copy(&from, &to, &Account::ours()).unwrap();
        assert_eq!(fs::read_to_string(to.join("base/1/112")).unwrap(), "page");
        let template = Template { folder: from };
        assert!(!Template { folder: root.path().join("none") }.copy_to(&to, &Account::ours()).await.unwrap());
        fs::remove_dir_all(&to).unwrap();
        fs::create_dir(&to).unwrap();
        assert!(template.copy_to(&to, &Account::ours()).await.unwrap());
        assert!(to.join("PG_VERSION").exists());
    }
}
