use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// This repository's stack in a folder of its own, gone with its cloud when the test ends, however it ends.
pub struct Project {
    folder: TempDir,
    started: Instant,
}

impl Drop for Project {
    fn drop(&mut self) {
        // A cloud that is down already is no error.
        self.command(&["local", "down", "--purge"]).output().unwrap();
    }
}

impl Project {
    pub fn new() -> Self {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        // Below the system's folder for temporary files, where every user may go: PostgreSQL does not run as root.
        let folder = tempfile::Builder::new().prefix("stackctl-pipeline-").tempdir().unwrap();
        // `handlers` is a link to the repository's, which lies outside of this project.
        let stack = std::fs::read_to_string(repository.join("stack.toml")).unwrap();
        let stack = stack.replacen("[stack]\n", "[stack]\nfiles = [\"handlers/loader/lake\"]\n", 1);
        std::fs::write(folder.path().join("stack.toml"), stack).unwrap();
        std::os::unix::fs::symlink(repository.join("handlers"), folder.path().join("handlers")).unwrap();
        Self { folder, started: Instant::now() }
    }

    /// Any other stack, in a folder of its own.
    pub fn of(text: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("stackctl-example-").tempdir().unwrap();
        std::fs::write(folder.path().join("stack.toml"), text).unwrap();
        Self { folder, started: Instant::now() }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stackctl"));
        command.args(args).current_dir(self.path()).env("NO_COLOR", "1").env_remove("AWS_ENDPOINT_URL");
        command
    }

    /// Runs a command whatever comes of it.
    pub fn run(&self, args: &[&str]) -> Output {
        let output = self.command(args).output().unwrap();
        eprintln!("{:>6.1} s  stackctl {}", self.started.elapsed().as_secs_f64(), args.join(" "));
        output
    }

    pub fn code(&self, args: &[&str]) -> i32 {
        let output = self.run(args);
        let code = output.status.code().unwrap();
        assert!(matches!(code, 0 | 3), "{}", all(&output));
        code
    }

    /// Runs a command that must succeed, and returns its data.
    pub fn says(&self, what: &str, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{what}: {}\n{}", output.status, all(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn json(&self, args: &[&str]) -> Json {
        serde_json::from_str(&self.says("json", args)).unwrap()
    }

    pub fn nothing_to_do(&self, when: &str) {
        let plan = self.json(&["plan", "--target", "local", "--json"]);
        assert_eq!(plan["changes"], false, "{when}: {:#}", pending(&plan));
    }

    /// Changes `stack.toml`; the text must be there.
    pub fn edit(&self, from: &str, to: &str) {
        let path = self.path().join("stack.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "stack.toml has no {from:?}");
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    /// Names of the files of a folder, backups and locks left out.
    pub fn files(&self, folder: &str) -> Vec<String> {
        let names = std::fs::read_dir(self.path().join(folder)).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| !name.ends_with(".backup") && !name.ends_with(".lock")).collect()
    }

    /// The name of the bucket of loans.
    pub fn bucket(&self) -> String {
        self.says("output", &["output", "bucket", "--target", "local"]).trim().to_owned()
    }

    /// The address of the AWS APIs.
    pub fn endpoint(&self) -> String {
        self.json(&["local", "status", "--json"])["gateway"]["endpoint"].as_str().unwrap().to_owned()
    }

    /// No process has this project's folder in its command line, its working folder or its environment.
    pub fn has_no_process(&self) {
        let folder = self.path().to_str().unwrap();
        let mut found = vec![];
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let process = entry.path();
            let told = |name: &str| {
                let text = std::fs::read(process.join(name)).unwrap_or_default();
                String::from_utf8_lossy(&text).contains(folder)
            };
            let cwd = std::fs::read_link(process.join("cwd")).unwrap_or_default();
            let numbered = entry.file_name().to_string_lossy().parse::<u32>().is_ok();
            if numbered && (told("cmdline") || told("environ") || cwd.starts_with(folder)) {
                found.push(std::fs::read_to_string(process.join("cmdline")).unwrap_or_default());
            }
        }
        assert!(found.is_empty(), "still there: {found:?}");
    }
}

/// The steps of a plan that are not no-ops.
pub fn pending(plan: &Json) -> Json {
    let steps = plan["steps"].as_array().unwrap().iter();
    steps.filter(|step| step["action"] != "noop").cloned().collect::<Vec<_>>().into()
}

/// `action address` of each.
pub fn actions(plan: &Json) -> Vec<String> {
    let pending = pending(plan);
    let text = |step: &Json, name: &str| step[name].as_str().unwrap().to_owned();
    pending
        .as_array()
        .unwrap()
        .iter()
        .map(|step| format!("{} {}", text(step, "action"), text(step, "address")))
        .collect()
}

pub fn all(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The real loan files, where they are.
pub fn loan_data() -> Option<PathBuf> {
    let given = std::env::var_os("STACKCTL_LOAN_DATA").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    given.or(Some(beside)).filter(|folder| folder.join("LoanStats3a_2017Q3_official_145col.csv").exists())
}

/// Waits for a condition that something outside brings about.
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(180);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited too long: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
