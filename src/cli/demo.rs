use super::access::{Access, access};
mod learning;

use super::apply::carry_out;
use super::args::{ApplyArgs, PlanArgs, StackArgs};
use super::cp;
use super::failure::{Exit, Failure, Outcome};
use super::local;
use super::places::Places;
use super::report;
use super::resolve::{attribute, only};
use super::session::{Session, path, root};
use super::site::Head;
use super::view::ViewArgs;
use crate::address::Address;
use crate::local::Layout;
use crate::state::Document;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// Runs the whole loan pipeline of this repository on the local cloud
///
/// Brings the local cloud up, plans and applies stack.toml, uploads a loan file, waits until the loader has loaded it and
/// the trainer has learned from it, and shows what is in the database then. Everything is what a user would type; nothing is set up beforehand.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The stack's file, or the folder that holds its stack.toml.
    #[arg(short, long, value_name = "PATH", default_value = "stack.toml", env = "STACKCTL_FILE")]
    file: PathBuf,

    /// A loan file of your own; without it one is generated.
    #[arg(long, value_name = "FILE")]
    loans: Option<PathBuf>,

    /// Rows to generate.
    #[arg(long, default_value_t = 50_000)]
    rows: u64,

    /// Seed of the generator: the same seed makes the same file.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

const BUCKET: &str = "loans";
const LOAD_TIMEOUT: Duration = Duration::from_secs(900);

pub async fn run(args: &Args) -> Outcome {
    let started = Instant::now();
    let stack = StackArgs::local(args.file.clone());
    let layout = Layout::new(root(&path(&stack)));
    report::step("1. The local cloud: stackctl local up");
    report::local_status(&local::up(&layout).await?);

    report::step("2. The stack: stackctl apply --target local");
    let plan = PlanArgs::whole(stack.clone());
    let approval =
        ApplyArgs { auto_approve: true, json: false, allow_data_loss: vec![], parallelism: 16, grace: 7 };
    let planned = Session::load(&stack)?.open("apply", &stack, Head::Data).await?.plan(&plan, false).await?;
    let exit =
        carry_out(planned, &approval, ViewArgs { details: false }, true, "stackctl apply --target local")
            .await?;
    if exit != Exit::Done {
        return Ok(exit);
    }

    let session = Session::load(&stack)?;
    let document = session.peek().await?.ok_or_else(|| Failure::user("the apply left no state", ""))?;
    let cloud = session.connect().await?;
    let folder = tempfile::tempdir().map_err(Failure::io("failed to make a temporary folder"))?;
    let file = match &args.loans {
        Some(file) => file.clone(),
        None => generate(args, &document, &session.root, folder.path())?,
    };
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    report::step(&format!("3. A loan file: stackctl cp {name} bucket.{BUCKET}/incoming/ --target local"));
    let bucket = attribute(&document, &Address::new("bucket", BUCKET), "id")?;
    let key = format!("incoming/{name}");
    cp::copy(&cloud, &file, &bucket, &key).await?;

    report::step("4. The loader, invoked by S3, loads it into Postgres");
    let database = only(&document, "db_instance", None)?;
    let access = access(&session, &cloud, &document, &database, None).await?;
    let client = open(&access).await?;
    let fate = wait(&client, &bucket, &key).await?;
    show(&client).await?;

    report::step("5. Nothing to do any more: stackctl plan --target local");
    let planned = Session::load(&stack)?.open("plan", &stack, Head::Data).await?.plan(&plan, false).await?;
    report::plan(&planned.plan, &Places::of(&planned.open.stack, &planned.plan), &planned.open.site, false);

    report::step("6. The trainer, invoked by the new Parquet in the lake, learns which loans go bad");
    if fate == Fate::Loaded {
        learning::wait(&client, &bucket, &key).await?;
    }
    let page = learning::show(&client, &cloud, &session.root).await?;
    farewell(started.elapsed(), page.as_deref());
    Ok(if planned.plan.is_empty() { Exit::Done } else { Exit::ChangesPending })
}

/// The loader's own generator: the function's zip holds the same binary.
fn generate(args: &Args, document: &Document, root: &Path, folder: &Path) -> Outcome<PathBuf> {
    let function = Address::new("lambda_function", "loader");
    let zip = root.join(attribute(document, &function, "artifact")?);
    let program = folder.join("loader");
    let extract = || -> std::io::Result<()> {
        use std::os::unix::fs::PermissionsExt;
        let mut archive = zip::ZipArchive::new(std::fs::File::open(&zip)?)?;
        let mut out = std::fs::File::create(&program)?;
        std::io::copy(&mut archive.by_name("bootstrap")?, &mut out)?;
        out.set_permissions(std::fs::Permissions::from_mode(0o755))
    };
    extract().map_err(Failure::io(format!("failed to unpack {}", zip.display())))?;
    let file = folder.join(format!("loans_{}_rows_seed_{}.csv", args.rows, args.seed));
    let made = Command::new(&program)
        .args(["generate", "--rows", &args.rows.to_string(), "--seed", &args.seed.to_string(), "--output"])
        .arg(&file)
        .status()
        .map_err(Failure::io("failed to start the loader"))?;
    if !made.success() {
        return Err(Failure::user(
            format!("the generator ended with {made}"),
            "Its own message stands above.",
        ));
    }
    Ok(file)
}

