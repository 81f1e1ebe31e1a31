//! A proxy that the environment names stands between every command and AWS, and nowhere else. Nothing here is AWS.

use crate::invocation::{Answer, Test};
use crate::recorder::Recorder;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

const STACK: &str = "[stack]\nname = \"demo\"\nregion = \"eu-west-1\"\n[queue.jobs]\n";

/// A proxy that lets nobody through, and keeps what it was asked: the first line, and with whose password.
struct Proxy {
    host: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn new(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = asked.clone();
        // It ends with the test.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let lines = BufReader::new(&stream).lines().map_while(Result::ok);
                let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
                let Some(first) = head.first().cloned() else { continue };
                let login = head.iter().find(|line| line.to_lowercase().starts_with("proxy-authorization:"));
                kept.lock().unwrap().push(login.map_or(first.clone(), |login| format!("{first} {login}")));
                let _ =
                    write!(&stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            }
        });
        Self { host, asked }
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn plan(variables: &[(&str, &str)]) -> Answer {
    let test = Test::new().stack(STACK).args(["plan"]);
    let test = test.env("AWS_ACCESS_KEY_ID", "A").env("AWS_SECRET_ACCESS_KEY", "x");
    variables.iter().fold(test, |test, (name, value)| test.env(name, value)).run()
}

const NOWHERE: (&str, &str) = ("AWS_ENDPOINT_URL", "https://aws.invalid");
const ASKED: &str = "CONNECT aws.invalid:443 HTTP/1.1";

#[test]
fn calls_of_aws_go_through_it() {
    let proxy = Proxy::new("403 Forbidden");
    let url = format!("http://{}", proxy.host);
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let answer = plan(&[NOWHERE, (name, &url)]);
        assert_eq!(proxy.take(), [ASKED], "{name}: {}", answer.stderr);
        let said = format!(
            "aws.invalid (through the proxy {}) was not asked: the proxy does not let this machine through",
            proxy.host
        );
        assert!(answer.stderr.contains(&said), "{}", answer.stderr);
        assert!(
            answer.stderr.contains(&format!("{name} names the proxy {}", proxy.host)),
            "{}",
            answer.stderr
        );
    }
    // Of AWS itself, whose name no answer is needed for.
    plan(&[("HTTPS_PROXY", &url)]);
    assert_eq!(proxy.take(), ["CONNECT sts.eu-west-1.amazonaws.com:443 HTTP/1.1"]);
    let without = [
        ("NO_PROXY", "aws.invalid"),
        ("no_proxy", ".invalid"),
        ("NO_PROXY", "*.invalid, x"),
        ("NO_PROXY", "*"),
    ];
    for rules in without {
        let answer = plan(&[NOWHERE, ("HTTPS_PROXY", &url), rules]);
        assert_eq!(proxy.take(), Vec::<String>::new(), "{rules:?}");
        assert!(answer.stderr.contains("aws.invalid cannot be found"), "{}", answer.stderr);
    }
    plan(&[NOWHERE, ("HTTPS_PROXY", &url), ("NO_PROXY", "valid,other.invalid,10.0.0.0/8")]);
    assert_eq!(proxy.take(), [ASKED]);
}

/// Single sign-on is asked by the same way as AWS.
#[test]
fn credentials_are_had_through_it() {
    let proxy = Proxy::new("502 Bad Gateway");
    let config = "[profile team]\nsso_start_url = https://team.invalid/start\nsso_region = eu-west-1\n\
                  sso_account_id = 123456789012\nsso_role_name = Deploy\n";
    // Named for the address of the portal, by SHA-1.
    let token =
        "{\"accessToken\": \"t\", \"expiresAt\": \"2999-01-01T00:00:00Z\", \"region\": \"eu-west-1\"}";
    let cached = ".aws/sso/cache/5769547bc66dac696513d8cb7a5edfe32ed2faff.json";
    let test = Test::new().stack(STACK).args(["plan"]).file(".aws/config", config).file(cached, token);
    let test = test.env("AWS_PROFILE", "team").env("HTTPS_PROXY", &format!("http://{}", proxy.host));
    let answer = test.failure(1);
    let asked = proxy.take();
    assert!(!asked.is_empty(), "{}", answer.stderr);
    assert!(
        asked.iter().all(|line| line.starts_with("CONNECT portal.sso.eu-west-1.amazonaws.com:443 ")),
        "{asked:?}"
    );
}

#[test]
fn this_machine_is_asked_without_it() {
    let (proxy, recorder) = (Proxy::new("403 Forbidden"), Recorder::new());
    let url = format!("http://{}", proxy.host);
    let all = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"].map(|name| (name, url.as_str()));
    let port = recorder.url.rsplit_once(':').unwrap().1.to_owned();
    for host in ["127.0.0.1", "localhost", "127.1.2.3"] {
        let endpoint = format!("http://{host}:{port}");
        let answer = plan(&[&all[..], &[("AWS_ENDPOINT_URL", &endpoint)]].concat());
        // It listens at one address alone.
        assert_eq!(answer.code == 0, host != "127.1.2.3", "{host}: {}", answer.stderr);
        assert_eq!(proxy.take(), Vec::<String>::new(), "{host}");
    }
}

/// Plain HTTP to elsewhere is forwarded, and the whole plan goes that way.
#[test]
fn plain_http_is_forwarded() {
    let recorder = Recorder::new();
    let answer = plan(&[("AWS_ENDPOINT_URL", "http://emulator.invalid:5000"), ("HTTP_PROXY", &recorder.url)]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let asked = recorder.take();
    assert!(
        asked.len() >= 2 && asked.iter().all(|text| text.starts_with("POST http://emulator.invalid:5000/")),
        "{asked:?}"
    );
}

#[test]
fn a_proxy_that_asks_for_a_name_gets_it_and_nobody_reads_it() {
    let proxy = Proxy::new("407 Proxy Authentication Required");
    let answer = plan(&[NOWHERE, ("HTTPS_PROXY", &format!("http://{}", proxy.host))]);
    assert!(answer.stderr.contains("the proxy wants a name and a password"), "{}", answer.stderr);
    assert!(
        answer.stderr.contains("Write them into HTTPS_PROXY: http://NAME:PASSWORD@"),
        "{}",
        answer.stderr
    );
    proxy.take();
    let answer = plan(&[NOWHERE, ("HTTPS_PROXY", &format!("http://me:hunt%402@{}", proxy.host))]);
    // me:hunt@2
    assert_eq!(proxy.take(), [format!("{ASKED} Proxy-Authorization: Basic bWU6aHVudEAy")]);
    assert!(!answer.stderr.contains("hunt"), "{}", answer.stderr);
}

#[test]
fn what_is_no_proxy_and_one_that_is_not_there() {
    let answer = plan(&[NOWHERE, ("HTTPS_PROXY", "socks5://me:hunter2@127.0.0.1:1080")]);
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("HTTPS_PROXY names a proxy that speaks socks5"), "{}", answer.stderr);
    assert!(!answer.stderr.contains("hunter2"), "{}", answer.stderr);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let answer = plan(&[NOWHERE, ("https_proxy", &format!("http://{free}"))]);
    let said = format!("aws.invalid (through the proxy {free}) refuses the connection, asked 3 times");
    assert!(answer.stderr.contains(&said), "{}", answer.stderr);
    assert!(answer.stderr.contains("such as NO_PROXY=aws.invalid"), "{}", answer.stderr);
}
