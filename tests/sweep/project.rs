use crate::listing::local_cloud;
use crate::verdict::Verdict;
use serde_json::Value as Json;
use stackctl::cloud::Cloud;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

/// This repository's stack with a local cloud of its own; both are gone when the test ends.
pub struct Project {
    folder: TempDir,
    endpoint: String,
}

impl Drop for Project {
    fn drop(&mut self) {
        self.command(&["local", "down", "--purge"]).output().unwrap();
    }
}

impl Project {
    pub fn new() -> Self {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        // Below the system's folder for temporary files, where every user may go: PostgreSQL does not run as root.
        let folder = tempfile::Builder::new().prefix("stackctl-sweep-").tempdir().unwrap();
        let text = std::fs::read_to_string(repository.join("stack.toml")).unwrap();
        // The functions do nothing here: any program does that answers, and nothing has to be compiled.
        // `handlers` is a link to the repository's, which lies outside of this project.
        let mut text = text.replacen("[stack]\n", "[stack]\nfiles = [\"handlers/loader/lake\"]\n", 1);
        for handler in ["loader", "trainer"] {
            let crated = format!("source = \"handlers/{handler}\"");
            assert!(text.contains(&crated), "stack.toml has no {crated}");
            text = text.replace(&crated, "artifact = \"answers.zip\"");
        }
        std::fs::write(folder.path().join("stack.toml"), text).unwrap();
        std::os::unix::fs::symlink(repository.join("handlers"), folder.path().join("handlers")).unwrap();
        pack(&folder.path().join("answers.zip"));
        let mut project = Self { folder, endpoint: String::new() };
        project.up();
        project
    }

    fn up(&mut self) {
        let up = self.run(&["local", "up"]);
        assert!(up.status.success(), "{}", all(&up));
        let status = self.run(&["local", "status", "--json"]);
        let status: Json = serde_json::from_slice(&status.stdout).unwrap();
        self.endpoint = status["gateway"]["endpoint"].as_str().unwrap().to_owned();
    }

    /// Starts afresh after a failure: an empty cloud and no state.
    pub fn reset(&mut self) {
        self.run(&["local", "down", "--purge"]);
        let _ = std::fs::remove_dir_all(self.folder.path().join("state"));
        self.up();
    }

    fn cloud(&self) -> Cloud {
        local_cloud(self.folder.path(), &self.endpoint)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let built = || env!("CARGO_BIN_EXE_stackctl").to_owned();
        let mut command = Command::new(std::env::var("STACKCTL_SWEEP_BINARY").unwrap_or_else(|_| built()));
        command.args(args).current_dir(self.folder.path());
        command
            .env("STACKCTL_LOCAL_FSYNC", "off")
            .env("NO_COLOR", "1")
            .env_remove("AWS_ENDPOINT_URL")
            .env_remove("STACKCTL_LOG");
        command
    }

    /// Runs a command whatever comes of it.
    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    pub fn apply(&self, more: &[&str]) -> Output {
        self.run(&[&["apply", "--target", "local", "--auto-approve"], more].concat())
    }

    pub fn destroy(&self, more: &[&str]) -> Output {
        let destroy = ["destroy", "--target", "local", "--auto-approve", "--allow-data-loss", "all"];
        self.run(&[&destroy, more].concat())
    }

    /// The state against what is there.
    pub fn verdict(&self) -> Verdict {
        Verdict::at(&self.cloud(), self.state().as_ref(), None)
    }

    /// What the state says, if there is one.
    pub fn state(&self) -> Option<Json> {
        let text = std::fs::read(self.path("state/loans.local.json")).ok()?;
        Some(serde_json::from_slice(&text).unwrap())
    }
}

pub fn all(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn pack(zip: &Path) {
    let mut writer = zip::ZipWriter::new(std::fs::File::create(zip).unwrap());
    writer.start_file("bootstrap", SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
    writer.write_all(include_bytes!("../local/bootstrap.py")).unwrap();
    writer.finish().unwrap();
}
