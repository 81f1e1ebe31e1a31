use crate::listing::{Object, local_cloud};
use crate::process::text;
use crate::row::Row;
use crate::verdict::Verdict;
use serde_json::Value as Json;
use stackctl::cloud::{Cloud, http};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How stackctl gets to the cloud.
#[derive(Debug, Clone, PartialEq)]
pub enum Way {
    /// A local cloud of its own.
    Local,
    /// `endpoint_url` of a target.
    Target(String),
    /// `AWS_ENDPOINT_URL`, and no target.
    Environment(String),
}

/// A stack in a folder of its own, and its cloud.
pub struct Project {
    folder: TempDir,
    way: Way,
    name: String,
    /// Where the state lies, if that is a bucket.
    bucket: Option<String>,
}

/// Every local cloud wants it first, and one that is down for a moment would lose it to another, and all its queues with it.
static USUAL_PORT: LazyLock<Option<TcpListener>> = LazyLock::new(|| TcpListener::bind("127.0.0.1:4566").ok());

/// Behind every stack of a target.
const TARGET: &str = "away";
/// Commands that a bad day may take until it gets there.
const TRIES: usize = 12;

impl Drop for Project {
    fn drop(&mut self) {
        if self.way == Way::Local {
            let _ = self.command(&["local", "down", "--purge"]).output();
        }
    }
}

impl Project {
    /// On a local cloud of its own.
    pub fn local(stack: &str) -> Self {
        LazyLock::force(&USUAL_PORT);
        let project = Self::away(stack, Way::Local);
        let up = project.run(&["local", "up"]);
        assert!(up.status.success(), "{}", text(&up));
        project
    }

    /// Anywhere else, or where a local cloud will be.
    pub fn away(stack: &str, way: Way) -> Self {
        // Below the system's folder for temporary files, where every user may go: PostgreSQL does not run as root.
        let folder = tempfile::Builder::new().prefix("stackctl-attack-").tempdir().unwrap();
        let value = |key: &str| {
            let line = stack.lines().find_map(|line| line.strip_prefix(&format!("{key} = \"")));
            line.map(|rest| rest.trim_end_matches('"').to_owned())
        };
        let state = value("state").and_then(|state| state.strip_prefix("s3://").map(str::to_owned));
        let bucket = state.map(|state| state.split('/').next().unwrap_or_default().to_owned());
        let project = Self { folder, way, name: value("name").unwrap(), bucket };
        project.write(stack);
        if let (Some(bucket), false) = (&project.bucket, project.way == Way::Local) {
            project.make_bucket(bucket);
        }
        project
    }

    /// Another folder with the same stack, as a colleague has it.
    pub fn colleague(&self, stack: &str) -> Self {
        Self::away(stack, self.way.clone())
    }

    /// As stackctl sees it: ids of queues have it in them.
    fn endpoint(&self) -> String {
        match &self.way {
            Way::Target(endpoint) | Way::Environment(endpoint) => endpoint.clone(),
            Way::Local => {
                let status = self.cloud_status();
                status["gateway"]["endpoint"].as_str().unwrap_or_else(|| panic!("{status}")).to_owned()
            }
        }
    }

    pub fn cloud_status(&self) -> Json {
        let status = self.run(&["local", "status", "--json"]);
        serde_json::from_slice(&status.stdout).unwrap_or_default()
    }

    /// Pids of MiniStack and of the supervisor, as far as they are there.
    pub fn pids(&self) -> [Option<i32>; 2] {
        let status = self.cloud_status();
        let pid = |value: &Json| value.as_i64().and_then(|pid| i32::try_from(pid).ok());
        [pid(&status["gateway"]["state"]["pid"]), pid(&status["supervisor"]["pid"])]
    }

    fn make_bucket(&self, bucket: &str) {
        let cloud = self.cloud();
        crate::project::wait(async {
            use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
            let place = BucketLocationConstraint::from(cloud.region.as_str());
            let place = CreateBucketConfiguration::builder().location_constraint(place).build();
            let call = cloud.s3().create_bucket().bucket(bucket).create_bucket_configuration(place);
            // A colleague's is there already.
            let _ = call.send().await;
        });
    }

    fn cloud(&self) -> Cloud {
        match &self.way {
            Way::Local => local_cloud(self.folder.path(), &self.endpoint()),
            // Emulators take any key.
            Way::Target(_) | Way::Environment(_) => Cloud::emulator(&self.endpoint(), "eu-west-1", http()),
        }
    }

