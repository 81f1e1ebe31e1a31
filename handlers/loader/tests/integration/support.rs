//! A real Postgres for the tests, and the real binary.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

/// A server, which is stopped when the last test lets go of it.
pub struct Server {
    process: Child,
    port: u16,
    log: Arc<Mutex<Vec<u8>>>,
    _folder: TempDir,
}

static SERVER: Mutex<Weak<Server>> = Mutex::new(Weak::new());
/// Settings of the server other than those of the tests, which are quick and not safe.
pub static SETTINGS: OnceLock<Vec<&str>> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

impl Server {
    fn shared() -> Arc<Self> {
        let mut shared = SERVER.lock().unwrap();
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Self::start(|_| Vec::new()));
            *shared = Arc::downgrade(&server);
            server
        })
    }

    /// A server of one's own. `prepare` gets its folder before it starts, and returns further arguments.
    pub fn start(prepare: impl FnOnce(&Path) -> Vec<String>) -> Self {
        let folder = tempfile::Builder::new().prefix("loader-postgres-").tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        give_to_server(&data);
        let initdb = as_server("initdb")
            .args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(initdb.status.success(), "initdb failed: {}", String::from_utf8_lossy(&initdb.stderr));
        let rules = "host all guarded 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n";
        std::fs::write(data.join("pg_hba.conf"), rules).unwrap();
        let further = prepare(&data);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut process = as_server("postgres")
            .arg("-D")
            .arg(&data)
            .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-k", "", "-c", "max_connections=50"])
            .args(SETTINGS.get_or_init(|| {
                vec!["-c", "fsync=off", "-c", "shared_buffers=64MB", "-c", "max_wal_size=512MB"]
            }))
            .args(further)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = await_ready(&mut process);
        Self { process, port, log, _folder: folder }
    }

    /// What it has logged since it was ready.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&self.log.lock().unwrap()).into_owned()
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-QUIT", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }
}

/// Waits until a server that was started takes connections. Returns where its log goes from then on.
pub fn await_ready(process: &mut Child) -> Arc<Mutex<Vec<u8>>> {
    let mut log = BufReader::new(process.stderr.take().unwrap());
    let mut seen = String::new();
    while !seen.contains("ready to accept connections") {
        assert_ne!(log.read_line(&mut seen).unwrap(), 0, "postgres did not start: {seen}");
    }
    let kept = Arc::new(Mutex::new(Vec::new()));
    let written = Arc::clone(&kept);
    std::thread::spawn(move || {
        let mut line = Vec::new();
        while log.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            written.lock().unwrap().append(&mut line);
        }
    });
    kept
}

/// Makes the server's user the owner of a file, where that is not us.
pub fn give_to_server(path: &Path) {
    if is_root() {
        chown(path, Some(id("-u", "postgres")), Some(id("-g", "postgres"))).unwrap();
    }
}

pub fn is_root() -> bool {
    id("-u", "") == 0
}

fn id(option: &str, user: &str) -> u32 {
    let output =
        Command::new("id").arg(option).args(Some(user).filter(|user| !user.is_empty())).output().unwrap();
    assert!(output.status.success(), "there is no user {user}: install PostgreSQL, which makes it");
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

/// A program of Postgres, run as its own user where we are root: as root it refuses to start.
fn as_server(program: &str) -> Command {
    let program = find(program);
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"])
        .arg(program)
        .current_dir("/");
    command
}

pub fn find(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path).collect::<Vec<_>>();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        let mut versions = versions.map(|version| version.unwrap().path().join("bin")).collect::<Vec<_>>();
        versions.sort();
        folders.extend(versions.into_iter().rev());
    }
    folders.into_iter().map(|folder| folder.join(program)).find(|path| path.is_file()).unwrap_or_else(|| {
        panic!("{program} not found: install PostgreSQL 14 or later (apt-get install postgresql)")
    })
}

/// An empty database of one's own.
pub struct World {
    server: Arc<Server>,
    name: String,
    user: &'static str,
    /// Where the test's files lie.
    pub folder: TempDir,
    /// A session that looks on.
    pub client: Client,
}

impl World {
    pub async fn new() -> Self {
        Self::on(Server::shared(), "postgres").await
    }

    /// A database of a user on a server of one's own; the loader connects as that user.
    pub async fn on(server: Arc<Server>, user: &'static str) -> Self {
        let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        let admin = connect(server.port, "postgres").await;
        admin.batch_execute(&format!("create database {name} owner {user}")).await.unwrap();
        let client = connect(server.port, &name).await;
        Self { server, name, user, folder: tempfile::tempdir().unwrap(), client }
    }

    pub fn url(&self) -> String {
        format!("postgres://{}@127.0.0.1:{}/{}", self.user, self.server.port, self.name)
    }

    /// Where the server listens, and what the database is called.
    pub fn parts(&self) -> (u16, &str) {
        (self.server.port, &self.name)
    }

    /// What the server has logged.
    pub fn server_log(&self) -> String {
        self.server.log()
    }

    pub async fn session(&self) -> Client {
        connect(self.server.port, &self.name).await
    }

    /// The path of a file with this content.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The path of a generated file.
    pub fn generated(&self, name: &str, rows: u64, seed: u64) -> PathBuf {
        let mut content = Vec::new();
        loader::generate::write(rows, seed, &mut content).unwrap();
        self.file(name, content)
    }

    /// The binary, about to be run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loader"));
        command.args(arguments).env("DATABASE_URL", self.url()).env_remove("AWS_LAMBDA_RUNTIME_API");
        command
    }

    /// Loads a file, which must succeed, and returns the name of the last stage.
    pub fn load(&self, path: &Path) -> String {
        let output = self.try_load(path);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        last_stage(&output)
    }

    /// Loads a file.
    pub fn try_load(&self, path: &Path) -> Output {
        self.command(&["load", path.to_str().unwrap()]).output().unwrap()
    }

    /// One number.
    pub async fn number(&self, query: &str) -> i64 {
        self.client.query_one(query, &[]).await.unwrap().get(0)
    }

    /// One column as text, joined by commas.
    pub async fn list(&self, query: &str) -> String {
        let rows = self.client.query(query, &[]).await.unwrap();
        rows.iter()
            .map(|row| row.get::<_, Option<String>>(0).unwrap_or_else(|| "null".into()))
            .collect::<Vec<_>>()
            .join(",")
    }

    /// Statuses of all files in the order in which they were seen.
    pub async fn statuses(&self) -> String {
        self.list("select status from ingest.files order by id").await
    }

    pub async fn rows(&self) -> i64 {
        self.number("select count(*) from master_loan").await
    }
}

/// The stage of the last line that the loader logged.
pub fn last_stage(output: &Output) -> String {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let line: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    line["stage"].as_str().unwrap().to_owned()
}

async fn connect(port: u16, database: &str) -> Client {
    let url = format!("postgres://postgres@127.0.0.1:{port}/{database}");
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
