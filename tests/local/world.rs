use std::{
    fs,
    net::Ipv4Addr,
    path::PathBuf,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use aws_sdk_rds::types::DbInstance;
use aws_smithy_http_client::{Builder, tls};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use stackctl::local::{self, Layout, LocalHttpClient, PartState, Status, SupervisorState};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

pub const PASSWORD: &str = "it's a \"master\" & more=1+1%";

/// A project with a local cloud, which ends with the test however that ends.
pub struct World {
    pub layout: Layout,
    _folder: TempDir,
}

impl World {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("stackctl").tempdir().unwrap();
        Self { layout: layout(folder.path().to_path_buf()), _folder: folder }
    }

    pub async fn up(&self) -> Status {
        let status = local::up(&self.layout, &mut |_| ()).await.unwrap();
        assert!(status.is_ready(), "{status:?}");
        status
    }

    pub async fn status(&self) -> Status {
        local::status(&self.layout).await.unwrap()
    }

    /// Waits until everything is ready again.
    pub async fn healed(&self) -> Status {
        eventually("ready", async || Some(self.status().await).filter(Status::is_ready)).await
    }

    pub async fn config(&self) -> aws_config::SdkConfig {
        let running = local::connect(&self.layout).await.unwrap();
        let http = Builder::new()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
            .build_https();
        let keys = aws_credential_types::Credentials::new(
            &running.keys.id,
            &running.keys.secret,
            None,
            None,
            "test",
        );
        aws_config::SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(aws_config::Region::new("eu-central-1"))
            .endpoint_url(&running.endpoint)
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(keys))
            .sleep_impl(aws_smithy_async_sleep())
            .http_client(LocalHttpClient::new(http, &running))
            .build()
    }

    pub async fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.config().await).force_path_style(true).build();
        aws_sdk_s3::Client::from_conf(config)
    }

    pub async fn rds(&self) -> aws_sdk_rds::Client {
        aws_sdk_rds::Client::new(&self.config().await)
    }

    pub async fn create(&self, identifier: &str) -> DbInstance {
        let create = self.rds().await.create_db_instance();
        let create =
            create.db_instance_identifier(identifier).engine("postgres").db_instance_class("db.t3.micro");
        let create = create.master_username("adm").master_user_password(PASSWORD).db_name("loans");
        create.allocated_storage(20).send().await.unwrap().db_instance.unwrap()
    }

    pub async fn describe(&self, identifier: &str) -> DbInstance {
        let answer = self.rds().await.describe_db_instances().db_instance_identifier(identifier).send().await;
        answer.unwrap().db_instances.unwrap().remove(0)
    }

    pub async fn purge(&self) {
        local::down(&self.layout, true).await.unwrap();
        assert_eq!(self.processes(), Vec::<String>::new());
        assert!(!self.layout.folder().exists());
        assert!(!self.layout.databases().exists() && !self.layout.tmp().exists());
        assert!(!self.layout.socket_folder().exists());
    }

    /// Every process that has to do with this local cloud, by /proc.
    pub fn processes(&self) -> Vec<String> {
        let folders = [self.layout.project().to_path_buf(), self.layout.databases(), self.layout.tmp()];
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
                continue;
            };
            let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            let cwd = fs::read_link(entry.path().join("cwd")).unwrap_or_default();
            let ours =
                |folder: &PathBuf| cwd.starts_with(folder) || command.contains(folder.to_str().unwrap());
            if pid != std::process::id() && folders.iter().any(ours) {
                found.push(format!("{pid} {command}"));
            }
        }
        found
    }

    /// Those whose command has `word` in it, children of servers left out.
    pub fn count(&self, word: &str) -> usize {
        self.processes().iter().filter(|process| process.contains(word)).count()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let layout = self.layout.clone();
        let down = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let _ = runtime.block_on(local::down(&layout, true));
        };
        std::thread::scope(|scope| drop(scope.spawn(down)));
    }
}

pub fn layout(folder: PathBuf) -> Layout {
    Layout::new(folder).with_program(env!("CARGO_BIN_EXE_stackctl"))
}

fn aws_smithy_async_sleep() -> aws_smithy_async::rt::sleep::SharedAsyncSleep {
    aws_smithy_async::rt::sleep::SharedAsyncSleep::new(aws_smithy_async::rt::sleep::TokioSleep::new())
}

/// Polls until there is something, for a minute.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "not {what} within a minute");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub async fn connect(db: &DbInstance, user: &str, password: &str) -> Result<Client, tokio_postgres::Error> {
    let endpoint = db.endpoint().unwrap();
    let (client, connection) = tokio_postgres::Config::new()
        .host(endpoint.address().unwrap())
        .port(u16::try_from(endpoint.port().unwrap()).unwrap())
        .user(user)
        .password(password)
        .dbname("loans")
        .connect(NoTls)
        .await?;
    tokio::spawn(connection);
    Ok(client)
}

/// `sslmode=verify-full`: only with a server that has a certificate for `name` by one of `roots`, which are PEM.
pub async fn connect_verified(
    db: &DbInstance,
    name: &str,
    roots: &str,
) -> Result<Client, tokio_postgres::Error> {
    let mut store = rustls::RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(roots.as_bytes()) {
        store.add(root.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let tls = builder.with_root_certificates(store).with_no_client_auth();
    let (client, connection) = tokio_postgres::Config::new()
        .host(name)
        .hostaddr(Ipv4Addr::LOCALHOST.into())
        .port(u16::try_from(db.endpoint().unwrap().port().unwrap()).unwrap())
        .user("adm")
        .password(PASSWORD)
        .dbname("loans")
        .ssl_mode(tokio_postgres::config::SslMode::Require)
        .connect(tokio_postgres_rustls::MakeRustlsConnect::new(tls))
        .await?;
    tokio::spawn(connection);
    Ok(client)
}

pub fn kill(pid: i32) {
    signal("KILL", pid);
}

pub fn signal(name: &str, pid: i32) {
    assert!(Command::new("kill").args(["-s", name]).arg(pid.to_string()).status().unwrap().success());
}

pub fn gateway_pid(status: &Status) -> i32 {
    pid(&status.gateway.as_ref().unwrap().state)
}

pub fn database_pid(status: &Status, identifier: &str) -> i32 {
    pid(&status.databases.iter().find(|database| database.identifier == identifier).unwrap().state)
}

pub fn supervisor_pid(status: &Status) -> i32 {
    match status.supervisor {
        SupervisorState::Running { pid, .. } => i32::try_from(pid).unwrap(),
        ref other => panic!("{other:?}"),
    }
}

fn pid(state: &PartState) -> i32 {
    match state {
        PartState::Ready { pid } => *pid,
        other => panic!("{other:?}"),
    }
}
