//! The local cloud is its owner's: on MiniStack, with botocore from MiniStack's own environment, another user of this
//! machine, and a page in Chromium.

use std::{
    io::{Read, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value as Json;
use stackctl::local;

use crate::world::{World, eventually, gateway_pid, kill};

const OWNER: &str = include_str!("owner.py");
const STRANGERS: &str = include_str!("strangers.py");
const PAGE: &str = include_str!("page.html");

fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// What is there to be stolen, and a client that takes it.
struct Target {
    world: World,
    endpoint: String,
}

impl Target {
    async fn new() -> Self {
        let world = World::new();
        let endpoint = world.up().await.gateway.unwrap().endpoint;
        Self { world, endpoint }
    }

    /// With what `stackctl env` prints of AWS.
    fn owner(&self) -> Json {
        let keys = local::keys(&self.world.layout).unwrap().unwrap();
        let program = self.file("owner.py", OWNER);
        let bootstrap = self.file("bootstrap", include_str!("bootstrap.py"));
        let mut command = Command::new(python());
        command.arg(program).arg(bootstrap).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        command.env("AWS_ENDPOINT_URL", &self.endpoint).env("AWS_REGION", "eu-central-1");
        command.env("AWS_ACCESS_KEY_ID", &keys.id).env("AWS_SECRET_ACCESS_KEY", &keys.secret);
        command.env("EXPECT_ROOT", "no");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What went through of what a stranger tries; nothing should.
    fn stranger(&self, way: &str, user: Option<&str>) -> String {
        let mut command = Command::new("python3");
        if let Some(user) = user {
            command = Command::new("setpriv");
            command.args(["--reuid", user, "--regid", "65534", "--clear-groups", "/usr/bin/python3"]);
        }
        let output = command.args(["-c", STRANGERS, &self.endpoint, way]).current_dir("/").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.world.layout.project().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Nobody but its owner has done anything.
    async fn is_untouched(&self) {
        let lambda = aws_sdk_lambda::Client::new(&self.world.config().await);
        let functions = lambda.list_functions().send().await.unwrap().functions.unwrap_or_default();
        let mut names: Vec<_> = functions.iter().filter_map(|function| function.function_name()).collect();
        names.sort_unstable();
        assert_eq!(names, ["python", "who"]);
        let s3 = self.world.s3().await;
        let object = s3.get_object().bucket("loans").key("a").send().await.unwrap();
        assert_eq!(object.body.collect().await.unwrap().into_bytes().as_ref(), b"one");
    }
}

/// That of MiniStack's environment.
fn python() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache"));
    let folders = std::fs::read_dir(cache.join("stackctl")).unwrap().flatten().map(|entry| entry.path());
    let name = format!("ministack-{}-", local::MINISTACK_VERSION);
    let is_it = |path: &Path| {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        file.starts_with(&name) && !file.ends_with(".half")
    };
    folders.filter(|path| is_it(path)).map(|path| path.join("bin/python")).find(|path| path.exists()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn its_owner_comes_in_with_any_client_and_nobody_else() {
    let target = Target::new().await;
    let functions = target.owner();
    let keys = local::keys(&target.world.layout).unwrap().unwrap();
    for kind in ["bootstrap", "python"] {
        let environment = functions[kind].as_object().unwrap();
        let text = functions[kind].to_string();
        assert!(!text.contains(&keys.secret) && !text.contains(&keys.id), "{text}");
        let foreign: Vec<_> = environment
            .keys()
            .filter(|name| {
                name.starts_with("STACKCTL") || name.starts_with("CARGO") || name.contains("STATE")
            })
            .collect();
        assert!(foreign.is_empty(), "{foreign:?}");
        let home = environment["HOME"].as_str().unwrap();
        assert!(Path::new(home).starts_with(target.world.layout.tmp()), "{home}");
    }
    for way in ["plain", "guessed", "browser", "rebound"] {
        assert_eq!(target.stranger(way, None), "", "{way}");
        if is_root() {
            assert_eq!(target.stranger(way, Some("65534")), "", "{way} as nobody");
        }
    }
    if !is_root() {
        eprintln!("not tried as another user: only root can become one");
    }
    target.is_untouched().await;
    target.world.purge().await;
}

/// The runtime API of a function has no credentials: it is for the function's own user.
#[tokio::test(flavor = "multi_thread")]
async fn the_events_of_a_function_are_its_own() {
    let target = Target::new().await;
    let functions = target.owner();
    let api = functions["bootstrap"]["AWS_LAMBDA_RUNTIME_API"].as_str().unwrap().to_owned();
    let next = format!("http://{api}/2018-06-01/runtime/invocation/next");
    let ask = |more: &[&str]| {
        let curl = ["-s", "-o", "/dev/null", "-w", "%{http_code}", "-m", "3"];
        let output = Command::new("curl").args(curl).args(more).arg(&next).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let page = ask(&["-H", "Origin: https://evil.example"]);
    let rebound = ask(&["-H", "Host: evil.example"]);
    if is_root() {
        // We are not the function's user.
        assert_eq!([page, rebound, ask(&[])], ["000"; 3]);
    } else {
        assert_eq!([page, rebound], ["403"; 2]);
    }
    target.world.purge().await;
}

/// As root: neither the function's user nor anybody else reads what is root's or another function's.
#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_nobody_in_particular() {
    if !is_root() {
        eprintln!("not tried: functions run as the user, who is not root");
        return;
    }
    let target = Target::new().await;
    target.owner();
    let layout = &target.world.layout;
    let workers: Vec<u32> = std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|entry| {
            std::fs::read_link(entry.path().join("cwd")).unwrap_or_default().starts_with(layout.tmp())
        })
        .map(|entry| std::os::unix::fs::MetadataExt::uid(&entry.metadata().unwrap()))
        .collect();
    assert!(workers.len() >= 2 && workers.iter().all(|uid| (61_184..65_520).contains(uid)), "{workers:?}");
    let reads = |user: u32, path: &Path| {
        let user = user.to_string();
        let ids = ["--reuid", &user, "--regid", &user, "--clear-groups"];
        Command::new("setpriv").args(ids).args(["ls", "-R"]).arg(path).output().unwrap().status.success()
    };
    let private = [layout.folder().to_path_buf(), layout.databases(), layout.tmp()];
    for path in &private {
        for user in [workers[0], 65_534] {
            assert!(!reads(user, path), "{user} reads {}", path.display());
        }
    }
    target.world.purge().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_comes_in() {
    let found = Command::new("chromium").arg("--version").output();
    if !found.is_ok_and(|found| found.status.success()) {
        eprintln!("not tried: chromium is not installed");
        return;
    }
    let target = Target::new().await;
    target.owner();
    let server = serve(&PAGE.replace("ENDPOINT", &target.endpoint));
    let said = browse(&server, &[]);
    assert_eq!(said.matches(" cors refused").count(), 5, "{said}");
    // What a page may send without asking is answered, unreadable for it, with a refusal.
    assert!(!said.contains(" 200"), "{said}");
    let port = target.endpoint.rsplit(':').next().unwrap();
    let names = "--host-resolver-rules=MAP evil.example 127.0.0.1";
    for path in ["loans/a", "?Action=ListUsers&Version=2010-05-08", "_stackctl/pid?1"] {
        let said = browse(&format!("http://evil.example:{port}/{path}"), &[names]);
        assert!(said.contains("stackctl env"), "{said}");
    }
    target.is_untouched().await;
    target.world.purge().await;
}

/// Serves the page to one browser after the other; its address.
fn serve(page: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
        page.len()
    );
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 8192]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    address
}

/// What the page says in the end.
fn browse(url: &str, more: &[&str]) -> String {
    let profile = tempfile::tempdir().unwrap();
    let quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
    let more_quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];
    let mut command = Command::new("timeout");
    command.args(["60", "chromium"]).args(quiet).args(more_quiet).args(more);
    command.arg(format!("--user-data-dir={}", profile.path().display()));
    command.args(["--virtual-time-budget=20000", "--dump-dom", url]);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// Whoever is told that it is up can use it, however shortly ago MiniStack has died.
#[tokio::test(flavor = "multi_thread")]
async fn up_means_that_it_answers() {
    let world = World::new();
    world.up().await;
    for _ in 0..5 {
        kill(gateway_pid(&world.healed().await));
        world.up().await;
        aws_sdk_sqs::Client::new(&world.config().await).list_queues().send().await.unwrap();
        kill(gateway_pid(&world.healed().await));
        // Who connects waits as well.
        local::connect(&world.layout).await.unwrap();
    }
    world.purge().await;
}

/// A repository may bring a record along, with a key that its author knows.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_from_elsewhere_is_replaced() {
    let world = World::new();
    world.up().await;
    let first = local::keys(&world.layout).unwrap().unwrap();
    let authority = std::fs::read(world.layout.ca()).unwrap();
    local::down(&world.layout, false).await.unwrap();
    world.up().await;
    assert_eq!(local::keys(&world.layout).unwrap().unwrap(), first);
    assert_eq!(std::fs::read(world.layout.ca()).unwrap(), authority);
    local::down(&world.layout, false).await.unwrap();

    let record = world.layout.folder().join("record.json");
    let mut planted: Json = serde_json::from_slice(&std::fs::read(&record).unwrap()).unwrap();
    planted["keys"]["secret"] = "known".into();
    std::fs::write(&record, planted.to_string()).unwrap();
    world.up().await;
    let now = local::keys(&world.layout).unwrap().unwrap();
    assert!(now.id != first.id && now.secret != "known");
    assert_ne!(std::fs::read(world.layout.ca()).unwrap(), authority);
    eventually("usable", async || world.s3().await.list_buckets().send().await.ok()).await;
    world.purge().await;
}
