//! A stack with something of every kind, planned, applied and destroyed by the real binary as three IAM users, each of whom may
//! do exactly what `stackctl permissions` prints; on MiniStack with `AUTH=true`.

use super::allowed::{STRICT, cloud, root, user};
use crate::harness::unique;
use aws_credential_types::Credentials;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, VersioningConfiguration,
};
use serde_json::Value as Json;
use stackctl::resource::registry;
use std::io::Write;
use std::process::{Command, Output};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

struct Project(TempDir);

impl Project {
    fn new(bucket: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let text = include_str!("stack.toml").replace("BUCKET", bucket).replace("ENDPOINT", &STRICT.endpoint);
        std::fs::write(folder.path().join("stack.toml"), text).unwrap();
        let mut zip = zip::ZipWriter::new(std::fs::File::create(folder.path().join("worker.zip")).unwrap());
        zip.start_file("bootstrap", SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
        zip.write_all(include_bytes!("../../local/bootstrap.py")).unwrap();
        zip.finish().unwrap();
        Self(folder)
    }

    fn run(&self, as_user: &Credentials, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stackctl"));
        command.args(args).args(["--target", "there"]).current_dir(self.0.path());
        command.env("NO_COLOR", "1").env("HOME", self.0.path()).env_remove("AWS_PROFILE");
        command.env("AWS_ACCESS_KEY_ID", as_user.access_key_id());
        command.env("AWS_SECRET_ACCESS_KEY", as_user.secret_access_key());
        command.output().unwrap()
    }

    fn code(&self, as_user: &Credentials, args: &[&str], expected: i32) -> String {
        let output = self.run(as_user, args);
        let all =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(expected), "{args:?}: {all}");
        all
    }

    /// As it is printed for pasting.
    fn policy(&self, purpose: &str) -> Json {
        let output =
            self.run(&root(), &["permissions", "--for", purpose, "--json", "--account", "000000000000"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

async fn state_bucket() -> String {
    let (s3, name) = (cloud(root()).s3(), unique("states"));
    let place = CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::EuWest1);
    s3.create_bucket().bucket(&name).create_bucket_configuration(place.build()).send().await.unwrap();
    let kept = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    s3.put_bucket_versioning().bucket(&name).versioning_configuration(kept).send().await.unwrap();
    name
}

#[test]
fn the_stack_has_something_of_every_kind() {
    for kind in registry() {
        assert!(include_str!("stack.toml").contains(&format!("\n[{}.", kind.name())), "no {}", kind.name());
    }
}

#[tokio::test]
async fn each_policy_is_enough_for_its_purpose_and_for_no_other() {
    let project = Project::new(&state_bucket().await);
    let root_cloud = cloud(root());
    let planner = user(&root_cloud, &project.policy("plan")).await;
    let applier = user(&root_cloud, &project.policy("apply")).await;
    let destroyer = user(&root_cloud, &project.policy("destroy")).await;
    let change = ["--set", "days=30"];

    project.code(&planner, &["plan", "--detailed-exitcode"], 3);
    project.code(&applier, &["apply", "--auto-approve"], 0);
    project.code(&planner, &["plan", "--detailed-exitcode"], 0);
    // Nothing of it is changed by one who may only read, or only read and delete.
    for other in [&planner, &destroyer] {
        let output = project.run(other, &[&["apply", "--auto-approve"], &change[..]].concat());
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && text.contains("logs:PutRetentionPolicy"), "{text}");
    }
    let output = project.run(&planner, &["destroy", "--auto-approve", "--allow-data-loss", "all"]);
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    project.code(&applier, &[&["apply", "--auto-approve"], &change[..]].concat(), 0);
    project.code(&destroyer, &["destroy", "--auto-approve", "--allow-data-loss", "all"], 0);
}
