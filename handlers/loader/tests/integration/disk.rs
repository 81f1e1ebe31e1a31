//! A disk that fills up: a server whose data lie on a small file system of its own.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Output, Stdio};

use crate::support::{await_ready, find, is_root, last_stage};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

/// A server whose tables are on 160 MB of memory, most of which is taken by a file that can be removed. Its WAL is elsewhere:
/// without room for that the server itself goes down.
struct Small {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl Small {
    fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("loader-small-disk-").tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (lower, namespace): (&str, &[&str]) = if is_root() {
            ("setpriv --reuid=postgres --regid=postgres --clear-groups --", &["--mount"])
        } else {
            ("", &["--user", "--map-current-user", "--keep-caps", "--mount"])
        };
        // The mount is seen by the server alone, and is gone with it.
        let script = format!(
            "set -e; disk={folder}/disk; mkdir $disk; mount -t tmpfs -o size=160m,mode=777 none $disk; cd $disk
             {lower} {initdb} --auth=trust --username=postgres --encoding=UTF8 --locale=C --no-sync -D $disk/data \
                 --waldir={folder}/wal >/dev/null
             {lower} sh -c 'head -c 80000000 /dev/zero > ballast'
             exec {lower} {postgres} -D $disk/data -h 127.0.0.1 -p {port} -k '' -c fsync=off -c max_wal_size=64MB \
                 -c shared_buffers=16MB",
            folder = folder.path().display(),
            initdb = find("initdb").display(),
            postgres = find("postgres").display(),
        );
        let mut process = Command::new("unshare")
            .args(namespace)
            .args(["sh", "-c", &script])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        await_ready(&mut process);
        Self { process, port, folder }
    }

    fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Removes what takes the room.
    fn make_room(&self) {
        let ballast = self.folder.path().join("disk/ballast");
        std::fs::remove_file(format!("/proc/{}/root{}", self.process.id(), ballast.display())).unwrap();
    }

    fn load(&self, path: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loader"));
        command.args(["load", path]).env("DATABASE_URL", self.url()).output().unwrap()
    }

    async fn client(&self) -> Client {
        let (client, connection) = tokio_postgres::connect(&self.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-QUIT", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_fails_the_load_whole_and_the_same_load_works_when_there_is_room() {
    let server = Small::start();
    let files = tempfile::tempdir().unwrap();
    let write = |name: &str, rows: u64| {
        let path = files.path().join(name);
        let mut content = Vec::new();
        loader::generate::write(rows, 1, &mut content).unwrap();
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (small, big) = (write("small.csv", 100), write("big.csv", 60_000));
    assert_eq!(last_stage(&server.load(&small)), "loaded");

    let output = server.load(&big);
    assert_eq!(last_stage(&output), "failed");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("Check free disk space"), "{error}");
    let client = server.client().await;
    let counts = "select count(*), (select string_agg(coalesce(error, status), '|' order by id) from ingest.files) from master_loan";
    let row = client.query_one(counts, &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 100);
    let fates: String = row.get(1);
    assert!(fates.starts_with("loaded|") && fates.contains("Check free disk space"), "{fates}");
    let left = "select count(*) from pg_class where relname like 'load\\_%' and relkind = 'r'";
    assert_eq!(client.query_one(left, &[]).await.unwrap().get::<_, i64>(0), 0);

    server.make_room();
    assert_eq!(last_stage(&server.load(&big)), "loaded");
    assert_eq!(client.query_one(counts, &[]).await.unwrap().get::<_, i64>(0), 60_100);
}
