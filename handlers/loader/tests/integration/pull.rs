//! Mode `aws_s3`. RDS' extension of that name is played by two schemas with its functions, as AWS documents them
//! (Amazon RDS User Guide, "Importing data from Amazon S3 into an RDS for PostgreSQL DB instance"), which read from a
//! folder what S3, played by the test too, has under the same key. Nothing of it has run on RDS.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::http::{Answer, Request, serve};
use crate::support::{World, last_stage};
use serde_json::Value;
use tempfile::TempDir;

/// What the extension offers, for a server on this machine.
fn extension(folder: &Path) -> String {
    format!(
        "create schema aws_commons;
         create schema aws_s3;
         create type aws_commons._s3_uri_1 as (bucket text, file_path text, region text);
         create function aws_commons.create_s3_uri(s3_bucket text, s3_key text, aws_region text)
             returns aws_commons._s3_uri_1 language sql
             as $$ select row(s3_bucket, s3_key, aws_region)::aws_commons._s3_uri_1 $$;
         create function aws_s3.table_import_from_s3(
             table_name text, column_list text, options text, s3_info aws_commons._s3_uri_1)
             returns text language plpgsql security definer
             as $$
         declare
             amount bigint;
         begin
             execute format('copy %s (%s) from %L %s', table_name, column_list,
                 '{}/' || s3_info.bucket || '/' || s3_info.file_path, options);
             get diagnostics amount = row_count;
             return format('%s rows imported into relation \"%s\" from file %s', amount, table_name, s3_info.file_path);
         end $$;
         grant usage on schema aws_s3, aws_commons to public;",
        folder.display()
    )
}

/// S3 with the bucket `data`, whose objects are files that the server can read.
struct Bucket {
    folder: TempDir,
    address: String,
}

impl Bucket {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        for path in [folder.path(), &folder.path().join("data")] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let root = folder.path().to_owned();
        let address = serve(move |request: Request| {
            let path = request.path.split('?').next().unwrap().trim_start_matches('/').to_owned();
            let Ok(body) = std::fs::read(root.join(path)) else {
                return Answer { status: 404, ..Answer::default() };
            };
            let etag =
                format!("\"{:x}-{}\"", body.len(), body.iter().map(|byte| u64::from(*byte)).sum::<u64>());
            Answer { status: 200, headers: vec![("etag", etag)], body, cut: None }
        });
        Self { folder, address }
    }

    fn put(&self, key: &str, content: impl AsRef<[u8]>) {
        let path = self.folder.path().join("data").join(key);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    }

    /// The binary with RDS at work, about to load an object.
    fn command(&self, world: &World, key: &str) -> Command {
        let mut command = world.command(&["load", &format!("s3://data/{key}")]);
        command
            .env("LOADER_MODE", "aws_s3")
            .env("AWS_ENDPOINT_URL", format!("http://{}", self.address))
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test");
        command
    }

    fn load(&self, world: &World, key: &str) -> Output {
        self.command(world, key).output().unwrap()
    }
}

async fn with_extension(bucket: &Bucket) -> World {
    let world = World::new().await;
    world.client.batch_execute(&extension(bucket.folder.path())).await.unwrap();
    world
}

/// A generated release without the notes above and the summary lines below.
fn plain(rows: u64, seed: u64) -> Vec<u8> {
    let mut content = Vec::new();
    loader::generate::write_plain(rows, seed, &mut content).unwrap();
    content
}

fn stages(output: &Output) -> Vec<(String, String)> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let member = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    lines.map(|line| (member(&line, "stage"), member(&line, "message"))).collect()
}

fn names(output: &Output) -> String {
    stages(output).into_iter().map(|(stage, _)| stage).collect::<Vec<_>>().join(" ")
}

async fn checksums(world: &World) -> [String; 3] {
    // As delivered, but for where: streamed rows have the number of their line.
    let own = "'{source_table,source_file_id,source_line,load_id,loaded_at}'::text[]";
    [
        world
            .list(&format!(
                "select md5(string_agg((to_jsonb(row) - {own})::text, '|' order by source_line)) from master_loan row"
            ))
            .await,
        world
            .list(&format!(
                "select md5(string_agg((to_jsonb(loan) - {own})::text, '|' order by loan_key)) from mart.loans loan"
            ))
            .await,
        world
            .list("select concat_ws(' ', status, rows_read, rows_loaded, rows_unchanged, rows_rejected, lines_left_out) from ingest.files")
            .await,
    ]
}

