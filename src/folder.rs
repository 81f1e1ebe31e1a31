//! Folders in which no link is followed.
//!
//! A cloned repository may hold links: a file that is made by its path would then be made wherever the link's author
//! wants. So what is made below a project's folder is made step by step, each step in a folder that is held open.

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat, renameat};
use nix::sys::stat::{Mode, mkdirat};
use nix::unistd::{UnlinkatFlags, unlinkat};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

/// A folder, held open: what is made in it is made there, whatever is renamed or linked meanwhile.
#[derive(Debug)]
pub struct Folder {
    fd: OwnedFd,
    path: PathBuf,
}

impl Folder {
    /// The one at `path`, which is the user's own word: links on the way there are followed.
    ///
    /// # Errors
    /// It is not there, or not a folder.
    pub fn open(path: &Path) -> io::Result<Self> {
        let path = or_current(path);
        Ok(Self { fd: File::open(path)?.into(), path: path.to_owned() })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder `below` this one: names only, neither absolute nor with `..`.
    ///
    /// # Errors
    /// It is not there ([`io::ErrorKind::NotFound`]), or a part of the way is a link or a file.
    pub fn enter(&self, below: impl AsRef<Path>) -> io::Result<Self> {
        self.walk(below.as_ref(), None)
    }

    /// As [`enter`](Self::enter), and makes what is missing with `mode`.
    ///
    /// # Errors
    /// A part of the way is a link or a file, or cannot be made.
    pub fn make(&self, below: impl AsRef<Path>, mode: u32) -> io::Result<Self> {
        self.walk(below.as_ref(), Some(mode))
    }

    fn walk(&self, below: &Path, missing: Option<u32>) -> io::Result<Self> {
        let mut here = Self { fd: self.fd.try_clone()?, path: self.path.clone() };
        for step in below.components() {
            let name = match step {
                Component::CurDir => continue,
                Component::Normal(name) => Path::new(name),
                _ => return Err(io::Error::new(io::ErrorKind::InvalidInput, "leads out of the folder")),
            };
            let path = here.path.join(name);
            let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
            let open = || openat(&here.fd, name, flags, Mode::empty());
            let opened = match (open(), missing) {
                (Err(Errno::ENOENT), Some(mode)) => {
                    match mkdirat(&here.fd, name, Mode::from_bits_truncate(mode)) {
                        // Somebody else may have been quicker.
                        Ok(()) | Err(Errno::EEXIST) => open(),
                        Err(error) => Err(error),
                    }
                }
                (opened, _) => opened,
            };
            let fd = opened.map_err(|error| explained(error, &path))?;
            here = Self { fd, path };
        }
        Ok(here)
    }

    /// Gives the file `name` this content at once: nobody sees half of it, and what was there, a link included, is
    /// replaced.
    ///
    /// # Errors
    /// The folder takes no file, or there is a folder of that name.
    pub fn write(&self, name: &str, content: &[u8], mode: u32) -> io::Result<()> {
        let half = format!(".{name}.{}", uuid::Uuid::new_v4().simple());
        let written = self.create(&half, mode).and_then(|mut file| {
            file.write_all(content)?;
            file.sync_all()?;
            Ok(renameat(&self.fd, half.as_str(), &self.fd, name)?)
        });
        if written.is_err() {
            let _ = unlinkat(&self.fd, half.as_str(), UnlinkatFlags::NoRemoveDir);
        }
        written
    }

    /// A new file, for writing.
    ///
    /// # Errors
    /// There is something of that name ([`io::ErrorKind::AlreadyExists`]), were it a link to nowhere.
    pub fn create(&self, name: &str, mode: u32) -> io::Result<File> {
        self.open_file(name, OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL, mode)
    }

    /// The file `name` as it is, made if it is missing, for reading and writing: for locks.
    ///
    /// # Errors
    /// It is a link or a folder, or cannot be made.
    pub fn keep(&self, name: &str, mode: u32) -> io::Result<File> {
        self.open_file(name, OFlag::O_RDWR | OFlag::O_CREAT, mode)
    }

    /// The file `name`, made if it is missing, for writing at its end: for logs.
    ///
    /// # Errors
    /// It is a link or a folder, or cannot be made.
    pub fn append(&self, name: &str, mode: u32) -> io::Result<File> {
        self.open_file(name, OFlag::O_WRONLY | OFlag::O_APPEND | OFlag::O_CREAT, mode)
    }

    /// The file `name`, for reading.
    ///
    /// # Errors
    /// It is not there ([`io::ErrorKind::NotFound`]), or it is a link.
    pub fn read(&self, name: &str) -> io::Result<File> {
        self.open_file(name, OFlag::O_RDONLY, 0)
    }

    /// Takes the file, or link, `name` away. Nothing there is fine.
    ///
    /// # Errors
    /// It is a folder, or the folder does not let it go.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        match unlinkat(&self.fd, name, UnlinkatFlags::NoRemoveDir) {
            Ok(()) | Err(Errno::ENOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Puts what was made or renamed in it on the disk.
    ///
    /// # Errors
    /// The disk fails.
    pub fn sync(&self) -> io::Result<()> {
        File::from(self.fd.try_clone()?).sync_all()
    }

    fn open_file(&self, name: &str, flags: OFlag, mode: u32) -> io::Result<File> {
        // Not blocking: a pipe that lies there would keep us for ever. It says nothing to regular files.
        let flags = flags | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
        let path = self.path.join(name);
        let fd = openat(&self.fd, name, flags, Mode::from_bits_truncate(mode));
        let file = File::from(fd.map_err(|error| explained(error, &path))?);
        if file.metadata()?.is_file() {
            return Ok(file);
        }
        Err(io::Error::other(format!("{} is not a file; move it away", path.display())))
    }
}

/// The folder that `path` lies in, as the user's own word, and its name there.
///
/// # Errors
/// There is no such folder, or no name.
pub fn beside(path: &Path) -> io::Result<(Folder, &str)> {
    let (folder, name) = split(path)?;
    Ok((Folder::open(folder)?, name))
}

/// As [`beside`], for a file that a command line names. Below the current folder no link is followed: whoever types `plans/next`
/// means a folder of the project, wherever the author of a cloned repository lets it lead. A path that is absolute or climbs is the
/// user's own word.
///
/// # Errors
/// There is no such folder, or no name; a part of the way is a link, or the file itself is one.
pub fn named(path: &Path) -> io::Result<(Folder, &str)> {
    let (_, name) = split(path)?;
    let folder = enter(path.parent().unwrap_or(Path::new("")))?;
    if std::fs::symlink_metadata(path).is_ok_and(|there| there.is_symlink()) {
        return Err(linked(path));
    }
    Ok((folder, name))
}

/// The folder that a command line names, by the same rule.
///
/// # Errors
/// It is not there ([`io::ErrorKind::NotFound`]), or a part of the way is a link or a file.
pub fn enter(path: &Path) -> io::Result<Folder> {
    if stays_below(path) { Folder::open(Path::new("."))?.enter(path) } else { Folder::open(path) }
}

/// As [`enter`], and makes what is missing.
///
/// # Errors
/// A part of the way is a link or a file, or cannot be made.
pub fn make(path: &Path) -> io::Result<Folder> {
    if stays_below(path) {
        return Folder::open(Path::new("."))?.make(path, 0o755);
    }
    std::fs::create_dir_all(path)?;
    Folder::open(path)
}

/// `.` for the empty path of what stands in the current folder.
pub fn or_current(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

/// Whether it goes down from where it begins, and nowhere else.
pub fn stays_below(path: &Path) -> bool {
    path.components().all(|step| matches!(step, Component::Normal(_) | Component::CurDir))
}

fn split(path: &Path) -> io::Result<(&Path, &str)> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "has no name"))?;
    Ok((path.parent().unwrap_or(Path::new(".")), name))
}

