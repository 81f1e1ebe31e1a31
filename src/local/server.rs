use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use nix::sys::signal::Signal;
use tokio::process::Command;

use super::{
    account::{Account, our_name},
    admin::{self, ADMIN},
    authority::{Authority, write_private},
    error::{Error, FileContext, IoContext, Result},
    keeper::Program,
    layout::Layout,
    logs, port,
    postgres::Installation,
    process::{inherited, working_in},
    record::RecordFile,
    template::Template,
};

/// What it shows to clients, in the folder of its data.
const CERTIFICATE: &str = "server.crt";
const KEY: &str = "server.key";
/// `en_US.UTF-8` is what RDS has, but minimal systems lack it.
const LOCALES: [&str; 3] = ["C.UTF-8", "en_US.UTF-8", "C"];

/// One PostgreSQL server: the data, and how it is started.
#[derive(Debug, Clone)]
pub(super) struct Server {
    identifier: String,
    layout: Layout,
    account: Account,
    installation: Installation,
    record: Arc<RecordFile>,
    port: Arc<Mutex<u16>>,
    note: Arc<Mutex<Option<String>>>,
}

impl Server {
    /// Makes the data of a new one.
    pub(super) async fn create(
        identifier: &str,
        layout: &Layout,
        record: Arc<RecordFile>,
        version: Option<&str>,
        port: u16,
    ) -> Result<Self> {
        let (account, installation) = (Account::choose()?, Installation::choose(version)?);
        let server = Self::new(identifier, layout, record, account, installation, port);
        server.initdb().await?;
        Ok(server)
    }

    /// The one whose data are there.
    pub(super) fn open(
        identifier: &str,
        layout: &Layout,
        record: Arc<RecordFile>,
        port: u16,
    ) -> Result<Self> {
        let version = folder(layout, identifier).join("PG_VERSION");
        let major = fs::read_to_string(&version).at("read", &version)?;
        let installation = Installation::reading(identifier, major.trim())?;
        Ok(Self::new(identifier, layout, record, Account::choose()?, installation, port))
    }

    fn new(
        identifier: &str,
        layout: &Layout,
        record: Arc<RecordFile>,
        account: Account,
        installation: Installation,
        port: u16,
    ) -> Self {
        Self {
            identifier: identifier.to_owned(),
            layout: layout.clone(),
            account,
            installation,
            record,
            port: Arc::new(Mutex::new(port)),
            note: Arc::default(),
        }
    }

