//! Builds a small crate with the real cargo.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

use stackctl::package::{
    Architecture, Artifact, Error, Progress, Request, Result, build, inspect, with_files,
};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const HELLO: &str = r#"fn main() { println!("hello"); }"#;

/// A project with one handler in `handlers/hello`, without dependencies.
struct Project {
    dir: TempDir,
}

impl Project {
    fn new() -> Self {
        let project = Self { dir: tempfile::tempdir().unwrap() };
        project.write("handlers/hello/Cargo.toml", "[package]\nname = \"hello\"\nedition = \"2021\"\n");
        project.write(
            "handlers/hello/Cargo.lock",
            "version = 4\n\n[[package]]\nname = \"hello\"\nversion = \"0.0.0\"\n",
        );
        project.write("handlers/hello/src/main.rs", HELLO);
        project
    }

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// On the local target, since the machine that runs this test may have any glibc.
    fn build_with(&self, change: impl FnOnce(&mut Request<'_>)) -> (Result<Artifact>, Vec<String>) {
        self.build_in(&self.path("target"), change)
    }

    fn build_in(
        &self,
        target: &Path,
        change: impl FnOnce(&mut Request<'_>),
    ) -> (Result<Artifact>, Vec<String>) {
        let mut request = Request::new(self.dir.path(), "handlers/hello");
        request.local = true;
        request.target_dir = Some(target);
        change(&mut request);
        let mut said = Vec::new();
        let built = build(&request, &mut |progress| match progress {
            Progress::Waiting => said.push("waiting".to_owned()),
            Progress::Started(package) => said.push(format!("started {package}")),
            Progress::Cargo(line) => said.push(line.to_owned()),
        });
        (built, said)
    }

    fn build(&self) -> (Artifact, Vec<String>) {
        let (built, said) = self.build_with(|_| ());
        (built.unwrap(), said)
    }

    fn fails(&self) -> Error {
        self.build_with(|_| ()).0.unwrap_err()
    }
}

#[test]
fn the_same_sources_are_the_same_bytes_and_no_second_build() {
    let project = Project::new();
    let (first, said) = project.build();
    assert_eq!(said[0], "started hello");
    assert!(said.iter().any(|line| line.contains("Compiling hello")), "{said:?}");
    assert_eq!(first.architecture.unwrap().machine(), std::env::consts::ARCH);
    assert!(first.zip.starts_with(project.path(".stackctl/package")), "{first:?}");
    let bytes = std::fs::read(&first.zip).unwrap();

    // A cargo that would fail: it must not be asked.
    let broken = Path::new("/bin/false");
    let (second, said) = project.build_with(|request| request.cargo = Some(broken));
    assert_eq!((second.unwrap(), said), (first.clone(), vec![]));

    let (aside, _) = project.build_with(|request| request.architecture = Some(Architecture::Arm64));
    assert!(std::env::consts::ARCH == "aarch64" || matches!(aside, Err(Error::Architecture { .. })));

    // Everything anew, in another target folder.
    std::fs::remove_dir_all(project.path(".stackctl")).unwrap();
    let (third, said) = project.build_in(&project.path("elsewhere"), |_| ());
    assert_eq!(said[0], "started hello");
    assert_eq!(third.unwrap(), first);
    assert_eq!(std::fs::read(&first.zip).unwrap(), bytes);

    // The zip passes as one that a user brings.
    assert_eq!(inspect(&first.zip, "provided.al2023", None).unwrap(), first_without_place(&first));
}

/// `inspect` speaks of the zip where `build` speaks of the binary.
fn first_without_place(first: &Artifact) -> Artifact {
    let mut first = first.clone();
    let there = format!("`bootstrap` in {}", first.zip.display());
    for warning in &mut first.warnings {
        *warning = warning.replace("the binary hello", &there);
    }
    first
}

/// Files beside the program: another zip, the same for the same files, without another build.
#[test]
fn files_travel_in_the_zip() {
    let project = Project::new();
    let (plain, _) = project.build();
    project.write("roots/rds.pem", "root 1");
    let files = |names: &[&str]| -> BTreeMap<String, PathBuf> {
        names.iter().map(|name| ((*name).to_owned(), project.path("roots/rds.pem"))).collect()
    };
    let with = |files| with_files(plain.clone(), project.dir.path(), &files);
    assert_eq!(with(files(&[])).unwrap(), plain);
    let first = with(files(&["rds-ca.pem"])).unwrap();
    assert_ne!((&first.zip, &first.code_sha256), (&plain.zip, &plain.code_sha256));
    assert_eq!(first.architecture, plain.architecture);
    assert_eq!(inspect(&first.zip, "provided.al2023", None).unwrap().code_sha256, first.code_sha256);
    let mut archive = zip::ZipArchive::new(std::fs::File::open(&first.zip).unwrap()).unwrap();
    let mut text = String::new();
    archive.by_name("rds-ca.pem").unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(
        (text.as_str(), archive.by_name("rds-ca.pem").unwrap().unix_mode()),
        ("root 1", Some(0o100_644))
    );

    // The content counts, and so does the name.
    assert_eq!(with(files(&["rds-ca.pem"])).unwrap(), first);
    assert_ne!(with(files(&["ca.pem"])).unwrap().code_sha256, first.code_sha256);
    project.write("roots/rds.pem", "root 2");
    assert_ne!(with(files(&["rds-ca.pem"])).unwrap().code_sha256, first.code_sha256);
    project.write("roots/rds.pem", "root 1");
    assert_eq!(with(files(&["rds-ca.pem"])).unwrap(), first);
    // And cargo is not asked again.
    assert_eq!(project.build().1, [""; 0]);

    let taken = with(files(&["bootstrap"])).unwrap_err().to_string();
    assert!(taken.contains("has a file bootstrap already"), "{taken}");
    std::fs::remove_file(project.path("roots/rds.pem")).unwrap();
    let missing = with(files(&["rds-ca.pem"])).unwrap_err().to_string();
    assert!(missing.starts_with("cannot read") && missing.contains("roots/rds.pem"), "{missing}");
}

#[test]
fn a_change_is_another_hash_and_a_change_back_the_first() {
    let project = Project::new();
    let (first, _) = project.build();
    project.write("handlers/hello/src/main.rs", &HELLO.replace("hello", "hullo"));
    let (second, said) = project.build();
    assert_eq!(said[0], "started hello");
    assert_ne!(second.code_sha256, first.code_sha256);
    project.write("handlers/hello/src/main.rs", HELLO);
    assert_eq!(project.build().0.code_sha256, first.code_sha256);
    // A comment in another file runs cargo and changes nothing.
    project.write("handlers/hello/notes.txt", "nothing");
    let (same, said) = project.build();
    assert_eq!((same, said[0].as_str()), (project.build().0, "started hello"));
    // A zip that was cut short is made again.
    std::fs::write(&first.zip, "PK").unwrap();
    assert_eq!(project.build().0.code_sha256, first.code_sha256);
}

#[test]
fn the_same_crate_in_another_place_is_the_same_zip() {
    assert_eq!(Project::new().build().0.code_sha256, Project::new().build().0.code_sha256);
}

#[test]
fn the_compiler_speaks_for_itself() {
    let project = Project::new();
    project.write("handlers/hello/src/main.rs", "fn main() { let x: u32 = \"loan\"; }");
    let text = project.fails().to_string();
    assert!(text.starts_with("hello does not compile:\n\nerror[E0308]: mismatched types"), "{text}");
    assert!(text.contains("src/main.rs:1:26") && !text.contains("Compiling"), "{text}");
    // It compiles again as soon as it can.
    project.write("handlers/hello/src/main.rs", HELLO);
    project.build();
}

#[test]
fn what_is_missing_is_named_with_its_remedy() {
    let project = Project::new();
    let (no_cargo, _) = project.build_with(|request| request.cargo = Some(Path::new("/nowhere/cargo")));
    let text = no_cargo.unwrap_err().to_string();
    assert!(text.contains("rustup.rs") && text.contains("artifact = \"path.zip\""), "{text}");
    let (no_folder, _) = project.build_with(|request| request.source = "handlers/nothing");
    assert!(matches!(no_folder, Err(Error::NoManifest(_))));
    std::fs::remove_file(project.path("handlers/hello/Cargo.lock")).unwrap();
    let error = project.fails();
    assert!(matches!(error, Error::NotLocked { .. }), "{error}");
}

#[test]
fn two_at_once_build_once() {
    let project = Project::new();
    let builds = std::thread::scope(|scope| {
        let both = [scope.spawn(|| project.build()), scope.spawn(|| project.build())];
        both.map(|build| build.join().unwrap())
    });
    assert_eq!(builds[0].0, builds[1].0);
    let started = builds.iter().flat_map(|(_, said)| said).filter(|line| line.starts_with("started")).count();
    assert_eq!(started, 1);
}
