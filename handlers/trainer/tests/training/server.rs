//! A PostgreSQL server for the tests, and databases filled by the loader.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};

use loader::aws::Aws;
use loader::database::Database;
use loader::load::{Caller, Loader};
use loader::settings::Settings;
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

static SERVER: Mutex<Weak<Server>> = Mutex::new(Weak::new());
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// Stopped when the last test lets go of it.
pub struct Server {
    process: Child,
    port: u16,
    _folder: TempDir,
}

impl Server {
    fn shared() -> Arc<Self> {
        let mut shared = SERVER.lock().unwrap();
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Self::start());
            *shared = Arc::downgrade(&server);
            server
        })
    }

    fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("trainer-postgres-").tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        if id("-u", None) == 0 {
            chown(&data, Some(id("-u", Some("postgres"))), Some(id("-g", Some("postgres")))).unwrap();
        }
        let initdb = as_server("initdb")
            .args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(initdb.status.success(), "initdb failed: {}", String::from_utf8_lossy(&initdb.stderr));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut process = as_server("postgres")
            .arg("-D")
            .arg(&data)
            .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-k", "", "-c", "fsync=off"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let mut seen = String::new();
        while !seen.contains("ready to accept connections") {
            assert_ne!(log.read_line(&mut seen).unwrap(), 0, "postgres did not start: {seen}");
        }
        std::thread::spawn(move || log.read_to_end(&mut Vec::new()));
        Self { process, port, _folder: folder }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-QUIT", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }
}

fn id(option: &str, user: Option<&str>) -> u32 {
    let output = Command::new("id").arg(option).args(user).output().unwrap();
    assert!(output.status.success(), "there is no user postgres: install PostgreSQL, which makes it");
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

/// A program of PostgreSQL, run as its own user where we are root: as root it refuses to start.
fn as_server(program: &str) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path).collect::<Vec<_>>();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        let mut versions = versions.map(|version| version.unwrap().path().join("bin")).collect::<Vec<_>>();
        versions.sort();
        folders.extend(versions.into_iter().rev());
    }
    let program = folders.into_iter().map(|folder| folder.join(program)).find(|path| path.is_file());
    let program = program.expect("PostgreSQL is not installed (apt-get install postgresql)");
    if id("-u", None) != 0 {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"])
        .arg(program)
        .current_dir("/");
    command
}

/// A database with loans, and a folder for artifacts.
pub struct World {
    server: Arc<Server>,
    name: String,
    pub folder: TempDir,
    /// A session that looks on.
    pub client: Client,
}

impl World {
    /// A database into which the loader has loaded files.
    pub async fn loaded(files: &[PathBuf]) -> Self {
        let server = Server::shared();
        let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        let admin = connect(server.port, "postgres").await;
        admin.batch_execute(&format!("create database {name}")).await.unwrap();
        let client = connect(server.port, &name).await;
        let world = Self { server, name, folder: tempfile::tempdir().unwrap(), client };
        for file in files {
            world.load(file).await;
        }
        world
    }

    /// Loads one file more.
    pub async fn load(&self, file: &Path) {
        let loader = Loader {
            aws: Aws::default(),
            database: Database::from_variables(Some(&self.url()), |_| None).unwrap(),
            settings: Settings::from_environment().unwrap(),
        };
        loader.load(&file.to_str().unwrap().parse().unwrap(), Caller::default()).await.unwrap();
    }

    /// Loads invented loans more.
    pub async fn load_generated(&self, rows: u64, seed: u64) {
        let path = self.folder.path().join(format!("more-{seed}.csv"));
        loader::generate::write(rows, seed, &mut std::fs::File::create(&path).unwrap()).unwrap();
        self.load(&path).await;
    }

    /// A session of one's own.
    pub async fn session(&self) -> Client {
        connect(self.server.port, &self.name).await
    }

    /// Waits until a query counts something.
    pub async fn until(&self, query: &str) {
        let begun = std::time::Instant::now();
        while self.number(query).await == 0 {
            assert!(begun.elapsed().as_secs() < 120, "never: {query}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    pub async fn text(&self, query: &str) -> String {
        let rows = self.client.query(query, &[]).await.unwrap();
        rows.iter()
            .map(|row| row.get::<_, Option<String>>(0).unwrap_or_default())
            .collect::<Vec<_>>()
            .join(",")
    }

    /// A database with invented loans.
    pub async fn generated(rows: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("loans.csv");
        loader::generate::write(rows, 11, &mut std::fs::File::create(&path).unwrap()).unwrap();
        Self::loaded(&[path]).await
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{}", self.server.port, self.name)
    }

    /// The same database for another user.
    pub fn url_of(&self, user: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{}", self.server.port, self.name)
    }

    pub fn artifacts(&self) -> PathBuf {
        self.folder.path().join("artifacts")
    }

    /// Runs the trainer, whatever comes of it.
    pub fn try_run(&self, arguments: &[&str]) -> Output {
        self.run_as(&self.url(), &self.artifacts(), arguments)
    }

    pub fn run_as(&self, url: &str, artifacts: &Path, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_trainer"))
            .args(arguments)
            .env("DATABASE_URL", url)
            .env("TRAINER_ARTIFACTS", artifacts)
            .output()
            .unwrap()
    }

    /// Runs the trainer, which must succeed, and returns what it printed.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.try_run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs the trainer, which must fail, and returns its error.
    pub fn refused(&self, arguments: &[&str]) -> String {
        let output = self.try_run(arguments);
        assert!(
            !output.status.success(),
            "{arguments:?} succeeded: {}",
            String::from_utf8_lossy(&output.stdout)
        );
        String::from_utf8(output.stderr).unwrap()
    }

    pub async fn sql(&self, statement: &str) {
        self.client.batch_execute(statement).await.unwrap();
    }

    pub async fn number(&self, query: &str) -> i64 {
        self.client.query_one(query, &[]).await.unwrap().get(0)
    }

    /// Files in a folder below the artifacts.
    pub fn kept(&self, folder: &str) -> Vec<PathBuf> {
        let mut files = std::fs::read_dir(self.artifacts().join(folder))
            .map(|entries| entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>())
            .unwrap_or_default();
        files.sort();
        files
    }
}

async fn connect(port: u16, database: &str) -> Client {
    let url = format!("postgres://postgres@127.0.0.1:{port}/{database}");
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
