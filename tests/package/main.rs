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

/// For the tests below, in a process of its own: with the environment that it is given.
#[test]
#[ignore = "a part of other tests"]
fn build_here() {
    let project = PathBuf::from(std::env::var_os("HERE").unwrap());
    let request = Request { local: true, ..Request::new(&project, "handlers/hello") };
    let mut builds = 0;
    build(&request, &mut |progress| builds += usize::from(matches!(progress, Progress::Started(_)))).unwrap();
    std::fs::write(project.join("builds"), builds.to_string()).unwrap();
}

impl Project {
    /// How often cargo ran when it was built with this environment.
    fn builds_with(&self, environment: &[(String, String)]) -> usize {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "build_here", "--ignored"]).env_clear();
        for name in ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.env("CARGO_TARGET_DIR", self.path("target")).envs(environment.iter().cloned());
        let output = command.env("HERE", self.dir.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        std::fs::read_to_string(self.path("builds")).unwrap().parse().unwrap()
    }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A build script is anybody's code.
#[test]
fn a_build_gets_no_secrets() {
    let project = Project::new();
    let dump = project.path("dumped");
    let script = format!(
        "fn main() {{ let all: Vec<_> = std::env::vars().map(|(name, value)| format!(\"{{name}}={{value}}\")).collect(); \
         std::fs::write({dump:?}, all.join(\"\\n\")).unwrap(); }}"
    );
    project.write("handlers/hello/build.rs", &script);
    let secrets = [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "STACKCTL_PARAM_PIN",
        "STACKCTL_AGE_IDENTITY",
        "STACKCTL_FILE",
        "SOPS_AGE_KEY",
        "PGPASSWORD",
        "DATABASE_URL",
        "GITHUB_TOKEN",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "NPM_TOKEN",
        "SSH_AUTH_SOCK",
        "CARGO_REGISTRY_TOKEN",
        "CARGO_REGISTRIES_OURS_TOKEN",
        "CARGO_REGISTRIES_OURS_CREDENTIAL_PROVIDER",
        "KUBECONFIG",
        "VAULT_TOKEN",
        "ANYTHING_AT_ALL",
        "TARGET_SECRET",
    ];
    let mut environment: Vec<_> =
        secrets.iter().map(|name| ((*name).to_owned(), format!("canary-{name}"))).collect();
    environment.push(("LC_MESSAGES".to_owned(), "C.UTF-8".to_owned()));
    assert_eq!(project.builds_with(&environment), 1);
    let dumped = std::fs::read_to_string(&dump).unwrap();
    assert!(!dumped.contains("canary-"), "{dumped}");
    assert!(dumped.contains("LC_MESSAGES=C.UTF-8") && dumped.contains("CARGO_PKG_NAME=hello"), "{dumped}");
}

/// `cargo run` and the program itself, in turns: what the outer cargo says of its own is no reason to build.
#[test]
fn it_is_built_once_whoever_starts_us() {
    let project = Project::new();
    let outer = pairs(&[
        ("CARGO", "/nowhere/toolchain/bin/cargo"),
        ("CARGO_MANIFEST_DIR", "/nowhere/stackctl"),
        ("CARGO_PKG_NAME", "stackctl"),
        ("CARGO_PKG_VERSION", "0.1.0"),
        ("CARGO_BIN_NAME", "stackctl"),
        ("RUSTUP_TOOLCHAIN", "another-toolchain"),
        ("RUST_RECURSION_COUNT", "1"),
        ("LD_LIBRARY_PATH", "/nowhere/target/debug/deps"),
        ("CARGO_MAKEFLAGS", "-j --jobserver-fds=3,4"),
    ]);
    let runs: Vec<usize> =
        [&[][..], &outer, &[], &outer].map(|environment| project.builds_with(environment)).into();
    assert_eq!(runs, [1, 0, 0, 0]);
    // And cargo itself finds nothing to do, should it be asked.
    std::fs::remove_dir_all(project.path(".stackctl")).unwrap();
    let program = project.path("target/release/hello");
    let before = std::fs::metadata(&program).unwrap().modified().unwrap();
    assert_eq!(project.builds_with(&outer), 1);
    assert_eq!(std::fs::metadata(&program).unwrap().modified().unwrap(), before);
    // The user's flags are another matter.
    assert_eq!(project.builds_with(&pairs(&[("RUSTFLAGS", "-C debuginfo=1")])), 1);
}

#[test]
fn without_leave_nothing_is_built() {
    let project = Project::new();
    let never = |request: &mut Request<'_>| request.no_build = true;
    let (refused, said) = project.build_with(never);
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("hello has not been built") && refused.contains("`--no-build`"), "{refused}");
    assert_eq!(said, [""; 0]);
    let (built, _) = project.build();
    assert_eq!(project.build_with(never).0.unwrap(), built);
    project.write("handlers/hello/src/main.rs", "fn main() { println!(\"hullo\"); }");
    assert!(matches!(project.build_with(never).0, Err(Error::NotBuilt { .. })));
}

/// A cloned repository may hold links: none of them is followed.
#[test]
fn no_package_is_written_through_a_link() {
    use std::os::unix::fs::symlink;
    let project = Project::new();
    project.write("notes.txt", "text");
    let files = BTreeMap::from([("notes".to_owned(), project.path("notes.txt"))]);
    let (first, _) = project.build();
    with_files(first.clone(), project.dir.path(), &files).unwrap();
    let folder = project.path(".stackctl/package");
    let names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(names.len() >= 4, "{names:?}");
    let victims = tempfile::tempdir().unwrap();
    for name in &names {
        std::fs::remove_file(folder.join(name)).unwrap();
        std::fs::write(victims.path().join(name), "mine").unwrap();
        symlink(victims.path().join(name), folder.join(name)).unwrap();
    }
    // Refused (a lock) or replaced (the rest).
    let (refused, _) = project.build_with(|_| ());
    assert!(refused.unwrap_err().to_string().contains("is a symbolic link"));
    names.iter().filter(|name| name.to_string_lossy().ends_with(".lock")).for_each(|lock| {
        std::fs::remove_file(folder.join(lock)).unwrap();
    });
    let (again, _) = project.build();
    with_files(again, project.dir.path(), &files).unwrap();
    for (from, to) in [(".stackctl/package", ".stackctl/elsewhere"), (".stackctl", "elsewhere")] {
        std::fs::rename(project.path(from), project.path(to)).unwrap();
        symlink(victims.path(), project.path(from)).unwrap();
        let (refused, _) = project.build_with(|_| ());
        assert!(refused.unwrap_err().to_string().contains("is a symbolic link"));
        std::fs::remove_file(project.path(from)).unwrap();
        std::fs::rename(project.path(to), project.path(from)).unwrap();
    }
    for name in &names {
        assert_eq!(std::fs::read_to_string(victims.path().join(name)).unwrap(), "mine");
    }
    assert_eq!(std::fs::read_dir(victims.path()).unwrap().count(), names.len());
}