    /// Writes stack.toml.
    pub fn write(&self, stack: &str) {
        let target = match &self.way {
            Way::Target(endpoint) => format!("\n[targets.{TARGET}]\nendpoint_url = \"{endpoint}\"\n"),
            Way::Local | Way::Environment(_) => String::new(),
        };
        std::fs::write(self.path("stack.toml"), format!("{stack}{target}")).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Without `--target`.
    pub fn command(&self, args: &[&str]) -> Command {
        let built = || env!("CARGO_BIN_EXE_stackctl").to_owned();
        let mut command = Command::new(std::env::var("STACKCTL_ATTACK_BINARY").unwrap_or_else(|_| built()));
        for (name, _) in std::env::vars_os() {
            let told = name.to_string_lossy();
            if told.starts_with("AWS_") || told.starts_with("STACKCTL_") && told != "STACKCTL_PYTHON" {
                command.env_remove(&name);
            }
        }
        command.args(args).current_dir(self.folder());
        command.envs([("STACKCTL_LOCAL_FSYNC", "off"), ("NO_COLOR", "1")]);
        if let Way::Target(endpoint) | Way::Environment(endpoint) = &self.way {
            command.envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")]);
            if matches!(self.way, Way::Environment(_)) {
                command.env("AWS_ENDPOINT_URL", endpoint);
            }
        }
        command
    }

    /// With the target, where there is one.
    pub fn to_cloud(&self, args: &[&str]) -> Command {
        let target: &[&str] = match self.way {
            Way::Local => &["--target", "local"],
            Way::Target(_) => &["--target", TARGET],
            Way::Environment(_) => &[],
        };
        self.command(&[args, target].concat())
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    pub fn apply(&self) -> Command {
        self.to_cloud(&["apply", "--auto-approve", "--allow-data-loss", "all"])
    }

    pub fn destroy(&self) -> Command {
        self.to_cloud(&["destroy", "--auto-approve", "--allow-data-loss", "all"])
    }

    /// How long it takes while nothing is in its way. It must succeed.
    pub fn takes(&self, mut command: Command) -> Duration {
        let begun = Instant::now();
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
        begun.elapsed()
    }

    /// What is written of the state, if anything is.
    pub fn state(&self) -> Option<Json> {
        let target = match self.way {
            Way::Local => ".local",
            Way::Target(_) => ".away",
            Way::Environment(_) => "",
        };
        let name = format!("{}{target}.json", self.name);
        let bytes = match &self.bucket {
            None => std::fs::read(self.path("state").join(name)).ok()?,
            Some(bucket) => self.object(bucket, &format!("team/{name}"))?,
        };
        serde_json::from_slice(&bytes).ok()
    }

    /// An object at the emulator.
    pub fn object(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        let cloud = self.cloud();
        wait(async {
            let answer = cloud.s3().get_object().bucket(bucket).key(key).send().await.ok()?;
            Some(answer.body.collect().await.ok()?.to_vec())
        })
    }

    /// The state against what is there.
    pub fn verdict(&self) -> Verdict {
        Verdict::at(&self.cloud(), self.state().as_ref(), self.bucket.as_deref())
    }

    /// What is there.
    pub fn objects(&self) -> Vec<Object> {
        let mut objects = wait(crate::listing::objects(&self.cloud()));
        objects.retain(|object| Some(object.id.as_str()) != self.bucket.as_deref());
        objects
    }

    /// Gives a command again and again until it succeeds: on a good day once. False if it never does.
    pub fn insist(&self, row: &Row, command: &dyn Fn() -> Command, good_day: bool) -> bool {
        let mut last = String::new();
        for attempt in 0..if good_day { 1 } else { TRIES } {
            if attempt > 0 && self.way == Way::Local {
                let _ = self.run(&["local", "up"]);
            }
            let output = command().output().unwrap();
            row.counts().again += usize::from(attempt > 0);
            if output.status.success() {
                return true;
            }
            last = format!("{}\n{}", output.status, text(&output));
        }
        row.fail(format!("it does not get there: {last}"));
        false
    }

    /// A plan with nothing in it, and the state as what is there.
    pub fn is_settled(&self, row: &Row, when: &str) -> bool {
        let plan = self.to_cloud(&["plan", "--detailed-exitcode"]).output().unwrap();
        if plan.status.code() != Some(0) {
            row.pending(when, &text(&plan));
        }
        row.judge(when, &self.verdict()) && plan.status.code() == Some(0)
    }

    /// Destroys; nothing is left of it.
    pub fn is_destroyed(&self, row: &Row, when: &str) -> bool {
        self.insist(row, &|| self.destroy(), true) && row.judge_left(when, &self.verdict())
    }
}

pub fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
