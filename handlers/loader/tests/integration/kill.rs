//! Whatever stops a load, loading again ends in the tables of one undisturbed load.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{World, last_stage};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Kills; `LOADER_KILLS` asks for more.
const KILLS: u32 = 200;

/// One checksum over all tables, times and identities of loads left out.
async fn checksum(world: &World) -> String {
    let mut sums = Vec::new();
    let tables =
        "select format('%I.%I', nspname, relname) from pg_class c join pg_namespace n on n.oid = relnamespace
                  where relkind in ('r', 'p', 'v') and not relispartition
                      and nspname in ('public', 'ingest', 'source', 'superseded', 'history', 'mart')
                      and relname <> 'schema_history'
                  order by 1";
    for table in world.list(tables).await.split(',') {
        // Every attempt uses up an id of ingest.files; in mart, id is a loan's number.
        let id = if table.starts_with("mart.") { "" } else { ",id" };
        let sum = format!(
            "select md5(coalesce(string_agg(line, '' order by line), '')) from (
                 select (to_jsonb(t) - '{{load_id,loaded_at,started_at,finished_at,seconds,attempts,added_at,file_id,source_file_id,key,etag{id}}}'::text[])::text as line
                 from {table} t) lines"
        );
        sums.push(format!("{table} {}", world.list(&sum).await));
    }
    sums.join("\n")
}

fn releases(world: &World) -> [PathBuf; 2] {
    let first = world.generated("first.csv", 150, 1);
    // The second release has the first one's loans, some of them paid meanwhile, and others.
    let text = std::fs::read_to_string(&first).unwrap().replace("Current", "Fully Paid");
    let more = world.generated("more.csv", 200, 1);
    let more = std::fs::read_to_string(more).unwrap();
    let tail = more.lines().skip(152).collect::<Vec<_>>().join("\n");
    [first, world.file("second.csv", format!("{text}{tail}"))]
}

/// Loads both, one after the other. The checksum, and how long the second takes.
async fn undisturbed(world: &World, files: &[PathBuf; 2]) -> (String, Duration) {
    world.load(&files[0]);
    let began = Instant::now();
    world.load(&files[1]);
    let time = began.elapsed();
    (checksum(world).await, time)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_that_is_killed_anywhere_can_be_repeated() {
    let kills = std::env::var("LOADER_KILLS").map_or(KILLS, |text| text.parse().unwrap());
    let world = World::new().await;
    let files = releases(&world);
    let (expected, whole) = undisturbed(&world, &files).await;
    let mut dice = ChaCha8Rng::seed_from_u64(42);
    let (mut killed, mut round) = (0, 0);
    while killed < kills {
        round += 1;
        let victim = World::new().await;
        // Several kills in a row, on either file, then both loads in peace.
        for file in &files {
            for _ in 0..5 {
                let mut process = victim
                    .command(&["load", file.to_str().unwrap()])
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn()
                    .unwrap();
                // Any moment will do, that is the point.
                std::thread::sleep(whole.mul_f64(dice.random_range(0.02..1.0)));
                process.kill().unwrap();
                killed += u32::from(!process.wait().unwrap().success());
            }
            victim.load(file);
        }
        assert_eq!(checksum(&victim).await, expected, "round {round}, {killed} kills");
        let left = "select count(*) from pg_class where relnamespace = 'history'::regnamespace and relname like 'load%' and relkind = 'r'";
        assert_eq!(victim.number(left).await, 0);
    }
    #[expect(clippy::print_stderr, reason = "a test that says what it did")]
    {
        eprintln!("{killed} kills in {round} rounds, every checksum as after an undisturbed load");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_fails_the_load_and_replay_repairs_it() {
    let world = World::new().await;
    let files = releases(&world);
    let (expected, _) = undisturbed(&world, &files).await;
    let victim = World::new().await;
    victim.load(&files[0]);

    // A merge that does not end keeps the load waiting, then the server throws it out.
    let mut session = victim.session().await;
    let blocking = session.transaction().await.unwrap();
    blocking.batch_execute("select pg_advisory_xact_lock(x'6c6f616465720003'::bigint)").await.unwrap();
    let mut command = victim.command(&["load", files[1].to_str().unwrap()]);
    let process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let thrown_out = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                      where datname = current_database() and wait_event = 'advisory' and application_name = 'loader'";
    let patience = Instant::now() + Duration::from_secs(60);
    while victim.number(thrown_out).await == 0 {
        assert!(Instant::now() < patience, "the load never came to its merge");
    }
    let output = process.wait_with_output().unwrap();
    assert_eq!(last_stage(&output), "failed");
    blocking.rollback().await.unwrap();
    assert_eq!(victim.statuses().await, "loaded,failed");

    let replayed = victim.command(&["replay"]).output().unwrap();
    assert_eq!(last_stage(&replayed), "loaded");
    assert_eq!(checksum(&victim).await, expected);
    let again = victim.command(&["replay"]).output().unwrap();
    assert!(String::from_utf8(again.stderr).unwrap().contains("nothing to replay"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_releases_at_once_end_as_one_after_the_other() {
    let world = World::new().await;
    let files = releases(&world);
    let (expected, _) = undisturbed(&world, &files).await;
    let views =
        |text: &str| text.lines().filter(|line| line.starts_with("mart.")).collect::<Vec<_>>().join("\n");
    for _ in 0..3 {
        let other = World::new().await;
        let processes = files.each_ref().map(|file| {
            let mut command = other.command(&["load", file.to_str().unwrap()]);
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        });
        for process in processes {
            let output = process.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        assert_eq!(views(&checksum(&other).await), views(&expected));
    }
}
