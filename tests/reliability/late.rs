//! A create that arrives after its sender has died, and after the next command has begun: found, and made once only.

use crate::project::{Project, all, eventually};
use crate::proxy::Fate;
use crate::stage::Stage;
use nix::sys::signal::Signal;
use std::io::{Read, Write};
use std::net::TcpStream;
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

const LOCAL: &str =
    "[stack]\nname = \"late\"\nregion = \"eu-west-1\"\n[vpc.main]\ncidr_block = \"10.7.0.0/16\"\n";

/// On the local cloud nobody waits for half a minute: its gateway knows what it is at work on.
#[test]
fn the_local_cloud_is_waited_for_while_it_is_at_work_for_a_dead_run() {
    let project = Project::of(LOCAL);
    project.says("local up", &["local", "up"]);
    let die = ["apply", "--target", "local", "--auto-approve", "--die-at", "before_call ec2:CreateVpc"];
    assert_eq!(project.run(&die).status.code(), None, "it dies before its call");
    let journal = std::fs::read_to_string(project.path().join("state/late.local.journal")).unwrap();
    let intent = journal.lines().find(|line| line.contains("\"intent\"")).unwrap();
    let intent = intent.split("\"intent\":\"").nth(1).unwrap().split('"').next().unwrap();
    // What it would have sent, on its way while the next command begins.
    let mut form = "Action=CreateVpc&Version=2016-11-15&CidrBlock=10.7.0.0%2F16\
                    &TagSpecification.1.ResourceType=vpc"
        .to_owned();
    let tags =
        [("stackctl%3Astack", "late"), ("stackctl%3Aaddress", "vpc.main"), ("stackctl%3Aintent", intent)];
    for (index, (key, value)) in tags.iter().enumerate() {
        let number = index + 1;
        form += &format!(
            "&TagSpecification.1.Tag.{number}.Key={key}&TagSpecification.1.Tag.{number}.Value={value}"
        );
    }
    let endpoint = project.endpoint();
    let host = endpoint.trim_start_matches("http://");
    let mut late = TcpStream::connect(host).unwrap();
    let (key, _) = stackctl::cloud::EMULATOR;
    write!(
        late,
        "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Authorization: AWS4-HMAC-SHA256 Credential={key}/20260101/eu-west-1/ec2/aws4_request, SignedHeaders=host, \
         Signature=0\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
        form.len(),
        &form[..20]
    )
    .unwrap();
    let next = project
        .command(&["apply", "--target", "local", "--auto-approve"])
        .stderr(std::process::Stdio::piped())
        .spawn();
    let next = next.unwrap();
    std::thread::sleep(Duration::from_secs(2));
    late.write_all(&form.as_bytes()[20..]).unwrap();
    let mut answer = String::new();
    late.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let next = next.wait_with_output().unwrap();
    assert!(next.status.success() && all(&next).contains("was created as"), "{}", all(&next));
    project.nothing_to_do("after a late create");
    crate::cloud::owns_one_each(&project, 1);
}
