use super::{Architecture, Glibc};
use std::path::{Path, PathBuf};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why there is no artefact. Every text says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `source` names a folder that is no crate.
    #[error(
        "{} is not a Rust crate: there is no Cargo.toml in it. `source` takes the folder of a crate, relative to stack.toml; \
         for code in another language zip it yourself and give `artifact = \"path.zip\"`", .0.display()
    )]
    NoManifest(PathBuf),
    /// A Cargo.toml that does not parse.
    #[error("{}: {source}", .path.display())]
    Manifest { path: PathBuf, source: Box<toml::de::Error> },
    /// A Cargo.toml with a `[workspace]` only.
    #[error("{} describes a workspace and no package: let `source` name the folder of one of its members", .0.display())]
    NoPackage(PathBuf),
    /// A library.
    #[error(
        "the package {package} has no binary, and Lambda runs one: add src/main.rs, or `source` should name another \
         folder"
    )]
    NoBinary { package: String },
    /// More than one binary, and nothing says which.
    #[error(
        "the package {package} has several binaries ({}) and none of them is called `bootstrap` or `{package}`: rename \
         the one that is the handler, or set `default-run` in its Cargo.toml", .binaries.join(", ")
    )]
    ManyBinaries { package: String, binaries: Vec<String> },
    /// cargo could not be started.
    #[error(
        "`source` is built with cargo, which could not be started ({source}): install Rust from https://rustup.rs, or \
         build the zip elsewhere and give `artifact = \"path.zip\"` instead of `source`"
    )]
    NoCargo { source: std::io::Error },
    /// `--no-build`.
    #[error(
        "{package} has not been built as its sources in {} are now, and `--no-build` builds nothing: run `stackctl plan` \
         without it once, which runs the build scripts of {package} and of what it depends on", .dir.display()
    )]
    NotBuilt { package: String, dir: PathBuf },
    /// `--locked` was refused.
    #[error(
        "Cargo.lock is missing or does not fit Cargo.toml, so a build of {package} would not be repeatable: run `cargo \
         generate-lockfile` (or any `cargo build`) and commit Cargo.lock\n\n{text}"
    )]
    NotLocked { package: String, text: String },
    /// The compiler refused; its own words.
    #[error("{package} does not compile:\n\n{text}")]
    Compile { package: String, text: String },
    /// cargo succeeded without naming an executable.
    #[error("cargo built {package} and reported no executable for the binary {binary}")]
    NoExecutable { package: String, binary: String },
    /// Not ELF: built on macOS or Windows.
    #[error(
        "{what} is not a Linux executable ({reason}), and Lambda runs Linux: build for it with `[build] target = \
         \"{}-unknown-linux-musl\"` in .cargo/config.toml (after `rustup target add`), or with cargo-zigbuild and \
         `artifact = \"path.zip\"`", .wanted.machine()
    )]
    NotLinux { what: String, reason: String, wanted: Architecture },
    /// The executable is for the other processor.
    #[error(
        "{what} is an executable for {is}, and the function wants {wanted}: set `architecture = \"{is}\"`, or build with \
         `[build] target = \"{}-unknown-linux-musl\"` in .cargo/config.toml", .wanted.machine()
    )]
    Architecture { what: String, is: Architecture, wanted: Architecture },
    /// Linked against a newer C library than the runtime has.
    #[error(
        "{what} needs glibc {needs}, and {runtime} has {has}, so it would not start on AWS. Either link statically \
         (`rustup target add {0}-unknown-linux-musl` and `[build] target = \"{0}-unknown-linux-musl\"` in \
         .cargo/config.toml), or build with `cargo zigbuild --release --target {0}-unknown-linux-gnu.{has}`, zip it as \
         `bootstrap` and give `artifact = \"path.zip\"`", .architecture.machine()
    )]
    TooNew { what: String, needs: Glibc, has: Glibc, runtime: String, architecture: Architecture },
    /// Linked dynamically against musl, which no Lambda runtime has.
    #[error(
        "{what} needs the loader {interpreter}, which Lambda does not have: link statically (`-C \
         target-feature=+crt-static`, the default of the musl targets)"
    )]
    Loader { what: String, interpreter: String },
    /// `artifact` is not a zip archive.
    #[error("{} is not a zip archive ({reason}): `artifact` takes the zip that Lambda runs", .path.display())]
    NotZip { path: PathBuf, reason: String },
    /// `artifact` does not hold what the runtime starts.
    #[error(
        "{} has no file `bootstrap` at its root, which is what {runtime} starts{}: zip it with `zip -j function.zip \
         path/to/bootstrap`", .path.display(), .elsewhere.as_deref().map(|e| format!(" (there is {e})")).unwrap_or_default()
    )]
    NoBootstrap { path: PathBuf, runtime: String, elsewhere: Option<String> },
    /// The zip has no file of that handler.
    #[error("{} has no {file}, which the handler `{handler}` would be in: correct `handler`, or zip it from the folder that holds {file}", .path.display())]
    NoHandler { path: PathBuf, handler: String, file: String },
    /// `bootstrap` lacks the executable bit.
    #[error("`bootstrap` in {} is not executable: `chmod +x bootstrap` before zipping it", .0.display())]
    NotExecutable(PathBuf),
    /// `bootstrap` is something else than a file.
    #[error("`bootstrap` in {} is {what}, and Lambda starts a file: zip the program itself (`zip` without `-y`)", .path.display())]
    NoFile { path: PathBuf, what: &'static str },
    /// Which of the two is unpacked depends on who unpacks it.
    #[error("{} has two files of one name, and which of them runs is not said: zip it anew, into a file that is not there yet", .0.display())]
    Twice(PathBuf),
    #[error("{name} in {} is encrypted, and nobody gives Lambda the password: zip it without one", .path.display())]
    Encrypted { path: PathBuf, name: String },
    /// An absolute path, or one with `..`.
    #[error("{name} in {} leads out of the folder that the zip is unpacked in: zip it from within that folder", .path.display())]
    Outside { path: PathBuf, name: String },
    #[error("{} has {count} files, and {} are taken at most", .path.display(), crate::limits::ENTRIES)]
    ManyFiles { path: PathBuf, count: usize },
    /// More than Lambda has room for.
    #[error(
        "{} unpacks to {}, and a function has 250 MB of room for its code: leave out what it does not need, or let it be a \
         container image, which stackctl does not make", .path.display(),
        .bytes.map_or("more than it says".to_owned(), |bytes| format!("{} MB", bytes / 1_000_000))
    )]
    Unpacked { path: PathBuf, bytes: Option<u64> },
    /// `files` names what the zip has.
    #[error("{} has a file {name} already: choose another name for it in `files`", .path.display())]
    NameTaken { path: PathBuf, name: String },
    /// More than Lambda takes in one request.
    #[error(
        "{} has {} MB, and Lambda takes 50 MB in one upload: strip the binary (`strip = true` and `opt-level = \"s\"` under \
         [profile.release])", .path.display(), .bytes / 1_000_000
    )]
    TooLarge { path: PathBuf, bytes: u64 },
    #[error("{context}: {source}")]
    Io { context: String, source: std::io::Error },
}

impl Error {
    pub(super) fn io(verb: &str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let context = format!("cannot {verb} {}", path.display());
        move |source| Self::Io { context, source }
    }
}
