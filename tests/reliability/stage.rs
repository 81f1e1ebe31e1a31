//! A stack of VPCs with its state in S3, on an emulator (MiniStack) behind a proxy.

use crate::emulator::Emulator;
use crate::project::all;
use crate::proxy::Proxy;
use stackctl::cloud::{Cloud, http};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// Seconds that a lease lasts here.
const LEASE: u64 = 6;

pub struct Stage {
    pub proxy: Proxy,
    folder: TempDir,
    name: String,
}

static MINISTACK: LazyLock<Emulator> = LazyLock::new(|| Emulator::start("ministack", &|_| vec![]));

fn ministack_endpoint() -> &'static str {
    &MINISTACK.endpoint
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

pub fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(future)
}

impl Stage {
    /// A stack of so many VPCs, of a name of its own.
    pub fn of_vpcs(count: usize) -> Self {
        let keys: Vec<String> = (0..count).map(|index| format!("\"{index}\"")).collect();
        Self::of(&format!(
            "[vpc.many]\nfor_each = [{}]\ncidr_block = \"10.${{each.value}}.0.0/16\"\n",
            keys.join(", ")
        ))
    }

    pub fn of(blocks: &str) -> Self {
        let proxy = Proxy::before(ministack_endpoint());
        let name = format!("stage{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let folder = tempfile::Builder::new().prefix("stackctl-stage-").tempdir().unwrap();
        let text = format!(
            "[stack]\nname = \"{name}\"\nregion = \"eu-west-1\"\nstate = \"s3://{name}-state/team\"\n\
             [targets.far]\nendpoint_url = \"{}\"\n{blocks}",
            proxy.endpoint
        );
        std::fs::write(folder.path().join("stack.toml"), text).unwrap();
        let stage = Self { proxy, folder, name };
        let bucket = stage.bucket();
        wait(
            stage
                .cloud()
                .s3()
                .create_bucket()
                .bucket(bucket)
                .create_bucket_configuration(
                    aws_sdk_s3::types::CreateBucketConfiguration::builder()
                        .location_constraint("eu-west-1".into())
                        .build(),
                )
                .send(),
        )
        .unwrap();
        stage
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The emulator, not by way of the proxy.
    pub fn cloud(&self) -> Cloud {
        Cloud::emulator(ministack_endpoint(), "eu-west-1", http())
    }

    pub fn settings(&self, command: &mut Command) {
        command
            .current_dir(self.path())
            .env_remove("AWS_ENDPOINT_URL")
            .env_remove("AWS_PROFILE")
            .envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("NO_COLOR", "1")])
            .env("STACKCTL_TARGET", "far")
            .env("STACKCTL_TEST_LEASE_LIFE", LEASE.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stackctl"));
        self.settings(command.args(args));
        command
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    pub fn says(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}\n{}", output.status, all(&output));
        all(&output)
    }

    pub fn bucket(&self) -> String {
        format!("{}-state", self.name)
    }

    /// Keys of the bucket of the state.
    pub fn keys(&self) -> Vec<String> {
        let listed = wait(self.cloud().s3().list_objects_v2().bucket(self.bucket()).send()).unwrap();
        listed.contents.unwrap_or_default().into_iter().filter_map(|object| object.key).collect()
    }

    pub fn is_locked(&self) -> bool {
        self.keys().iter().any(|key| key.ends_with(".lock"))
    }

    /// VPCs of this stack by their address, each with how many there are.
    pub fn vpcs(&self) -> BTreeMap<String, usize> {
        let found = wait(self.cloud().ec2().describe_vpcs().send()).unwrap().vpcs.unwrap_or_default();
        let mut count = BTreeMap::new();
        for vpc in found {
            let tag = |key: &str| vpc.tags().iter().find(|tag| tag.key() == Some(key))?.value();
            if tag("stackctl:stack") == Some(&self.name) {
                *count.entry(tag("stackctl:address").unwrap().to_owned()).or_default() += 1;
            }
        }
        count
    }

    /// Each VPC once, and nothing left to do.
    pub fn is_whole(&self, count: usize) {
        let vpcs = self.vpcs();
        assert!(vpcs.len() == count && vpcs.values().all(|found| *found == 1), "{vpcs:?}");
        let plan = self.run(&["plan", "--detailed-exitcode"]);
        assert_eq!(plan.status.code(), Some(0), "{}", all(&plan));
    }
}
