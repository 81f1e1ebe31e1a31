//! Whatever stops an export, readers find what the manifest says, and the next export ends in the lake of an undisturbed one.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::lake::{changed, export};
use crate::parquet::{TABLES, check_files, in_folder, partitions};
use crate::support::{World, is_root};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Names of all files below a folder.
fn names(folder: &Path) -> Vec<String> {
    let output = Command::new("find").arg(folder).args(["-type", "f", "-printf", "%P\n"]).output().unwrap();
    let mut names =
        String::from_utf8(output.stdout).unwrap().lines().map(ToOwned::to_owned).collect::<Vec<_>>();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_is_killed_anywhere_can_be_repeated() {
    let kills = std::env::var("LOADER_KILLS").map_or(12, |text| text.parse().unwrap());
    let world = World::new().await;
    let first = world.generated("first.csv", 300, 1);
    world.load(&first);
    let before = world.folder.path().join("before");
    export(&world, &before, &[]);
    world.load(&world.file("second.csv", changed(&first, "2016")));
    let expected = world.folder.path().join("expected");
    let began = Instant::now();
    export(&world, &expected, &[]);
    let whole = began.elapsed();

    let mut dice = ChaCha8Rng::seed_from_u64(42);
    let (mut killed, mut resumed, mut round) = (0, 0, 0);
    while killed < kills {
        round += 1;
        let lake = world.folder.path().join(format!("lake-{round}"));
        assert!(
            Command::new("cp")
                .args(["-r".as_ref(), before.as_os_str(), lake.as_os_str()])
                .status()
                .unwrap()
                .success()
        );
        for _ in 0..4 {
            let mut command = world.command(&["export", "--to", lake.to_str().unwrap()]);
            let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            // Any moment will do, that is the point.
            std::thread::sleep(whole.mul_f64(dice.random_range(0.05..1.0)));
            process.kill().unwrap();
            killed += u32::from(!process.wait().unwrap().success());
            // Old or new, and whole.
            check_files(&in_folder(&lake));
        }
        let report = export(&world, &lake, &[]);
        let tables = report["tables"].as_array().unwrap().iter();
        resumed += tables.map(|table| table["resumed"].as_array().unwrap().len()).sum::<usize>();
        let found = TABLES.map(|table| partitions(&in_folder(&lake), table));
        assert_eq!(found, TABLES.map(|table| partitions(&in_folder(&expected), table)), "{killed} kills");
        assert_eq!(names(&lake), names(&expected), "{killed} kills");
    }
    #[expect(clippy::print_stderr, reason = "a test that says what it did")]
    {
        eprintln!(
            "{killed} kills, every lake as after an undisturbed export; {resumed} partitions were taken up"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_leaves_the_lake_as_it_was_and_the_next_export_works() {
    let world = World::new().await;
    world.load(&world.generated("first.csv", 100, 1));
    let small = world.folder.path().join("small");
    export(&world, &small, &[]);
    world.load(&world.generated("second.csv", 2500, 2));
    let disk = world.folder.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let namespace: &[&str] = if is_root() { &["--mount"] } else { &["--user", "--map-root-user", "--mount"] };
    // The disk is seen by this script alone: what it holds is copied out at each step.
    let script = "
        set -e; mount -t tmpfs -o size=2m none disk; cp -r small disk/lake; head -c 600000 /dev/zero > disk/ballast
        if \"$0\" export --to disk/lake 2> error; then exit 3; fi
        cp -r disk/lake failed; rm disk/ballast
        mount -o remount,size=20m none disk
        \"$0\" export --to disk/lake > report; cp -r disk/lake mended";
    let status = Command::new("unshare")
        .args(namespace)
        .args(["sh", "-c", script, env!("CARGO_BIN_EXE_loader")])
        .current_dir(world.folder.path())
        .env("DATABASE_URL", world.url())
        .status()
        .unwrap();
    let read = |name: &str| std::fs::read_to_string(world.folder.path().join(name)).unwrap_or_default();
    assert!(status.success(), "{status} {}", read("error"));
    assert!(read("error").contains("No space left on device"), "{}", read("error"));
    let lake = |name: &str| world.folder.path().join(name);
    let of = |name: &str| TABLES.map(|table| partitions(&in_folder(&lake(name)), table));
    check_files(&in_folder(&lake("failed")));
    assert_eq!(of("failed"), of("small"));
    let expected = world.folder.path().join("expected");
    export(&world, &expected, &[]);
    assert_eq!(of("mended"), of("expected"));
    assert_eq!(names(&lake("mended")), names(&expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_at_once_are_one() {
    let world = World::new().await;
    world.load(&world.generated("first.csv", 300, 1));
    let lake = world.folder.path().join("lake");
    let processes = (0..6).map(|_| {
        let mut command = world.command(&["export", "--to", lake.to_str().unwrap()]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    });
    let mut stages = Vec::new();
    for process in processes.collect::<Vec<_>>() {
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        stages.push(crate::support::last_stage(&output));
    }
    assert_eq!(stages.iter().filter(|stage| *stage == "exported").count(), 1, "{stages:?}");
    let expected = world.folder.path().join("expected");
    export(&world, &expected, &[]);
    assert_eq!(names(&lake), names(&expected));
    assert_eq!(export(&world, &lake, &[])["stage"], "lake_unchanged");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_fails_the_export_and_leaves_nothing_half_done() {
    let world = World::new().await;
    world.load(&world.generated("first.csv", 300, 1));
    let lake = world.folder.path().join("lake");
    // Whoever changes the list keeps the export waiting, then the server throws it out.
    let mut session = world.session().await;
    let blocking = session.transaction().await.unwrap();
    blocking.batch_execute("lock table mart.leaking_columns in access exclusive mode").await.unwrap();
    let mut command = world.command(&["export", "--to", lake.to_str().unwrap()]);
    let process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let thrown_out = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                      where datname = current_database() and wait_event_type = 'Lock' and application_name = 'loader'";
    let patience = Instant::now() + Duration::from_secs(60);
    while world.number(thrown_out).await == 0 {
        assert!(Instant::now() < patience, "the export never came to the list");
    }
    let output = process.wait_with_output().unwrap();
    assert!(!output.status.success());
    assert_eq!(crate::support::last_stage(&output), "export_failed");
    blocking.rollback().await.unwrap();
    assert!(names(&lake).is_empty());
    assert_eq!(export(&world, &lake, &[])["stage"], "exported");
}
