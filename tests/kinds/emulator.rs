//! The emulators: started when first needed, one of each per test process, gone when the process is gone.

use crate::environment::environment;
use aws_smithy_http_client::Builder;
use stackctl::cloud::Cloud;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// The emulator outlives its pipe from us by nothing: statics are never dropped, but their pipes close with the process,
/// however it ends.
const UNTIL_STDIN_CLOSES: &str = r#""$@" <&- & pid=$!; cat >/dev/null; kill $pid; wait $pid"#;

struct Emulator {
    endpoint: String,
    _child: Child,
}

static MOTO: LazyLock<Emulator> = LazyLock::new(|| {
    start("moto_server", &|port| vec!["-H".into(), "127.0.0.1".into(), "-p".into(), port.to_string()])
});
/// Another one, since it keeps the functions of the two sorts apart.
static MOTO_CALLS: LazyLock<Emulator> = LazyLock::new(|| {
    let moto =
        start("moto_server", &|port| vec!["-H".into(), "127.0.0.1".into(), "-p".into(), port.to_string()]);
    let body = r#"{"lambda": {"use_docker": false}}"#;
    let answer = post(&moto.endpoint, "/moto-api/config", body);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    moto
});
static MINISTACK: LazyLock<Emulator> = LazyLock::new(|| start("ministack", &|_| vec![]));

/// A cloud played by moto: strict about EC2, never runs code.
pub fn moto() -> Cloud {
    cloud(&MOTO)
}

/// moto whose functions answer, without being run, with what they are called with.
pub fn moto_calls() -> Cloud {
    cloud(&MOTO_CALLS)
}

/// A cloud played by MiniStack: the local cloud of stackctl.
pub fn ministack() -> Cloud {
    cloud(&MINISTACK)
}

fn cloud(emulator: &Emulator) -> Cloud {
    // One HTTP client per test, since each test has a runtime of its own.
    Cloud::emulator(&emulator.endpoint, "eu-west-1", Builder::new().build_http())
}

/// A program of the Python environment with both emulators, which is made when it is first needed: `STACKCTL_EMULATORS`
/// names another one.
fn bin(program: &str) -> PathBuf {
    let given = std::env::var_os("STACKCTL_EMULATORS").map(PathBuf::from);
    given.unwrap_or_else(|| ENVIRONMENT.clone()).join("bin").join(program)
}

static ENVIRONMENT: LazyLock<PathBuf> =
    LazyLock::new(|| environment("emulators", include_str!("requirements.txt")));

fn start(program: &str, args: &dyn Fn(u16) -> Vec<String>) -> Emulator {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let folder = std::env::temp_dir().join(format!("stackctl-{program}-{port}"));
    std::fs::create_dir_all(&folder).unwrap();
    let child = Command::new("sh")
        .args(["-c", UNTIL_STDIN_CLOSES, "emulator"])
        .arg(bin(program))
        .args(args(port))
        .envs([("BIND_HOST", "127.0.0.1".to_owned()), ("GATEWAY_PORT", port.to_string())])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !answers(port) {
        assert!(Instant::now() < deadline, "{program} does not answer on port {port}");
        std::thread::sleep(Duration::from_millis(100));
    }
    Emulator { endpoint: format!("http://127.0.0.1:{port}"), _child: child }
}

fn post(endpoint: &str, path: &str, body: &str) -> String {
    let host = endpoint.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let length = body.len();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut answer = [0; 4];
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").is_ok()
        && stream.read_exact(&mut answer).is_ok()
        && &answer == b"HTTP"
}

/// A test on both emulators.
macro_rules! on_both {
    ($($test:ident),* $(,)?) => {
        mod on_moto {
            $(#[tokio::test]
            async fn $test() {
                super::$test(&crate::emulator::moto()).await;
            })*
        }
        mod on_ministack {
            $(#[tokio::test]
            async fn $test() {
                super::$test(&crate::emulator::ministack()).await;
            })*
        }
    };
}
pub(crate) use on_both;
