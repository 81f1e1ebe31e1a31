//! A create that arrives after its sender has died, and after the next command has begun: found, and made once only.

use crate::project::{all, eventually};
use crate::proxy::Fate;
use crate::stage::Stage;
use nix::sys::signal::Signal;
use std::process::Command;
use std::time::Duration;

const APPLY: &[&str] = &["apply", "--auto-approve"];
const NEXT: &[&str] = &["apply", "--auto-approve", "--lock-timeout", "60"];

/// One create is late; its sender dies at once, and somebody else begins at once.
fn arrives_late(stage: &Stage, command: impl Fn(&[&str]) -> Command, text: &'static str) {
    stage.proxy.decide(move |request| match request.contains(text) {
        true => Fate::Late(Duration::from_secs(4)),
        false => Fate::Passes,
    });
    let mut dying = command(APPLY).spawn().unwrap();
    eventually("the create", || (stage.proxy.count(text) > 0).then_some(()));
    stage.proxy.decide(|_| Fate::Passes);
    let pid = nix::unistd::Pid::from_raw(i32::try_from(dying.id()).unwrap());
    nix::sys::signal::kill(pid, Signal::SIGKILL).unwrap();
    dying.wait().unwrap();
    let next = command(NEXT).output().unwrap();
    assert!(next.status.success(), "{}", all(&next));
    assert!(all(&next).contains("was created as"), "{}", all(&next));
    let plan = command(&["plan", "--detailed-exitcode"]).output().unwrap();
    assert_eq!(plan.status.code(), Some(0), "{}", all(&plan));
}

#[test]
fn a_late_create_is_found_at_an_endpoint_that_the_stack_names() {
    let stage = Stage::of_vpcs(1);
    arrives_late(&stage, |args| stage.command(args), "Action=CreateVpc&");
    stage.is_whole(1);
}

#[test]
fn a_late_create_is_found_at_an_endpoint_of_the_environment() {
    let stage = Stage::of_vpcs(1);
    let command = |args: &[&str]| {
        let mut command = stage.command(args);
        command.env_remove("STACKCTL_TARGET").env("AWS_ENDPOINT_URL", &stage.proxy.endpoint);
        command
    };
    arrives_late(&stage, command, "Action=CreateVpc&");
    assert!(stage.vpcs().len() == 1 && stage.vpcs().values().all(|found| *found == 1), "{:?}", stage.vpcs());
}

#[test]
fn a_bucket_of_this_address_is_adopted_whichever_create_made_it() {
    let stage = Stage::of("[bucket.files]\nforce_destroy = true\n");
    // As a create leaves it that arrived after all: the tags are ours, and no journal knows of its intent any more.
    stage.says(APPLY);
    let removed = stage.run(&["state", "rm", "bucket.files"]);
    assert!(removed.status.success(), "{}", all(&removed));
    stage.says(APPLY);
    let plan = stage.run(&["plan", "--detailed-exitcode"]);
    assert_eq!(plan.status.code(), Some(0), "{}", all(&plan));
    stage.says(&["destroy", "--auto-approve", "--allow-data-loss", "all"]);
    let listed = crate::stage::wait(stage.cloud().s3().list_buckets().send()).unwrap();
    let names: Vec<&str> = listed.buckets().iter().filter_map(|bucket| bucket.name()).collect();
    assert!(!names.iter().any(|name| name.contains("files")), "{names:?}");
}
