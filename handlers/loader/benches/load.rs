//! A load against `psql \copy` of the same file on the same server, in the same run: what counts are the ratios.
//!
//! `cargo bench -p loader`; `LOADER_BENCH_ROWS` (375000: 300 MB) and `LOADER_BENCH_RUNS` (3; the fastest counts).
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
use std::io::{BufWriter, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use loader::layout::COLUMNS;
use loader::rows::Rows;
use loader::settings::Settings;
use measure::{number, run as run_measured};
use support::{SETTINGS, World, find};

fn main() {
    // As PostgreSQL comes, but for checkpoints, which would come at any moment of any run.
    SETTINGS.set(vec!["-c", "max_wal_size=8GB", "-c", "checkpoint_timeout=1h"]).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(run());
}

async fn run() {
    let (rows, runs) = (number("LOADER_BENCH_ROWS", 375_000), number("LOADER_BENCH_RUNS", 3));
    let world = World::new().await;
    let path = world.folder.path().join("loans.csv");
    loader::generate::write_plain(rows, 1, &mut BufWriter::new(File::create(&path).unwrap())).unwrap();
    let megabytes = path.metadata().unwrap().len() as f64 / 1e6;
    println!("{rows} rows x {} columns, {megabytes:.0} MB, the fastest of {runs} runs\n", COLUMNS.len());
    parsing(&path, megabytes);

    let (mut copy, mut seed, mut first, mut same, mut unchanged) = ([Duration::MAX; 5]).into();
    let (mut peak, mut packed_peak) = (0, 0);
    for _ in 0..runs {
        copy = copy.min(baseline(&world, &path, "").await);
        seed = seed.min(the_seeds_way(&world, &path).await);
        let fresh = World::new().await;
        // The tables are made once in the life of a database, as the baseline's is made beforehand.
        assert!(fresh.command(&["status"]).stdout(Stdio::null()).status().unwrap().success());
        let (time, memory) = load(&fresh, &path);
        (first, peak) = (first.min(time), peak.max(memory));
        let other = fresh.folder.path().join("same.csv");
        std::fs::copy(&path, &other).unwrap();
        same = same.min(load(&fresh, &other).0);
        File::options().append(true).open(&other).unwrap().write_all(b"\n").unwrap();
        unchanged = unchanged.min(load(&fresh, &other).0);
        let packed = fresh.folder.path().join("loans.csv.gz");
        let status = Command::new("gzip")
            .args(["-1", "-c"])
            .arg(&path)
            .stdout(File::create(&packed).unwrap())
            .status();
        assert!(status.unwrap().success());
        packed_peak = packed_peak.max(load(&World::new().await, &packed).1);
    }
    let line = |what: &str, time: Duration, against: Duration| {
        println!(
            "{what:<58} {:>7.2} s {:>6.1} MB/s {:>6.2}",
            time.as_secs_f64(),
            megabytes / time.as_secs_f64(),
            time.as_secs_f64() / against.as_secs_f64()
        );
    };
    println!("{:<58} {:>9} {:>11} {:>6}", "", "time", "", "ratio");
    line("psql \\copy into a logged all-text table (baseline)", copy, copy);
    line("staging and INSERT..SELECT, all text (the seed's way)", seed, copy);
    line("load: as delivered, and typed with history (<= 1.5)", first, copy);
    line("the same bytes under another name (of the load, <= 0.5)", same, first);
    line("the same rows in other bytes (of the load)", unchanged, first);
    println!(
        "\npeak memory: plain {:.1} MB, gzip {:.1} MB (< 64)",
        peak as f64 / 1e3,
        packed_peak as f64 / 1e3
    );
    cold_start(&world);
}

fn parsing(path: &Path, megabytes: f64) {
    let mut file = File::open(path).unwrap();
    let mut rows = Rows::new(&Settings::default());
    let mut buffer = vec![0; 64 * 1024];
    let mut busy = Duration::ZERO;
    loop {
        let read = file.read(&mut buffer).unwrap();
        if read == 0 {
            break;
        }
        let began = Instant::now();
        rows.feed(&buffer[..read]).unwrap();
        let (text, typed) = rows.waiting();
        text.clear();
        typed.clear();
        busy += began.elapsed();
    }
    println!("parsing and typing alone, one core: {:.0} MB/s (>= 150)\n", megabytes / busy.as_secs_f64());
}

async fn table(world: &World, name: &str, kind: &str) {
    let columns = COLUMNS.map(|column| format!("\"{column}\" text")).join(", ");
    let sql = format!("drop table if exists {name}; create {kind} table {name} ({columns})");
    world.client.batch_execute(&sql).await.unwrap();
}

async fn baseline(world: &World, path: &Path, kind: &str) -> Duration {
    table(world, "plain", kind).await;
    let copy = format!("\\copy plain from '{}' with (format csv, header)", path.display());
    let began = Instant::now();
    let output = Command::new(find("psql")).args(["-q", &world.url(), "-c", &copy]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    began.elapsed()
}

/// All text into an unlogged table, and from there into the master, whose rows say which file they came from.
async fn the_seeds_way(world: &World, path: &Path) -> Duration {
    table(world, "master", "").await;
    world.client.batch_execute("alter table master add source_table text not null").await.unwrap();
    let staged = baseline(world, path, "unlogged").await;
    let columns = COLUMNS.map(|column| format!("\"{column}\"")).join(", ");
    let insert = format!(
        "insert into master ({columns}, source_table) select {columns}, '{}' from plain",
        path.file_stem().unwrap().display()
    );
    let began = Instant::now();
    world.client.batch_execute(&insert).await.unwrap();
    staged + began.elapsed()
}

/// Time of a load, and the most memory in kB that it had.
fn load(world: &World, path: &Path) -> (Duration, u64) {
    run_measured(world.command(&["load", path.to_str().unwrap()]))
}

/// From the start of the process until it has its first answer from an up-to-date database, and has ended.
fn cold_start(world: &World) {
    let mut times = Vec::new();
    for _ in 0..21 {
        let began = Instant::now();
        assert!(world.command(&["status"]).stdout(Stdio::null()).status().unwrap().success());
        times.push(began.elapsed());
    }
    times[1..].sort();
    println!(
        "cold start, process to first query and end: median {:.1} ms (< 60)",
        times[11].as_secs_f64() * 1e3
    );
}