async fn open(access: &Access) -> Outcome<Client> {
    let mut config = tokio_postgres::Config::new();
    let port = access.port.parse().unwrap_or(5432);
    config
        .host(&access.host)
        .port(port)
        .user(&access.user)
        .password(&access.password)
        .dbname(&access.database);
    let (client, connection) = config.connect(NoTls).await.map_err(|error| database(&error))?;
    // It ends with the client.
    tokio::spawn(connection);
    Ok(client)
}

fn database(error: &tokio_postgres::Error) -> Failure {
    Failure::user(format!("the database answered: {error}"), "`stackctl local logs` has what it says.")
}

/// What became of the file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fate {
    Loaded,
    /// Its content had been loaded before.
    Known,
}

/// Waits until the manifest says that the file is loaded.
async fn wait(client: &Client, bucket: &str, key: &str) -> Outcome<Fate> {
    let started = Instant::now();
    let sql = "select status, coalesce(error, '') from ingest.files where bucket = $1 and key = $2 order by id desc limit 1";
    let mut last = String::new();
    while started.elapsed() < LOAD_TIMEOUT {
        // The loader makes the tables at its first start.
        let exists = client
            .query_one("select to_regclass('ingest.files') is not null", &[])
            .await
            .map_err(|error| database(&error))?
            .get(0);
        let row = if exists {
            client.query_opt(sql, &[&bucket, &key]).await.map_err(|error| database(&error))?
        } else {
            None
        };
        let (status, error): (String, String) =
            row.map_or_else(Default::default, |row| (row.get(0), row.get(1)));
        if !status.is_empty() && status != last {
            report::note(&format!("{key}: {status}"));
            last.clone_from(&status);
        }
        match status.as_str() {
            "loaded" => return Ok(Fate::Loaded),
            "duplicate" => return Ok(Fate::Known),
            "failed" => {
                return Err(Failure::user(
                    format!("the loader failed: {error}"),
                    "`stackctl logs lambda_function.loader --target local` has its log.",
                ));
            }
            _ => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
    Err(Failure::user(
        format!("the file was not loaded within {} s", LOAD_TIMEOUT.as_secs()),
        "`stackctl logs lambda_function.loader --target local` and `stackctl local logs` have what happened.",
    ))
}

async fn show(client: &Client) -> Outcome<()> {
    let views = [
        (
            "The manifest (ingest.files)",
            "select source_table, status, rows_read as read, rows_loaded as loaded, rows_rejected as rejected, \
             lines_left_out as left_out, pg_size_pretty(bytes) as size, round(seconds::numeric, 2) as seconds \
             from ingest.files order by id desc limit 5",
        ),
        (
            "Rows in master_loan",
            "select source_table, count(*) as rows, min(source_line) as first_line, max(source_line) as last_line \
             from master_loan group by 1 order by 1",
        ),
        (
            "A few of them, as delivered",
            "select loan_amnt, term, int_rate, grade, annual_inc, issue_d, loan_status, purpose, addr_state \
             from master_loan order by source_table desc, source_line limit 5",
        ),
    ];
    for (title, sql) in views {
        let rows = rows(client, sql).await?;
        report::note("");
        report::note(&format!("{title}:"));
        for line in report::table(&rows) {
            report::data(&format!("  {line}"));
        }
    }
    Ok(())
}

/// What a query answers, its headings first.
async fn rows(client: &Client, sql: &str) -> Outcome<Vec<Vec<String>>> {
    let answer = client.simple_query(sql).await.map_err(|error| database(&error))?;
    let mut rows: Vec<Vec<String>> = vec![];
    for message in answer {
        match message {
            SimpleQueryMessage::RowDescription(columns) => {
                rows.push(columns.iter().map(|column| column.name().to_owned()).collect());
            }
            SimpleQueryMessage::Row(row) => {
                rows.push((0..row.len()).map(|at| row.get(at).unwrap_or("").to_owned()).collect());
            }
            _ => {}
        }
    }
    Ok(rows)
}

fn farewell(took: Duration, page: Option<&Path>) {
    // As this was called, since a first-time user has no stackctl in the path yet.
    let stackctl = if std::env::var_os("CARGO").is_some() { "cargo run --release --" } else { "stackctl" };
    report::step(&format!("Done in {:.0} s. Look further:", took.as_secs_f64()));
    for (command, what) in [
        ("connect --as analyst --target local", "psql on the database, read only"),
        ("env --as analyst --target local", "the same for notebooks: examples/notebooks"),
        ("logs lambda_function.trainer --target local", "what the trainer has logged"),
        ("show --target local", "every resource"),
        ("local status", "the parts of the local cloud"),
    ] {
        report::note(&format!("  {:<68} {what}", format!("{stackctl} {command}")));
    }
    report::note("Take it down:");
    report::note(&format!("  {stackctl} destroy --target local --auto-approve --allow-data-loss all"));
    report::note(&format!("  {stackctl} local down --purge"));
    if let Some(page) = page {
        report::note("The model's report:");
        report::note(&format!("  {}", page.display()));
    }
}
