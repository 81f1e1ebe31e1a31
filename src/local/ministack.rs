use std::{
    net::Ipv4Addr,
    path::PathBuf,
    process::Stdio,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use nix::sys::signal::Signal;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::Command,
};

use super::{
    error::{FileContext, Result},
    keeper::Program,
    keys::Keys,
    layout::Layout,
    logs, port,
    process::{MARKER, inherited, marked, working_in},
    record::RecordFile,
    workers::Workers,
};
use crate::folder::Folder;

pub(super) const PART: &str = "ministack";
/// Its entry point first.
const GATEWAY: [(&str, &str); 5] = [
    ("gateway.py", include_str!("gateway/gateway.py")),
    ("disk.py", include_str!("gateway/disk.py")),
    ("door.py", include_str!("gateway/door.py")),
    ("signature.py", include_str!("gateway/signature.py")),
    ("workers.py", include_str!("gateway/workers.py")),
];
/// Where users of other emulators look first.
const USUAL_PORT: u16 = 4566;

/// The AWS APIs.
#[derive(Debug, Clone)]
pub(super) struct Ministack {
    layout: Layout,
    python: PathBuf,
    record: Arc<RecordFile>,
    keys: Keys,
    port: Arc<AtomicU16>,
    note: Arc<Mutex<Option<String>>>,
}

impl Ministack {
    pub(super) fn new(layout: Layout, python: PathBuf, record: Arc<RecordFile>, keys: Keys) -> Self {
        Self { layout, python, record, keys, port: Arc::default(), note: Arc::default() }
    }

    /// 0 before the first start.
    pub(super) fn port(&self) -> u16 {
        self.port.load(Ordering::Relaxed)
    }

    /// Why the port is not the one that it was.
    pub(super) fn note(&self) -> Option<String> {
        self.note.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn choose_port(&self) -> Result<u16> {
        let remembered = self.record.get().gateway_port;
        let databases: Vec<u16> =
            self.record.get().databases.values().map(|database| database.port).collect();
        let wanted: Vec<u16> = remembered.into_iter().chain([USUAL_PORT]).collect();
        let port = port::choose(&wanted, &databases)?;
        if let Some(before) = remembered.filter(|before| *before != port) {
            let holder = port::holder(before).unwrap_or_else(|| "another program".to_owned());
            *self.note.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(format!("port {before} is taken by {holder}: {port} serves instead"));
        }
        self.port.store(port, Ordering::Relaxed);
        Ok(port)
    }
}

impl Program for Ministack {
    fn part(&self) -> String {
        PART.to_owned()
    }

    fn log(&self) -> PathBuf {
        self.layout.log(PART)
    }

    fn prepare(&self) -> Result<Command> {
        let port = self.choose_port()?;
        let folder = self.layout.gateway();
        let scripts = Folder::open(&folder).at("open", &folder)?;
        for (name, text) in GATEWAY {
            scripts.write(name, text.as_bytes(), 0o600).at("write", folder.join(name))?;
        }
        let workers = Workers::choose(&self.layout, &self.record)?;
        workers.furnish(self.layout.top())?;
        let log = logs::open(&self.log())?;
        let mut command = Command::new(&self.python);
        command
            .args(["-I", "-u", "-B"])
            .arg(folder.join(GATEWAY[0].0))
            .env_clear()
            .envs(inherited())
            // The script takes these away before anything is started.
            .env("_STACKCTL_KEY", &self.keys.id)
            .env("_STACKCTL_SECRET", &self.keys.secret)
            .env(MARKER, self.layout.folder())
            .env("_STACKCTL_HOME", workers.home())
            .env("_STACKCTL_ACCOUNT", workers.account.map(|account| account.to_string()).unwrap_or_default())
            .env("BIND_HOST", Ipv4Addr::LOCALHOST.to_string())
            .env("GATEWAY_PORT", port.to_string())
            // MiniStack sets it for every function, over what the function's own configuration says.
            .env("AWS_ENDPOINT_URL", endpoint(port))
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("PERSIST_STATE", "1")
            .env("STATE_DIR", self.layout.state())
            .env("S3_PERSIST", "1")
            .env("S3_DATA_DIR", self.layout.objects())
            .env("TMPDIR", &workers.code)
            // Both would listen on ports of their own.
            .env("IOT_MTLS_ENABLED", "0")
            .env("SFTP_ENABLED", "0")
            .current_dir(self.layout.folder())
            .stdin(Stdio::piped())
            .stdout(log.try_clone().at("open", self.log())?)
            .stderr(log);
        Ok(command)
    }

    async fn is_ready(&self, pid: u32) -> bool {
        let port = self.port();
        // Remembered once it is ours: another gateway may take it between choosing and listening.
        is_served(port, &self.keys, Some(pid)).await
            && self.record.change(|record| record.gateway_port = Some(port)).is_ok()
    }

    fn sweep(&self) {
        for function in working_in(&self.layout.tmp(), None).into_iter().chain(marked(self.layout.folder())) {
            function.signal(Signal::SIGKILL);
        }
    }

    fn farewell(&self) -> (Signal, Duration) {
        // It waits up to 3 s for open connections before it saves its state.
        (Signal::SIGTERM, Duration::from_secs(10))
    }

    fn start_patience(&self) -> Duration {
        Duration::from_secs(90)
    }
}

pub(super) fn endpoint(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// Whether our gateway listens there. Anybody may have taken the port; nobody else has the key.
pub(super) async fn is_served(port: u16, keys: &Keys, pid: Option<u32>) -> bool {
    let nonce = uuid::Uuid::new_v4().simple().to_string();
    let ask = async {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        let request = format!(
            "GET /_stackctl/pid?{nonce} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.take(64 * 1024).read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    let answer = ask.await.unwrap_or_default();
    let Some(said) = answer.split_once("pid=").and_then(|(_, rest)| Some(rest.split_once(';')?.0)) else {
        return false;
    };
    let proof = keys.proof(&nonce, &format!("pid={said};"));
    answer.contains(&format!("proof={proof};")) && pid.is_none_or(|pid| said == pid.to_string())
}
