//! The emulators: started when first needed, one of each per test process, gone when the process is gone.

use crate::started::Emulator;
use crate::watched::watching;
use aws_smithy_http_client::Builder;
use stackctl::cloud::Cloud;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::LazyLock;

static MOTO: LazyLock<Emulator> = LazyLock::new(|| {
    Emulator::start("moto_server", &|port| {
        vec!["-H".into(), "127.0.0.1".into(), "-p".into(), port.to_string()]
    })
});
/// Another one, since it keeps the functions of the two sorts apart.
static MOTO_CALLS: LazyLock<Emulator> = LazyLock::new(|| {
    let moto = Emulator::start("moto_server", &|port| {
        vec!["-H".into(), "127.0.0.1".into(), "-p".into(), port.to_string()]
    });
    let body = r#"{"lambda": {"use_docker": false}}"#;
    let answer = post(&moto.endpoint, "/moto-api/config", body);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    moto
});
static MINISTACK: LazyLock<Emulator> = LazyLock::new(|| Emulator::start("ministack", &|_| vec![]));

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
    Cloud::emulator(&emulator.endpoint, "eu-west-1", watching(Builder::new().build_http()))
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
