use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use nix::unistd::{Gid, Group, Uid, User, chown, geteuid};

use super::{
    error::{Error, FileContext, Result},
    layout::Layout,
    record::RecordFile,
};
use crate::folder::Folder;

/// Numbers that no distribution gives to people or services for good (systemd's for services that come and go).
const FROM: u32 = 61_184;
const TO: u32 = 65_519;

/// Whom functions run as: us, or a number that is nobody's where we are root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Workers {
    pub(super) account: Option<u32>,
    /// Where their code is unpacked.
    pub(super) code: PathBuf,
}

impl Workers {
    /// The number stays the same as long as the local cloud does.
    pub(super) fn choose(layout: &Layout, record: &RecordFile) -> Result<Self> {
        let code = layout.tmp();
        if !geteuid().is_root() {
            return Ok(Self { account: None, code });
        }
        let known = record.get().workers.filter(|number| is_nobodys(*number));
        let account = match known {
            Some(number) => number,
            None => {
                let first = layout.number() % (TO - FROM + 1);
                let number = (0..=TO - FROM).map(|step| FROM + (first + step) % (TO - FROM + 1));
                let number = number.into_iter().find(|number| is_nobodys(*number));
                number.ok_or(Error::NoWorkers { from: FROM, to: TO })?
            }
        };
        record.change(|record| record.workers = Some(account))?;
        Ok(Self { account: Some(account), code })
    }

    /// Makes their folders: one that they read the code from, and one of their own.
    pub(super) fn furnish(&self, top: &Path) -> Result<()> {
        let home = self.home();
        fs::create_dir_all(&self.code).at("create", &self.code)?;
        let made = Folder::open(&self.code).and_then(|code| code.make("home/tmp", 0o700));
        made.at("create", &home)?;
        let Some(account) = self.account else { return Ok(()) };
        let (user, group) = (Uid::from_raw(account), Gid::from_raw(account));
        let give = |folder: &Path, user: Option<Uid>| {
            chown(folder, user, Some(group)).map_err(std::io::Error::from).at("give away", folder)
        };
        for above in self.code.ancestors().skip(1).take_while(|above| above.starts_with(top)) {
            fs::set_permissions(above, fs::Permissions::from_mode(0o711)).at("open", above)?;
        }
        give(&self.code, None)?;
        fs::set_permissions(&self.code, fs::Permissions::from_mode(0o710)).at("protect", &self.code)?;
        give(&home, Some(user))?;
        give(&home.join("tmp"), Some(user))
    }

    /// `HOME` of each of them, and what they may write.
    pub(super) fn home(&self) -> PathBuf {
        self.code.join("home")
    }
}

fn is_nobodys(number: u32) -> bool {
    let user = User::from_uid(Uid::from_raw(number)).ok().flatten();
    let group = Group::from_gid(Gid::from_raw(number)).ok().flatten();
    (FROM..=TO).contains(&number) && user.is_none() && group.is_none() && is_mapped(number)
}

/// In a container that has no more than a few users, only these can be taken on.
fn is_mapped(number: u32) -> bool {
    let Ok(map) = fs::read_to_string("/proc/self/uid_map") else { return true };
    map.lines().any(|line| {
        let mut fields = line.split_whitespace().map(|field| field.parse::<u64>().unwrap_or_default());
        let (first, _, count) = (fields.next(), fields.next(), fields.next());
        let (first, count) = (first.unwrap_or_default(), count.unwrap_or_default());
        (first..first + count).contains(&u64::from(number))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_and_those_who_have_a_name_are_somebody() {
        assert!(!is_nobodys(0) && !is_nobodys(65_534));
        let project = tempfile::tempdir().unwrap();
        let layout = Layout::new(project.path());
        let record = RecordFile::open(project.path().join("record.json")).unwrap();
        let workers = Workers::choose(&layout, &record).unwrap();
        assert_eq!(workers.account.is_some(), geteuid().is_root());
        assert_eq!(Workers::choose(&layout, &record).unwrap(), workers);
    }
}
