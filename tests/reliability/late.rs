//! A create that arrives after its sender has died, and after the next command has begun: found, and made once only.

use crate::project::{Project, all, eventually};
use crate::proxy::Fate;
use crate::stage::Stage;
use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use nix::sys::signal::Signal;
use stackctl::cloud::Cloud;
use stackctl::local::Layout;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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

/// Sends a request, and makes a pause in its midst.
#[derive(Debug, Clone)]
struct Slow {
    pause: Duration,
    begun: Arc<AtomicBool>,
}

impl HttpConnector for Slow {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (uri, method) = (request.uri().to_owned(), request.method().to_owned());
        let host = uri.split('/').nth(2).unwrap().to_owned();
        let body = request.body().bytes().unwrap().to_vec();
        let mut head = format!("{method} / HTTP/1.1\r\nConnection: close\r\n");
        for (name, value) in request.headers().iter() {
            head += &format!("{name}: {value}\r\n");
        }
        for (name, value) in [("host", host.clone()), ("content-length", body.len().to_string())] {
            if request.headers().get(name).is_none() {
                head += &format!("{name}: {value}\r\n");
            }
        }
        let this = self.clone();
        let send = move || {
            let mut stream = TcpStream::connect(&host).unwrap();
            stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
            stream.write_all(&body[..20]).unwrap();
            this.begun.store(true, Ordering::Relaxed);
            std::thread::sleep(this.pause);
            stream.write_all(&body[20..]).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            let status = answer.split(' ').nth(1).unwrap().parse::<u16>().unwrap();
            let text = answer.split_once("\r\n\r\n").unwrap().1.to_owned();
            HttpResponse::new(status.try_into().unwrap(), SdkBody::from(text))
        };
        HttpConnectorFuture::new(async move { Ok(tokio::task::spawn_blocking(send).await.unwrap()) })
    }
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
    // What it would have sent: on its way while the next command begins.
    let owner = [("stackctl:stack", "late"), ("stackctl:address", "vpc.main"), ("stackctl:intent", intent)];
    let tags = owner.map(|(key, value)| Tag::builder().key(key).value(value).build());
    let tags =
        TagSpecification::builder().resource_type(ResourceType::Vpc).set_tags(Some(tags.to_vec())).build();
    let begun = Arc::new(AtomicBool::new(false));
    let slow = Slow { pause: Duration::from_secs(2), begun: begun.clone() };
    let keys = stackctl::local::keys(&Layout::new(project.path())).unwrap().unwrap();
    let http = http_client_fn(move |_, _| SharedHttpConnector::new(slow.clone()));
    let cloud = Cloud::emulator(&project.endpoint(), "eu-west-1", http).keyed(&keys.id, &keys.secret);
    let late = std::thread::spawn(move || {
        let call = cloud.ec2().create_vpc().cidr_block("10.7.0.0/16").tag_specifications(tags);
        crate::stage::wait(call.send()).unwrap();
    });
    eventually("the first half of it", || begun.load(Ordering::Relaxed).then_some(()));
    let mut next = project.command(&["apply", "--target", "local", "--auto-approve"]);
    let next = next.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    late.join().unwrap();
    let next = next.wait_with_output().unwrap();
    assert!(next.status.success() && all(&next).contains("was created as"), "{}", all(&next));
    project.nothing_to_do("after a late create");
    crate::cloud::owns_one_each(&project, 1);
}