    pub(super) fn port(&self) -> u16 {
        *self.port.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn version(&self) -> &str {
        &self.installation.version
    }

    /// Why the port is not the one that it was.
    pub(super) fn note(&self) -> Option<String> {
        self.note.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn sockets(&self) -> PathBuf {
        self.layout.database_sockets()
    }

    pub(super) fn failed(&self, reason: impl ToString) -> Error {
        Error::Database { identifier: self.identifier.clone(), reason: reason.to_string(), log: self.log() }
    }

    async fn initdb(&self) -> Result<()> {
        let data = folder(&self.layout, &self.identifier);
        remove(&self.layout, &self.identifier).await?;
        let mut reason = String::new();
        for locale in LOCALES {
            self.account.folder(&data, self.layout.top())?;
            let template = Template::of(&self.installation, locale, ADMIN);
            if template.copy_to(&data, &self.account).await? {
                return self.configure(&data);
            }
            let mut command = Command::new(self.installation.program("initdb"));
            // Peer and SCRAM: initdb wants no password for the superuser, and it never has one.
            command
                .args([
                    "--auth-local=peer",
                    "--auth-host=scram-sha-256",
                    "--encoding=UTF8",
                    "--username",
                    ADMIN,
                ])
                .arg(format!("--locale={locale}"))
                .arg("--pgdata")
                .arg(&data)
                .current_dir("/")
                .env_clear()
                .envs(inherited())
                .stdin(Stdio::null())
                .kill_on_drop(true);
            self.account.apply(&mut command);
            let output = command.output().await.doing("start initdb")?;
            if output.status.success() {
                template.keep(&data);
                return self.configure(&data);
            }
            reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            remove(&self.layout, &self.identifier).await?;
            if !reason.contains("locale") {
                break;
            }
        }
        Err(self.failed(format!("initdb: {reason}")))
    }

    /// The superuser comes by the socket alone, and only as us; everybody else by password.
    fn configure(&self, data: &Path) -> Result<()> {
        let access = format!(
            "local all {ADMIN} peer map=stackctl\n\
             local all all scram-sha-256\n\
             host all {ADMIN} all reject\n\
             host all all 127.0.0.1/32 scram-sha-256\n"
        );
        let names = format!("stackctl {} {ADMIN}\n", quoted(&our_name()));
        for (name, text) in [("pg_hba.conf", access), ("pg_ident.conf", names)] {
            let path = data.join(name);
            fs::write(&path, text).at("write", &path)?;
            self.account.own(&path)?;
        }
        Ok(())
    }

    /// A new certificate at every start: nothing to renew, and none of an authority that is gone.
    fn identify(&self, data: &Path) -> Result<()> {
        let identity = Authority::of(&self.layout)?.identify(&self.identifier)?;
        for (name, text) in [(CERTIFICATE, identity.certificate), (KEY, identity.key)] {
            let path = data.join(name);
            write_private(&path, &text)?;
            self.account.own(&path)?;
        }
        Ok(())
    }

    /// The remembered port, else another: the client's answers then name that one.
    fn choose_port(&self) -> Result<u16> {
        let before = self.port();
        let record = self.record.get();
        let others: Vec<u16> = record
            .databases
            .iter()
            .filter(|(identifier, _)| **identifier != self.identifier)
            .map(|(_, database)| database.port)
            .chain(record.gateway_port)
            .collect();
        let port = port::choose(&[before], &others)?;
        if port != before {
            let holder = port::holder(before).unwrap_or_else(|| "another program".to_owned());
            *self.note.lock().unwrap_or_else(PoisonError::into_inner) = Some(format!(
                "port {before} is taken by {holder}: {port} serves instead, until `stackctl apply` tells what reads it"
            ));
            self.record.change(|record| {
                if let Some(database) = record.databases.get_mut(&self.identifier) {
                    database.port = port;
                }
            })?;
            *self.port.lock().unwrap_or_else(PoisonError::into_inner) = port;
        }
        Ok(port)
    }
}

impl Program for Server {
    fn part(&self) -> String {
        part(&self.identifier)
    }

    fn log(&self) -> PathBuf {
        self.layout.log(&self.part())
    }

    fn prepare(&self) -> Result<Command> {
        let port = self.choose_port()?;
        let (data, sockets) = (folder(&self.layout, &self.identifier), self.sockets());
        self.account.folder(&sockets, self.layout.top())?;
        self.identify(&data)?;
        let settings = [
            ("port", port.to_string()),
            ("listen_addresses", "127.0.0.1".to_owned()),
            ("unix_socket_directories", sockets.display().to_string()),
            ("unix_socket_permissions", "0700".to_owned()),
            ("password_encryption", "scram-sha-256".to_owned()),
            ("ssl", "on".to_owned()),
            ("ssl_cert_file", CERTIFICATE.to_owned()),
            ("ssl_key_file", KEY.to_owned()),
            ("logging_collector", "off".to_owned()),
            ("max_connections", "100".to_owned()),
            ("shared_buffers", "128MB".to_owned()),
            // No replica reads the log of changes: it need only hold what a crash needs. fsync stays on.
            ("wal_level", "minimal".to_owned()),
            ("max_wal_senders", "0".to_owned()),
            ("max_wal_size", "2GB".to_owned()),
            ("fsync", if is_throw_away() { "off" } else { "on" }.to_owned()),
        ];
        let log = logs::open(&self.log())?;
        let mut command = Command::new(self.installation.program("postgres"));
        command.arg("-D").arg(&data);
        for (name, value) in settings {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        command
            .current_dir("/")
            .env_clear()
            .envs(inherited())
            .stdin(Stdio::null())
            .stdout(log.try_clone().at("open", self.log())?)
            .stderr(log);
        self.account.apply(&mut command);
        Ok(command)
    }

    async fn is_ready(&self, _: u32) -> bool {
        // By its socket, which no other server has.
        admin::connect(&self.sockets(), self.port(), "postgres").await.is_ok()
    }

    fn sweep(&self) {
        sweep(&self.layout, &self.identifier);
    }

    fn farewell(&self) -> (Signal, Duration) {
        // Fast shutdown: connections are ended, nothing is lost.
        (Signal::SIGINT, Duration::from_secs(30))
    }

    fn start_patience(&self) -> Duration {
        // After a crash it first replays its log of changes.
        Duration::from_secs(120)
    }
}

pub(super) fn part(identifier: &str) -> String {
    format!("postgres-{identifier}")
}

/// Where the data of `identifier` are.
pub(super) fn folder(layout: &Layout, identifier: &str) -> PathBuf {
    layout.databases().join(identifier)
}

/// Ends backends that outlived their postmaster: a busy one does not notice, and the next server will not start.
pub(super) fn sweep(layout: &Layout, identifier: &str) {
    for backend in working_in(&folder(layout, identifier), Some("postgres")) {
        backend.signal(Signal::SIGKILL);
    }
}

pub(super) async fn remove(layout: &Layout, identifier: &str) -> Result<()> {
    let data = folder(layout, identifier);
    match tokio::fs::remove_dir_all(&data).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).at("remove", data),
        _ => Ok(()),
    }
}

/// `STACKCTL_LOCAL_FSYNC=off` where the local cloud was brought up: for tests, whose databases nobody will miss.
fn is_throw_away() -> bool {
    std::env::var_os("STACKCTL_LOCAL_FSYNC").is_some_and(|value| value == "off")
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