async fn leftovers(world: &World) -> i64 {
    let tables = "select count(*) from pg_class
                  where relkind in ('r', 'S') and (relname like 'pulled%' or relname like 'load\\_%')";
    world.number(tables).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pulled_object_is_the_same_loans_as_a_streamed_one() {
    let bucket = Bucket::new();
    let mut content = plain(2000, 7);
    // A bad row, too, which only the loader notices.
    let bad = String::from_utf8(content.clone()).unwrap();
    let line = bad.lines().nth(5).unwrap();
    content.extend_from_slice(
        format!("{}\n", line.replace(" 36 months", "soon").replace(" 60 months", "soon")).as_bytes(),
    );
    bucket.put("loan.csv", &content);

    let pulled = with_extension(&bucket).await;
    let output = bucket.load(&pulled, "loan.csv");
    assert_eq!(
        names(&output),
        "registered pulling pulled staged loaded",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let streamed = World::new().await;
    let output = bucket.command(&streamed, "loan.csv").env("LOADER_MODE", "stream").output().unwrap();
    assert_eq!(names(&output), "registered staged loaded");
    assert_eq!(checksums(&pulled).await, checksums(&streamed).await);
    assert_eq!(pulled.list("select column_name from ingest.rejects").await, "term");
    assert_eq!(leftovers(&pulled).await, 0);

    // Once more under the same name and under another.
    assert_eq!(last_stage(&bucket.load(&pulled, "loan.csv")), "already_loaded");
    bucket.put("again.csv", &content);
    assert_eq!(last_stage(&bucket.load(&pulled, "again.csv")), "duplicate");
    assert_eq!((pulled.rows().await, leftovers(&pulled).await), (2000, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_servers_csv_does_not_take_is_streamed() {
    let bucket = Bucket::new();
    let world = with_extension(&bucket).await;
    // A line of notes above the header.
    let mut noted = Vec::new();
    loader::generate::write(50, 1, &mut noted).unwrap();
    bucket.put("noted.csv", &noted);
    // A row that is too short, which makes the server's COPY fail.
    let mut short = plain(60, 2);
    short.extend_from_slice(b"1,2,3\n");
    bucket.put("short.csv", &short);
    bucket.put("packed.csv", gzip(&plain(70, 3)));
    for (key, reason) in [
        ("noted.csv", "the header is not its first line"),
        ("short.csv", "Postgres cannot read it by itself: "),
        ("packed.csv", "it is compressed"),
    ] {
        let output = bucket.load(&world, key);
        assert_eq!(last_stage(&output), "loaded", "{key}");
        let stages = stages(&output);
        let (_, message) = stages.iter().find(|(stage, _)| stage == "streaming").unwrap();
        assert!(message.starts_with(reason), "{key}: {message}");
    }
    assert_eq!((world.rows().await, leftovers(&world).await), (180, 0));
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut process =
        Command::new("gzip").arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = process.stdin.take().unwrap();
    let content = content.to_vec();
    let writer = std::thread::spawn(move || std::io::Write::write_all(&mut stdin, &content).unwrap());
    let output = process.wait_with_output().unwrap();
    writer.join().unwrap();
    output.stdout
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_outlives_its_loader_and_the_next_try_takes_it_up() {
    let bucket = Bucket::new();
    bucket.put("loan.csv", plain(1000, 5));
    let world = with_extension(&bucket).await;
    // Makes the schema.
    bucket.put("first.csv", plain(10, 6));
    assert_eq!(last_stage(&bucket.load(&world, "first.csv")), "loaded");

    // A merge that does not end keeps the load waiting behind its pull; there it is killed.
    let mut session = world.session().await;
    let blocking = session.transaction().await.unwrap();
    blocking.batch_execute("select pg_advisory_xact_lock(x'6c6f616465720003'::bigint)").await.unwrap();
    let mut process = bucket.command(&world, "loan.csv").stdout(Stdio::null()).spawn().unwrap();
    let patience = Instant::now() + Duration::from_secs(60);
    let waits = "select count(*) from pg_stat_activity
                 where datname = current_database() and wait_event = 'advisory' and application_name = 'loader'";
    while world.number(waits).await == 0 {
        assert!(Instant::now() < patience, "the load never came to its merge");
    }
    process.kill().unwrap();
    process.wait().unwrap();
    blocking.rollback().await.unwrap();
    assert_eq!((world.rows().await, world.statuses().await.as_str()), (10, "loaded,loading"));

    let output = bucket.load(&world, "loan.csv");
    let stages = stages(&output);
    assert!(stages.contains(&("pulled".to_owned(), "by a former try".to_owned())), "{stages:?}");
    assert_eq!(
        (world.rows().await, last_stage(&output).as_str(), leftovers(&world).await),
        (1010, "loaded", 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_the_extension_is_an_error_with_its_remedy() {
    let bucket = Bucket::new();
    bucket.put("loan.csv", plain(10, 1));
    let world = World::new().await;
    let output = bucket.load(&world, "loan.csv");
    assert_eq!(last_stage(&output), "failed");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("LOADER_MODE is aws_s3, but this database cannot pull it"), "{error}");
    assert!(
        error.contains("only RDS and Aurora have the extension aws_s3: set LOADER_MODE to stream"),
        "{error}"
    );
    let output = bucket.command(&world, "loan.csv").env("LOADER_MODE", "stream").output().unwrap();
    assert_eq!((last_stage(&output).as_str(), world.rows().await), ("loaded", 10));
}
