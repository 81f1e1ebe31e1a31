//! The binary against a real Postgres.

use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime};

use crate::support::{World, last_stage};
use loader::aws::Aws;
use loader::database::Database;
use loader::error::Error;
use loader::load::{Caller, Loader};
use loader::settings::Settings;
use loader::source::Source;

#[tokio::test(flavor = "multi_thread")]
async fn a_generated_file_is_loaded_whole_and_a_second_time_nothing_happens() {
    let world = World::new().await;
    let path = world.generated("Loan Sample.csv", 2000, 5);
    assert_eq!(world.load(&path), "loaded");
    assert_eq!(world.rows().await, 2000);
    let sums = "select sum(loan_amnt::numeric)::bigint from master_loan where source_table = 'loan_sample'";
    let first = world.number(sums).await;
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(&format!("policy code 1: {first}\n")));
    assert_eq!(
        world
            .list(
                "select concat_ws(' ', rows_read, rows_loaded, rows_rejected, lines_left_out, bytes) from ingest.files"
            )
            .await,
        format!("2005 2000 0 5 {}", text.len())
    );
    assert_eq!(world.number("select min(source_line) from master_loan").await, 3);

    assert_eq!(world.load(&path), "already_loaded");
    assert_eq!(world.rows().await, 2000);
    assert_eq!(world.number("select count(*) from master_loan where source_file_id = 1").await, 2000);
    assert_eq!(world.number("select attempts::bigint from ingest.files").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_line_and_every_field_are_as_in_the_file() {
    let world = World::new().await;
    let text = "\u{feff}Notes\n\"desc\",title,loan_amnt,loan_status\r\n\n\"two\nlines, \\ and \"\"quotes\"\"\té\",\"\",5,x\r\nplain,ok,7,x\n";
    world.load(&world.file("odd.csv", text));
    let rows = "select concat_ws('|', source_line, coalesce(\"desc\", 'null'), coalesce(title, 'null'),
                                 coalesce(loan_amnt, 'null')) from master_loan order by source_line";
    assert_eq!(world.list(rows).await, "4|two\nlines, \\ and \"quotes\"\té|null|5,6|plain|ok|7");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_content_under_another_name_adds_no_rows() {
    let world = World::new().await;
    let path = world.generated("a/first.csv", 300, 1);
    let copy = world.file("b/second.csv", std::fs::read(&path).unwrap());
    assert_eq!(world.load(&path), "loaded");
    assert_eq!(world.load(&copy), "duplicate");
    assert_eq!(world.load(&copy), "duplicate");
    assert_eq!((world.rows().await, world.statuses().await.as_str()), (300, "loaded,duplicate"));
    assert_eq!(world.number("select duplicate_of from ingest.files where id = 2").await, 1);
    assert_eq!(world.number("select attempts::bigint from ingest.files where id = 2").await, 1);
    assert_eq!(
        world.number("select count(*) from pg_class where relnamespace = 'source'::regnamespace").await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn new_content_under_the_same_name_takes_the_place_of_the_old_which_is_kept() {
    let world = World::new().await;
    let path = world.generated("loan.csv", 300, 1);
    world.load(&path);
    world.generated("loan.csv", 400, 2);
    assert_eq!(world.load(&path), "loaded");
    assert_eq!((world.rows().await, world.statuses().await.as_str()), (400, "superseded,loaded"));
    assert_eq!(world.number("select count(*) from superseded.loan_1_1").await, 300);
    assert_eq!(world.list("select distinct source_table from master_loan").await, "loan");

    world.generated("loan.csv", 300, 1);
    assert_eq!(world.load(&path), "loaded");
    assert_eq!((world.rows().await, world.statuses().await.as_str()), (300, "superseded,superseded,loaded"));
    assert_eq!(world.number("select count(*) from superseded.loan_2_1").await, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn content_that_is_superseded_may_come_again_from_elsewhere() {
    let world = World::new().await;
    let path = world.generated("loan.csv", 100, 1);
    let copy = world.file("copy.csv", std::fs::read(&path).unwrap());
    world.load(&path);
    assert_eq!(world.load(&copy), "duplicate");
    world.generated("loan.csv", 50, 2);
    world.load(&path);
    assert_eq!(world.load(&copy), "loaded");
    assert_eq!((world.rows().await, world.statuses().await.as_str()), (150, "superseded,loaded,loaded"));

    world.file("loan.csv", std::fs::read(&copy).unwrap());
    assert_eq!(world.load(&path), "duplicate");
    assert_eq!(world.rows().await, 100);
    assert_eq!(world.statuses().await, "superseded,loaded,superseded,duplicate");
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_go_by_name_new_ones_are_added_and_missing_ones_are_null() {
    let world = World::new().await;
    world.load(&world.file("one.csv", "loan_status,brand_new,loan_amnt,desc\nok,x,1,d\n"));
    world.load(&world.file("two.csv", "grade,loan_amnt,loan_status\nA,2,late\n"));
    world.load(&world.file("three.csv", "another,loan_amnt,loan_status,brand_new,source_line\ny,3,ok,z,7\n"));
    let rows =
        "select concat_ws('|', loan_amnt, loan_status, brand_new, another, grade, \"desc\", delivered_source_line)
                from master_loan order by loan_amnt";
    assert_eq!(world.list(rows).await, "1|ok|x|d,2|late|A,3|ok|z|y|7");
    let added = "select concat_ws(' ', name, position, file_id) from ingest.columns where file_id is not null order by position";
    assert_eq!(world.list(added).await, "brand_new 151 1,another 152 3,delivered_source_line 153 3");
    assert_eq!(world.number("select count(*) from ingest.columns where file_id is null").await, 145);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_the_same_name_in_two_folders_have_two_tables() {
    let world = World::new().await;
    world.load(&world.generated("a/loan.csv", 10, 1));
    world.load(&world.generated("b/loan.csv", 20, 2));
    let tables = world.list("select source_table from ingest.files order by id").await;
    let (first, second) = tables.split_once(',').unwrap();
    assert_eq!(first, "loan");
    assert!(second.starts_with("loan_") && second.len() == 13, "{second}");
    assert_eq!(world.rows().await, 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_loads_of_one_file_at_once_load_it_once() {
    let world = World::new().await;
    let path = world.generated("loan.csv", 3000, 1);
    let start = || {
        let mut command = world.command(&["load", path.to_str().unwrap()]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let outputs = [start(), start(), start()].map(|process| process.wait_with_output().unwrap());
    let mut stages = outputs.each_ref().map(last_stage);
    stages.sort();
    assert_eq!(stages, ["already_loaded", "already_loaded", "loaded"]);
    assert_eq!(world.rows().await, 3000);
    assert_eq!(world.number("select attempts::bigint from ingest.files").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_files_at_once_do_not_get_in_each_others_way() {
    let world = World::new().await;
    let content =
        |column: &str, seed: u64| format!("loan_amnt,loan_status,{column}\n{seed},ok,x\n").repeat(1);
    let files = [
        world.generated("same_1.csv", 1500, 1),
        world.generated("same_2.csv", 1500, 1),
        world.file("new_1.csv", content("shared", 1)),
        world.file("new_2.csv", content("shared", 2)),
        world.file("new_3.csv", content("own", 3)),
        world.generated("other.csv", 1500, 2),
    ];
    let processes = files.each_ref().map(|path| {
        let mut command = world.command(&["load", path.to_str().unwrap()]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    });
    let mut stages = processes.map(|process| {
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        last_stage(&output)
    });
    stages.sort();
    assert_eq!(stages, ["duplicate", "loaded", "loaded", "loaded", "loaded", "loaded"]);
    assert_eq!(world.rows().await, 3003);
    assert_eq!(world.number("select count(*) from master_loan where shared = 'x'").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_that_is_killed_leaves_no_rows_and_the_next_starts_over() {
    let world = World::new().await;
    let path = world.generated("loan.csv", 60_000, 1);
    let mut process = world.command(&["load", path.to_str().unwrap()]).stdout(Stdio::null()).spawn().unwrap();
    let copied = "select coalesce(max(bytes_processed), 0)::bigint from pg_stat_progress_copy where datname = current_database()";
    let patience = Instant::now() + Duration::from_secs(60);
    while world.number(copied).await < 1 << 20 {
        assert!(Instant::now() < patience, "the load never began to copy");
        assert!(process.try_wait().unwrap().is_none(), "the load ended before it could be killed");
    }
    process.kill().unwrap();
    assert!(!process.wait().unwrap().success());
    assert_eq!((world.rows().await, world.statuses().await.as_str()), (0, "loading"));

    let output = world.try_load(&path);
    assert_eq!(last_stage(&output), "loaded");
    assert!(String::from_utf8(output.stdout).unwrap().contains("whoever loaded it before is gone"));
    assert_eq!((world.rows().await, world.statuses().await.as_str()), (60_000, "loaded"));
    assert_eq!(world.number("select attempts::bigint from ingest.files").await, 2);
    assert_eq!(
        world.number("select count(*) from pg_class where relnamespace = 'source'::regnamespace").await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_too_many_bad_rows_fails_whole_and_its_repair_is_loaded() {
    let world = World::new().await;
    let path = world.file("bad.csv", "loan_amnt,loan_status\n1,ok\n2\n3,ok\n");
    let output = world.try_load(&path);
    assert!(!output.status.success());
    assert_eq!(last_stage(&output), "failed");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("bad.csv: 1 of 3 rows were rejected, more than 5 %; the first, line 3: 1 fields"),
        "{error}"
    );
    assert_eq!((world.rows().await, world.statuses().await.as_str()), (0, "failed"));
    assert_eq!(
        world.list("select concat_ws(' ', line, reason, raw) from ingest.rejects").await,
        "3 1 fields, the header has 2 2"
    );
    assert!(world.list("select error from ingest.files").await.contains("1 of 3 rows were rejected"));

    let output = world
        .command(&["load", path.to_str().unwrap()])
        .env("LOADER_MAX_REJECT_RATIO", "0.5")
        .output()
        .unwrap();
    assert_eq!(last_stage(&output), "loaded");
    assert_eq!((world.rows().await, world.number("select count(*) from ingest.rejects").await), (2, 1));

    world.file("bad.csv", "loan_amnt,loan_status\n1,ok\n2,ok\n3,ok\n");
    assert_eq!(world.load(&path), "loaded");
    assert_eq!((world.rows().await, world.statuses().await.as_str()), (3, "superseded,loaded"));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_bad_rows_than_fit_in_memory_at_once_are_all_kept() {
    let world = World::new().await;
    let mut text = "loan_amnt,loan_status\n".to_owned();
    for number in 0..20_000 {
        text.push_str(if number % 10 == 0 { "1,2,3\n" } else { "1,ok\n" });
    }
    let path = world.file("bad.csv", text);
    let output = world
        .command(&["load", path.to_str().unwrap()])
        .env("LOADER_MAX_REJECT_RATIO", "0.2")
        .output()
        .unwrap();
    assert_eq!(last_stage(&output), "loaded");
    assert_eq!(
        (world.rows().await, world.number("select count(*) from ingest.rejects").await),
        (18_000, 2000)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_no_loan_files_fail_and_do_not_stop_the_others() {
    let world = World::new().await;
    let empty = world.file("empty.csv", "");
    let other = world.file("other.csv", "name;age\nx;1\n");
    let good = world.generated("good.csv", 10, 1);
    let paths = [&empty, &other, &good].map(|path| path.to_str().unwrap());
    let output = world.command(&["load", paths[0], paths[1], "missing.csv", paths[2]]).output().unwrap();
    assert!(!output.status.success());
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("3 of 4 files failed"), "{error}");
    assert!(error.contains("empty.csv: the file is empty"), "{error}");
    assert!(error.contains("other.csv: no header among the first 2 records (up to line 2)"), "{error}");
    assert!(error.contains("failed to read missing.csv: No such file"), "{error}");
    assert_eq!((world.rows().await, world.statuses().await.as_str()), (10, "failed,failed,loaded"));

    let status = world.command(&["status"]).output().unwrap();
    let status = String::from_utf8(status.stdout).unwrap();
    assert_eq!(status.lines().count(), 4);
    assert!(status.lines().nth(3).unwrap().contains("loaded"), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_that_runs_out_of_time_stops_and_leaves_nothing() {
    let world = World::new().await;
    let path = world.generated("loan.csv", 500, 1);
    let loader = Loader {
        aws: Aws::default(),
        database: Database::from_environment(Some(&world.url())).unwrap(),
        settings: Settings::default(),
    };
    let source = Source::File(path.clone());
    let other = world.generated("other.csv", 5, 2);
    loader.load(&Source::File(other), Caller::default()).await.unwrap();

    // Another merge that does not end keeps the load waiting when all its rows are staged.
    let mut session = world.session().await;
    let blocking = session.transaction().await.unwrap();
    blocking.batch_execute("select pg_advisory_xact_lock(x'6c6f616465720003'::bigint)").await.unwrap();
    let deadline = SystemTime::now() + Duration::from_secs(8);
    let caller =
        Caller { request_id: Some("request-1"), deadline: Some(deadline), trace_id: Some("Root=1-2") };
    let error = loader.load(&source, caller).await.unwrap_err();
    assert!(matches!(error, Error::Deadline { .. }), "{error}");
    assert_eq!((world.rows().await, world.statuses().await.as_str()), (5, "loaded,failed"));
    assert_eq!(world.list("select request_id from ingest.files where id = 2").await, "request-1");
    blocking.rollback().await.unwrap();

    loader.load(&source, Caller::default()).await.unwrap();
    assert_eq!((world.rows().await, world.statuses().await.as_str()), (505, "loaded,loaded"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loader_that_starts_while_another_creates_the_schema_waits_for_it() {
    let world = World::new().await;
    let processes = [0; 4].map(|_| world.command(&["status"]).stdout(Stdio::null()).spawn().unwrap());
    for mut process in processes {
        assert!(process.wait().unwrap().success());
    }
    let migrations = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap().count();
    assert_eq!(world.number("select count(*) from ingest.schema_history").await, migrations as i64);
}
