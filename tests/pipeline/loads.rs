use crate::bootstrap;
use crate::emulator::{Bucket, messages};
use crate::project::{Project, all, eventually, loan_data};
use std::path::{Path, PathBuf};
use std::process::Command;
use tokio_postgres::{Client, NoTls};

/// The loan database, opened as `stackctl connect` does.
pub struct Database {
    runtime: tokio::runtime::Runtime,
    client: Client,
}

impl Database {
    pub fn open(project: &Project) -> Self {
        let url = project.says("connect", &["connect", "--url", "--target", "local"]);
        // The loader connects with verification; here it is the tables that count.
        let (url, parameters) = url.trim().split_once('?').unwrap();
        assert!(parameters.starts_with("sslmode=verify-full&sslrootcert="), "{parameters}");
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (client, connection) = runtime.block_on(tokio_postgres::connect(url, NoTls)).unwrap();
        runtime.spawn(connection);
        Self { runtime, client }
    }

    pub fn number(&self, sql: &str) -> i64 {
        self.runtime.block_on(self.client.query_one(sql, &[])).unwrap().get(0)
    }

    /// What the manifest says of a key, newest first; none before the loader has made it.
    fn fate(&self, key: &str) -> Option<(String, String)> {
        let exists = "select (to_regclass('ingest.files') is not null)::int::bigint";
        if self.number(exists) == 0 {
            return None;
        }
        let sql =
            "select status, coalesce(error, '') from ingest.files where key = $1 order by id desc limit 1";
        let row = self.runtime.block_on(self.client.query_opt(sql, &[&key])).unwrap()?;
        Some((row.get(0), row.get(1)))
    }

    fn waits_for(&self, key: &str, wanted: &str) -> String {
        eventually(&format!("{key} to be {wanted}"), || {
            let (status, error) = self.fate(key)?;
            assert!(status != "failed" || wanted == "failed", "{key} failed: {error}");
            (status == wanted).then_some(error)
        })
    }

    fn rows(&self) -> i64 {
        self.number("select count(*) from master_loan")
    }

    /// How often the loader has finished with any file, loaded or not.
    fn attempts(&self) -> i64 {
        self.number("select coalesce(sum(attempts), 0)::bigint from ingest.files")
    }
}

fn copy(project: &Project, file: &Path, key: &str) {
    project.says("cp", &["cp", file.to_str().unwrap(), &format!("bucket.loans/{key}"), "--target", "local"]);
}

/// The loader's own program, out of the zip that was deployed.
fn loader(project: &Project) -> PathBuf {
    let artifact = project.json(&["show", "lambda_function.loader", "--target", "local", "--json"]);
    let zip = artifact["lambda_function.loader"]["inputs"]["artifact"].as_str().unwrap().to_owned();
    let program = project.path().join("loader");
    bootstrap::extract(&project.path().join(zip), &program);
    program
}

fn generate(project: &Project, rows: u32, seed: u32) -> PathBuf {
    let file = project.path().join(format!("generated-{rows}-{seed}.csv"));
    let (rows, seed) = (rows.to_string(), seed.to_string());
    let mut command = Command::new(loader(project));
    let made =
        command.args(["generate", "--rows", &rows, "--seed", &seed, "--output"]).arg(&file).status().unwrap();
    assert!(made.success());
    file
}

/// psql verifies the server, and nothing tells the loader to do with less here.
pub fn connections_are_verified(project: &Project) {
    let sql = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
    let told = project.says("connect", &["connect", "--target", "local", "--", "-Atc", sql]);
    assert_eq!(told.trim(), "t");
    let shown = project.json(&["show", "lambda_function.loader", "--target", "local", "--json"]);
    let environment = &shown["lambda_function.loader"]["inputs"]["environment"];
    assert_eq!(environment["DATABASE_SSLMODE"], "verify-full");
}

