use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use nix::unistd::{Gid, Uid, User, chown, geteuid};
use tokio::process::Command;

use super::error::{Error, FileContext, Result};

/// Whom PostgreSQL runs as: us, or `postgres` where we are root.
#[derive(Debug, Clone)]
pub(super) struct Account {
    /// Set when it is not us.
    other: Option<(Uid, Gid)>,
}

impl Account {
    pub(super) fn choose() -> Result<Self> {
        if !geteuid().is_root() {
            return Ok(Self { other: None });
        }
        match User::from_name("postgres") {
            Ok(Some(user)) if !user.uid.is_root() => Ok(Self { other: Some((user.uid, user.gid)) }),
            _ => Err(Error::NoPostgresUser),
        }
    }

    pub(super) fn ours() -> Self {
        Self { other: None }
    }

    /// Makes `command` run as this account. (std drops the supplementary groups with the user.)
    pub(super) fn apply(&self, command: &mut Command) {
        if let Some((uid, gid)) = self.other {
            command.uid(uid.as_raw()).gid(gid.as_raw());
        }
    }

    /// Makes `folder`, the account's alone. Those above it stay ours, but can be passed through.
    pub(super) fn folder(&self, folder: &Path, top: &Path) -> Result<()> {
        fs::create_dir_all(folder).at("create", folder)?;
        if self.other.is_some() {
            for above in folder.ancestors().skip(1).take_while(|above| above.starts_with(top)) {
                fs::set_permissions(above, fs::Permissions::from_mode(0o711)).at("open", above)?;
            }
        }
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).at("protect", folder)?;
        self.own(folder)
    }

    pub(super) fn own(&self, path: &Path) -> Result<()> {
        match self.other {
            Some((uid, gid)) => {
                chown(path, Some(uid), Some(gid)).map_err(std::io::Error::from).at("give away", path)
            }
            None => Ok(()),
        }
    }
}

/// The name by which PostgreSQL's peer authentication knows us.
pub(super) fn our_name() -> String {
    User::from_uid(geteuid()).ok().flatten().map_or_else(|| geteuid().to_string(), |user| user.name)
}
