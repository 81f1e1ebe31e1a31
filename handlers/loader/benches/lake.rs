//! An export of the lake, whole, of one year, and of nothing, against `psql \copy` of the same views on the same server.
//!
//! `cargo bench --workspace --bench lake`; `LOADER_BENCH_ROWS` (375000) and `LOADER_BENCH_RUNS` (3; the fastest counts).
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at the first error, and prints"
)]

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/integration/support.rs"]
mod support;

mod measure;

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use measure::{number, run as measured};
use support::{SETTINGS, World, find};

fn main() {
    // As PostgreSQL comes, but for checkpoints, which would come at any moment of any run.
    SETTINGS.set(vec!["-c", "max_wal_size=8GB", "-c", "checkpoint_timeout=1h"]).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(run());
}

fn export(world: &World, lake: &Path) -> (Duration, u64) {
    measured(world.command(&["export", "--to", lake.to_str().unwrap()]))
}

async fn run() {
    let (rows, runs) = (number("LOADER_BENCH_ROWS", 375_000), number("LOADER_BENCH_RUNS", 3));
    let world = World::new().await;
    let path = world.folder.path().join("loans.csv");
    loader::generate::write_plain(rows, 1, &mut BufWriter::new(File::create(&path).unwrap())).unwrap();
    let csv = path.metadata().unwrap().len();
    let load = || world.command(&["load", path.to_str().unwrap()]);
    measured(load());
    let lake = world.folder.path().join("lake");

    let (mut copy, mut whole, mut year, mut nothing, mut plain, mut checked) = ([Duration::MAX; 6]).into();
    let mut peak = 0;
    for _ in 0..runs {
        copy = copy.min(
            ["loans", "loan_history", "loan_features"].map(|table| baseline(&world, table)).iter().sum(),
        );
        if lake.exists() {
            std::fs::remove_dir_all(&lake).unwrap();
        }
        let (time, memory) = export(&world, &lake);
        (whole, peak) = (whole.min(time), peak.max(memory));
        nothing = nothing.min(export(&world, &lake).0);
        plain = plain.min(measured(load()).0);
        let mut with_lake = load();
        with_lake.env("LOADER_LAKE", &lake);
        checked = checked.min(measured(with_lake).0);
        let change = "update history.version set dti = coalesce(dti, 0) + 1 where (source_file_id, source_line) = (
            select source_file_id, source_line from history.version where extract(year from issue_d) = 2016 limit 1)";
        world.client.batch_execute(change).await.unwrap();
        year = year.min(export(&world, &lake).0);
    }
    let size = Command::new("du").args(["-sb", lake.to_str().unwrap()]).output().unwrap();
    let size = String::from_utf8(size.stdout).unwrap();
    let size: f64 = size.split_whitespace().next().unwrap().parse().unwrap();
    println!(
        "{rows} loans, {:.0} MB as CSV, {:.0} MB in the lake (three tables); the fastest of {runs} runs\n",
        csv as f64 / 1e6,
        size / 1e6
    );
    let line = |what: &str, time: Duration| {
        println!(
            "{what:<68} {:>8.3} s {:>6.2}",
            time.as_secs_f64(),
            time.as_secs_f64() / whole.as_secs_f64()
        );
    };
    line("psql \\copy of the three views, binary, thrown away", copy);
    line("export, whole", whole);
    line("export, one row of one year changed", year);
    line("export, nothing changed: every row fingerprinted", nothing);
    line("load of a file that is loaded, no lake", plain);
    line("load of a file that is loaded, with a lake that is up to date", checked);
    println!("\npeak memory of the export: {:.1} MB", peak as f64 / 1e3);
}

fn baseline(world: &World, table: &str) -> Duration {
    let copy = format!("\\copy (select * from mart.{table}) to '/dev/null' (format binary)");
    let mut psql = Command::new(find("psql"));
    psql.args(["-q", &world.url(), "-c", &copy]);
    measured(psql).0
}
