//! An emulator of AWS as a process of its own.

use crate::environment::environment;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The emulator outlives its pipe from us by nothing: statics are never dropped, but their pipes close with the process,
/// however it ends.
const UNTIL_STDIN_CLOSES: &str = r#""$@" <&- & pid=$!; cat >/dev/null; kill $pid; wait $pid"#;

/// Ends when it is dropped, or with the process.
pub struct Emulator {
    pub endpoint: String,
    child: Child,
    _folder: TempDir,
}

impl Drop for Emulator {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

impl Emulator {
    /// `args` are made from the port that it shall listen on.
    pub fn start(program: &str, args: &dyn Fn(u16) -> Vec<String>) -> Self {
        Self::with(program, args, &[])
    }

    /// With more in its environment.
    pub fn with(program: &str, args: &dyn Fn(u16) -> Vec<String>, environment: &[(&str, &str)]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::Builder::new().prefix(&format!("stackctl-{program}-")).tempdir().unwrap();
        let child = Command::new("sh")
            .args(["-c", UNTIL_STDIN_CLOSES, "emulator"])
            .arg(bin(program))
            .args(args(port))
            .envs([("BIND_HOST", "127.0.0.1".to_owned()), ("GATEWAY_PORT", port.to_string())])
            .envs(environment.iter().copied())
            .current_dir(folder.path())
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
        Self { endpoint: format!("http://127.0.0.1:{port}"), child, _folder: folder }
    }
}

/// A program of the Python environment with both emulators, which is made when it is first needed: `STACKCTL_EMULATORS`
/// names another one.
pub fn bin(program: &str) -> PathBuf {
    let given = std::env::var_os("STACKCTL_EMULATORS").map(PathBuf::from);
    given.unwrap_or_else(|| ENVIRONMENT.clone()).join("bin").join(program)
}

static ENVIRONMENT: LazyLock<PathBuf> =
    LazyLock::new(|| environment("emulators", include_str!("../kinds/requirements.txt")));

fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut answer = [0; 4];
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").is_ok()
        && stream.read_exact(&mut answer).is_ok()
        && &answer == b"HTTP"
}