/// A file that stackctl does not find is an error before anything is built or asked for.
pub fn a_missing_certificate_says_where_it_can_be_had(project: &Project) {
    let args = ["plan", "--target", "local", "--set", "rds_certificates=rds-ca.pem"];
    let plan = project.run(&args);
    let told = all(&plan);
    assert_eq!(plan.status.code(), Some(1), "{told}");
    assert!(told.contains("there is no file rds-ca.pem"), "{told}");
    assert!(told.contains("global-bundle.pem"), "{told}");
}

/// Generates a release and loads it.
pub fn release(project: &Project, rows: u32, seed: u32) {
    let file = generate(project, rows, seed);
    copy(project, &file, "incoming/");
    let key = format!("incoming/{}", file.file_name().unwrap().to_str().unwrap());
    Database::open(project).waits_for(&key, "loaded");
}

pub fn a_generated_file_is_loaded_once(project: &Project) {
    let database = Database::open(project);
    let file = generate(project, 2000, 7);
    copy(project, &file, "incoming/");
    let key = format!("incoming/{}", file.file_name().unwrap().to_str().unwrap());
    database.waits_for(&key, "loaded");
    assert_eq!(database.rows(), 2000);
    // The same content under another name adds nothing.
    copy(project, &file, "incoming/again/other-name.csv");
    database.waits_for("incoming/again/other-name.csv", "duplicate");
    assert_eq!(database.rows(), 2000);
    assert_eq!(database.number("select count(*) from master_loan where source_table is null"), 0);
    let left_out = "select count(*) from ingest.files where status = 'loaded' \
                    and rows_read <> rows_loaded + rows_rejected + lines_left_out";
    assert_eq!(database.number(left_out), 0, "read = loaded + rejected + left out");
}

pub fn real_files_have_exactly_their_rows(project: &Project) {
    let Some(data) = loan_data() else {
        eprintln!(
            "          skipped: the real loan files are not here (STACKCTL_LOAN_DATA names their folder)"
        );
        return;
    };
    let database = Database::open(project);
    let before = database.rows();
    let official = data.join("LoanStats3a_2017Q3_official_145col.csv");
    copy(project, &official, "incoming/");
    database.waits_for("incoming/LoanStats3a_2017Q3_official_145col.csv", "loaded");
    assert_eq!(database.rows() - before, 42_535);
    // Any S3 client: here the SDK's, in one piece where stackctl goes in parts, so the ETag is another one.
    let bucket = Bucket::of(project);
    bucket.put("incoming/kaggle.csv", &data.join("kaggle2019_loan_head1000_145col.csv"));
    database.waits_for("incoming/kaggle.csv", "loaded");
    assert_eq!(database.rows() - before, 43_535);
    // Each once more, each the other way.
    let attempts = database.attempts();
    bucket.put("incoming/LoanStats3a_2017Q3_official_145col.csv", &official);
    copy(project, &data.join("kaggle2019_loan_head1000_145col.csv"), "incoming/kaggle-again.csv");
    database.waits_for("incoming/kaggle-again.csv", "duplicate");
    eventually("both to be looked at again", || (database.attempts() >= attempts + 2).then_some(()));
    database.waits_for("incoming/LoanStats3a_2017Q3_official_145col.csv", "duplicate");
    assert_eq!(database.rows() - before, 43_535, "loading again adds none");
}

pub fn a_file_that_is_no_loan_file_fails_and_says_so(project: &Project) {
    let database = Database::open(project);
    let before = database.rows();
    let file = project.path().join("menu.csv");
    std::fs::write(&file, "dish,price\nsoup,4\nbread,1\n").unwrap();
    copy(project, &file, "incoming/");
    let error = database.waits_for("incoming/menu.csv", "failed");
    assert!(error.contains("header"), "{error}");
    assert_eq!(database.rows(), before);
    // MiniStack writes down what an invocation has said when it ends.
    eventually("the log to name the file", || {
        let logs = project.says("logs", &["logs", "lambda_function.loader", "--target", "local"]);
        logs.contains("menu.csv").then_some(())
    });
    let url = project.says("output", &["output", "failed_loads", "--target", "local"]);
    let message = eventually("the event in the dead-letter queue", || messages(project, url.trim()).pop());
    assert!(message.contains("menu.csv"), "{message}");
}