fn linked(path: &Path) -> io::Error {
    let path = path.strip_prefix(".").unwrap_or(path);
    io::Error::other(format!(
        "{} is a symbolic link, and none is followed below a project's folder; remove it, or put what it leads to in its place",
        path.display()
    ))
}

/// What the kernel says of a link, it says of other things as well.
fn explained(error: Errno, path: &Path) -> io::Error {
    let is_link = matches!(error, Errno::ELOOP | Errno::EMLINK | Errno::ENOTDIR)
        && path.symlink_metadata().is_ok_and(|meta| meta.is_symlink());
    if is_link { linked(path) } else { error.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    struct World {
        place: tempfile::TempDir,
    }

    impl World {
        /// A project, and a victim beside it.
        fn new() -> Self {
            let place = tempfile::tempdir().unwrap();
            fs::create_dir(place.path().join("project")).unwrap();
            fs::create_dir(place.path().join("elsewhere")).unwrap();
            fs::write(place.path().join("victim"), "mine").unwrap();
            Self { place }
        }

        fn project(&self) -> Folder {
            Folder::open(&self.place.path().join("project")).unwrap()
        }

        fn link(&self, name: &str, to: &str) {
            symlink(self.place.path().join(to), self.place.path().join("project").join(name)).unwrap();
        }

        fn is_untouched(&self) -> bool {
            let elsewhere = fs::read_dir(self.place.path().join("elsewhere")).unwrap();
            let victim = self.place.path().join("victim");
            fs::read_to_string(victim).unwrap() == "mine" && elsewhere.count() == 0
        }
    }

    #[test]
    fn no_way_leads_through_a_link() {
        let world = World::new();
        world.link("a", "elsewhere");
        world.link("f", "victim");
        world.link("nowhere", "nothing");
        let project = world.project();
        for refused in [project.make("a/b", 0o700), project.enter("a"), project.make("nowhere", 0o700)] {
            let refused = refused.unwrap_err().to_string();
            assert!(refused.contains("is a symbolic link") && refused.contains("remove it"), "{refused}");
        }
        for name in ["f", "nowhere"] {
            assert!(project.create(name, 0o600).is_err());
            for refused in [project.keep(name, 0o600), project.append(name, 0o600), project.read(name)] {
                assert!(refused.unwrap_err().to_string().contains("is a symbolic link"));
            }
        }
        project.write("f", b"theirs", 0o600).unwrap();
        project.write("nowhere", b"theirs", 0o600).unwrap();
        project.remove("nowhere").unwrap();
        assert!(world.is_untouched());
        assert!(!world.place.path().join("nothing").exists());
        let inside = world.place.path().join("project/f");
        assert_eq!(fs::read_to_string(&inside).unwrap(), "theirs");
        assert!(!inside.is_symlink());
    }

    #[test]
    fn what_is_held_open_cannot_be_swapped() {
        let world = World::new();
        let inner = world.project().make("inner", 0o700).unwrap();
        let path = world.place.path().join("project/inner");
        fs::rename(&path, world.place.path().join("moved")).unwrap();
        world.link("inner", "elsewhere");
        inner.write("file", b"text", 0o600).unwrap();
        assert!(world.is_untouched());
        assert_eq!(fs::read_to_string(world.place.path().join("moved/file")).unwrap(), "text");
    }

    #[test]
    fn it_is_a_folder_like_any_other() {
        let world = World::new();
        let folder = world.project().make("a/./b", 0o750).unwrap();
        assert!(world.project().make("../elsewhere/c", 0o700).is_err());
        assert!(world.project().make("/tmp", 0o700).is_err());
        assert_eq!(world.project().enter("no").unwrap_err().kind(), io::ErrorKind::NotFound);
        folder.write("file", b"one", 0o640).unwrap();
        folder.write("file", b"two", 0o640).unwrap();
        folder.append("file", 0o600).unwrap().write_all(b"three").unwrap();
        assert_eq!(io::read_to_string(folder.read("file").unwrap()).unwrap(), "twothree");
        let mode = fs::metadata(folder.path().join("file")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        assert_eq!(folder.create("file", 0o600).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        folder.sync().unwrap();
        folder.remove("file").unwrap();
        folder.remove("file").unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        nix::unistd::mkfifo(&folder.path().join("pipe"), Mode::S_IRWXU).unwrap();
        assert!(folder.append("pipe", 0o600).is_err() && folder.read("pipe").is_err());
    }
}
