use std::{
    fs,
    io::ErrorKind,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use nix::unistd::geteuid;
use sha2::{Digest, Sha256};

use super::error::{Error, FileContext, IoContext, Result};
use crate::folder::Folder;

/// `sun_path` holds 108 bytes on Linux and 104 on macOS, the closing zero included.
const SOCKET_PATH_MAX: usize = 103;
const LOCAL: &str = ".stackctl/local";
const SHARED: &str = "/var/lib/stackctl";
const LONGEST_SOCKET: &str = "/.s.PGSQL.65535";

/// Where everything of one project's local cloud lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    project: PathBuf,
    folder: PathBuf,
    program: Option<PathBuf>,
}

impl Layout {
    /// The local cloud of the project whose `stack.toml` is in `project`.
    pub fn new(project: impl AsRef<Path>) -> Self {
        let given = project.as_ref();
        let given = if given.as_os_str().is_empty() { Path::new(".") } else { given };
        let project = given
            .canonicalize()
            .or_else(|_| std::path::absolute(given))
            .unwrap_or_else(|_| given.to_path_buf());
        let folder = project.join(LOCAL);
        Self { project, folder, program: None }
    }

    /// Says which stackctl runs the supervisor, where the caller is another program.
    pub fn with_program(mut self, stackctl: impl Into<PathBuf>) -> Self {
        self.program = Some(stackctl.into());
        self
    }

    /// Ourselves, unless told otherwise.
    pub(super) fn program(&self) -> Result<PathBuf> {
        match &self.program {
            Some(program) => Ok(program.clone()),
            None => std::env::current_exe().doing("find the stackctl binary"),
        }
    }

    pub fn project(&self) -> &Path {
        &self.project
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn logs(&self) -> PathBuf {
        self.folder.join("logs")
    }

    pub fn log(&self, part: &str) -> PathBuf {
        self.logs().join(format!("{part}.log"))
    }

    pub fn control_socket(&self) -> PathBuf {
        self.socket_folder().join("control.sock")
    }

    /// The root certificate by which clients know the databases.
    pub fn ca(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    pub(super) fn ca_key(&self) -> PathBuf {
        self.folder.join("ca-key.pem")
    }

    pub(super) fn record(&self) -> PathBuf {
        self.folder.join("record.json")
    }

    pub(super) fn supervisor_lock(&self) -> PathBuf {
        self.folder.join("supervisor.lock")
    }

    pub(super) fn up_lock(&self) -> PathBuf {
        self.folder.join("up.lock")
    }

    pub(super) fn pids(&self) -> PathBuf {
        self.folder.join("pids")
    }

    pub(super) fn state(&self) -> PathBuf {
        self.folder.join("state")
    }

    pub(super) fn objects(&self) -> PathBuf {
        self.folder.join("objects")
    }

    /// MiniStack's temporary folder: it unpacks functions there. They do not run as root either.
    pub fn tmp(&self) -> PathBuf {
        match self.shared_folder() {
            Some(shared) => shared.join("functions"),
            None => self.folder.join("tmp"),
        }
    }

    /// Where MiniStack's part in our words lies.
    pub(super) fn gateway(&self) -> PathBuf {
        self.folder.join("gateway")
    }

    /// Where the data of the databases lie. PostgreSQL does not run as root, and the user that it runs as instead
    /// cannot reach into a folder that is root's alone: for root it is a folder in /var/lib.
    pub fn databases(&self) -> PathBuf {
        match self.shared_folder() {
            Some(shared) => shared.join("databases"),
            None => self.folder.join("databases"),
        }
    }

    /// Where sockets lie: beside the rest, unless that makes a path that is too long for a socket.
    pub fn socket_folder(&self) -> PathBuf {
        let near = self.folder.join("run");
        if near.as_os_str().len() + LONGEST_SOCKET.len() <= SOCKET_PATH_MAX {
            return near;
        }
        let name = format!("stackctl-{}-{}", geteuid(), self.digest());
        match std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from) {
            Some(folder) if folder.is_dir() && folder.as_os_str().len() + 60 <= SOCKET_PATH_MAX => {
                folder.join(name)
            }
            _ => Path::new("/tmp").join(name),
        }
    }

    /// Where the databases' sockets lie: with their data when they run as another user.
    pub(super) fn database_sockets(&self) -> PathBuf {
        match self.shared_folder() {
            Some(shared) => shared.join("run"),
            None => self.socket_folder(),
        }
    }

    /// The folder outside the project that root's databases and functions need.
    pub(super) fn shared_folder(&self) -> Option<PathBuf> {
        geteuid().is_root().then(|| Path::new(SHARED).join(self.digest()))
    }

    /// The uppermost folder that is this local cloud's, or its like's, alone.
    pub(super) fn top(&self) -> &Path {
        match self.shared_folder() {
            Some(_) => Path::new(SHARED),
            None => &self.folder,
        }
    }

    /// As its digest does, tells local clouds apart, but not always.
    pub(super) fn number(&self) -> u32 {
        u32::from_str_radix(&self.digest()[..8], 16).unwrap_or_default()
    }

    /// Tells the local clouds of one machine apart where their folders meet.
    fn digest(&self) -> String {
        hex::encode(&Sha256::digest(self.folder.as_os_str().as_encoded_bytes())[..6])
    }

    /// Makes its folders. None of them is a link, as a cloned repository may hold.
    pub(super) fn create(&self) -> Result<()> {
        let project = Folder::open(&self.project).at("open", &self.project)?;
        let folders = [self.folder.clone(), self.logs(), self.pids(), self.state(), self.objects()];
        let more = [self.gateway(), self.tmp(), self.databases()];
        for folder in folders.into_iter().chain(more) {
            // Those of root's databases and functions are not the project's.
            let Ok(below) = folder.strip_prefix(&self.project) else { continue };
            project.make(below, 0o700).at("create", &folder)?;
            private_folder(&folder)?;
        }
        if let Ok(below) = self.socket_folder().strip_prefix(&self.project) {
            project.make(below, 0o700).at("create", self.socket_folder())?;
        }
        private_folder(&self.socket_folder())
    }

    /// Whether it is there, and no link on the way leads to one of somebody else.
    pub(super) fn exists(&self) -> Result<bool> {
        let project = match Folder::open(&self.project) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            project => project.at("open", &self.project)?,
        };
        for below in [LOCAL, &format!("{LOCAL}/run"), &format!("{LOCAL}/logs")] {
            match project.enter(below) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                entered => drop(entered.at("open", self.project.join(below))?),
            }
        }
        Ok(self.folder.exists())
    }

    /// Removes every file of this local cloud, `.stackctl` too when nothing else is in it.
    pub(super) fn remove(&self) -> Result<()> {
        let folders = [Some(self.socket_folder()), self.shared_folder(), Some(self.folder.clone())];
        for folder in folders.into_iter().flatten() {
            match fs::remove_dir_all(&folder) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error).at("remove", folder),
                _ => {}
            }
        }
        for parent in [self.folder.parent(), self.shared_folder().as_deref().and_then(Path::parent)] {
            // Fails where something else lives there: then it stays.
            let _ = parent.map(fs::remove_dir);
        }
        Ok(())
    }
}

/// Makes `folder` with mode 0700, and refuses one that somebody else could have put there.
pub(super) fn private_folder(folder: &Path) -> Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).at("create", folder)?;
    let meta = fs::symlink_metadata(folder).at("look at", folder)?;
    if !meta.is_dir() || meta.uid() != geteuid().as_raw() {
        return Err(Error::NotOurs { folder: folder.to_path_buf() });
    }
    if meta.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).at("protect", folder)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_of_a_deep_project_lie_elsewhere() {
        let deep = Layout::new(format!("/{}", "deep/".repeat(30)));
        assert!(!deep.socket_folder().starts_with(deep.project()));
        assert!(deep.control_socket().as_os_str().len() <= SOCKET_PATH_MAX);
        let near = Layout::new("/p");
        assert!(near.socket_folder().starts_with("/p/.stackctl/local"));
    }

    #[test]
    fn private_folder_is_private() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/b");
        private_folder(&folder).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        let link = root.path().join("link");
        std::os::unix::fs::symlink(&folder, &link).unwrap();
        assert!(matches!(private_folder(&link), Err(Error::NotOurs { .. })));
    }
}
