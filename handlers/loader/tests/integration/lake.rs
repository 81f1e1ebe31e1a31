//! The lake in a folder: what is in it, and what is written again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::parquet::{TABLES, check_files, compare, in_folder, manifest, partitions, types};
use crate::real::real;
use crate::support::World;
use serde_json::Value;

/// Runs `loader export` and returns what it says.
pub fn export(world: &World, lake: &Path, more: &[&str]) -> Value {
    let mut arguments = vec!["export", "--to", lake.to_str().unwrap()];
    arguments.extend(more);
    let output = world.command(&arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Years written, by table.
pub fn written(report: &Value) -> BTreeMap<String, Vec<i64>> {
    let tables = report["tables"].as_array().unwrap().iter();
    let years = |table: &Value| {
        table["written"].as_array().unwrap().iter().map(|year| year.as_i64().unwrap()).collect()
    };
    tables.map(|table| (table["table"].as_str().unwrap().to_owned(), years(table))).collect()
}

/// Every file in a folder, with its modification time.
fn files(folder: &Path) -> BTreeMap<PathBuf, std::time::SystemTime> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                found.insert(entry.path(), entry.metadata().unwrap().modified().unwrap());
            }
        }
    }
    found
}

/// A generated file's rows, and whether each is of a loan issued in a year.
fn rows<'a>(text: &'a str, year: &'a str) -> impl Iterator<Item = (&'a str, bool)> {
    text.lines()
        .map(move |line| (line, line.split("\",\"").nth(15).is_some_and(|issued| issued.ends_with(year))))
}

/// A release with the same loans, of which those issued in a year have another status.
pub fn changed(path: &Path, year: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let lines = rows(&text, year).map(|(line, issued)| match issued {
        true => line.replace("\"Current\"", "\"Default\"").replace("\"Fully Paid\"", "\"Charged Off\""),
        false => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The loans issued in a year only.
fn only(text: &str, year: &str) -> String {
    let lines = rows(text, year).enumerate().filter(|(number, (_, issued))| *number < 2 || *issued);
    lines.map(|(_, (line, _))| line).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_value_is_what_postgres_has() {
    let world = World::new().await;
    let first = world.generated("first.csv", 800, 1);
    world.load(&first);
    world.load(&world.file("second.csv", changed(&first, "2015")));
    // With columns that nobody knows, and what is hard to write down.
    let odd = "loan_amnt,loan_status,issue_d,annual_inc,desc,colour\n7,Current,Dec-2018,-0.01,\"a \"\"b\"\"\n\tc\\d é\",red\n\
               999999999999.99,Current,Dec-2018,0.50,' ,\n";
    world.load(&world.file("odd.csv", odd));
    // The loader takes no loan without a date of issue; the view might have one all the same.
    let undated = "update history.version set issue_d = null where loan_amnt = 7";
    assert_eq!(world.client.execute(undated, &[]).await.unwrap(), 1);
    let lake = world.folder.path().join("lake");
    let report = export(&world, &lake, &[]);
    assert_eq!(report["stage"], "exported");
    let values = compare(&world, &in_folder(&lake)).await;
    assert!(values > 300_000, "{values}");
    let get = in_folder(&lake);
    let years = partitions(&get, "loans");
    assert!(years[0].starts_with("1970 issue_year=1970/") && years.len() > 5, "{years:?}");

    let types = types(&get, "loan_history").join("\n");
    for expected in [
        "loan_key Utf8",
        "loan_amnt Decimal128(14, 2)",
        "issue_d Date32",
        "int_rate Float64",
        "term Int16",
        "id Int64",
        "is_latest Boolean",
        "files Int64",
        "extra Utf8",
        "grade Utf8",
    ] {
        assert!(types.lines().any(|line| line == expected), "{expected} in {types}");
    }
    let manifest = manifest(&get, "loan_features").unwrap();
    let label = manifest.columns.iter().find(|column| column.name == "label").unwrap();
    assert_eq!(label.type_name, "smallint");
    assert!(label.comment.as_deref().unwrap().starts_with("1 if the loan was charged off"));
    assert!(manifest.leaking.iter().any(|leaking| leaking.column == "recoveries"));
    let tables = manifest.files.iter().map(|file| file.table.as_str()).collect::<Vec<_>>();
    assert_eq!(tables.len(), 3);
    assert!(manifest.files.is_sorted_by_key(|file| &file.sha256));
    assert!(manifest.written_at.ends_with('Z'));
    let raw: Value = serde_json::from_slice(&get("loan_features/_manifest.json").unwrap()).unwrap();
    let names = raw.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names, ["format", "table", "written_at", "columns", "partitions", "files", "leaking"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_changed_is_written_again() {
    let world = World::new().await;
    let first = world.generated("first.csv", 400, 1);
    world.load(&first);
    let lake = world.folder.path().join("lake");
    export(&world, &lake, &[]);
    let get = in_folder(&lake);
    let all = TABLES.map(|table| partitions(&get, table));
    let before = files(&lake);

    let nothing = export(&world, &lake, &[]);
    assert_eq!(nothing["stage"], "lake_unchanged");
    assert_eq!(files(&lake), before, "not a byte is written");

    // A release that shows all loans again, of which those of one year are different.
    let text = changed(&first, "2015");
    world.load(&world.file("second.csv", &text));
    let report = written(&export(&world, &lake, &[]));
    assert_eq!(report["loan_features"], [2015], "what was known at issue, and how it ended");
    // Which release shows a loan last is part of these two.
    assert_eq!(report["loans"].len(), all[0].len());
    assert_eq!(report["loan_history"].len(), all[1].len());
    compare(&world, &in_folder(&lake)).await;

    // A release that shows the loans of one year only.
    let third = only(&text, "2016");
    assert!(third.lines().count() > 10, "{third}");
    world.load(&world.file("third.csv", third));
    let report = written(&export(&world, &lake, &[]));
    for table in ["loans", "loan_history"] {
        assert_eq!(report[table], [2016], "{table}");
    }
    assert!(!report.contains_key("loan_features"), "it says nothing new: {report:?}");
    compare(&world, &in_folder(&lake)).await;
    // Nothing but what the manifests name is left.
    let named = TABLES.iter().map(|table| partitions(&get, table).len()).sum::<usize>();
    assert_eq!(files(&lake).len(), named + TABLES.len() + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_order_of_loading_gives_the_same_bytes() {
    let lakes = tempfile::tempdir().unwrap();
    let mut found = Vec::new();
    for order in [[0, 1], [1, 0]] {
        let world = World::new().await;
        let first = world.generated("first.csv", 300, 1);
        let paths = [first.clone(), world.file("second.csv", changed(&first, "2016"))];
        // The store's times decide between releases of the same month: they must not be those of this run.
        for (path, second) in paths.iter().zip([1_500_000_000, 1_600_000_000]) {
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(second);
            std::fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
        }
        for place in order {
            world.load(&paths[place]);
        }
        let lake = lakes.path().join(order[0].to_string());
        export(&world, &lake, &[]);
        found.push(TABLES.map(|table| partitions(&in_folder(&lake), table)));
    }
    assert_eq!(found[0], found[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_removed_is_noticed_and_written_again() {
    let world = World::new().await;
    world.load(&world.generated("first.csv", 300, 1));
    let lake = world.folder.path().join("lake");
    export(&world, &lake, &[]);
    let get = in_folder(&lake);
    let whole = TABLES.map(|table| partitions(&get, table));
    let path = |table: usize, place: usize| {
        lake.join(TABLES[table]).join(whole[table][place].split(' ').nth(1).unwrap())
    };

    std::fs::remove_file(path(0, 1)).unwrap();
    std::fs::write(path(2, 0), b"cut off").unwrap();
    // A load that brings nothing new is enough: the cheap check sees it.
    let mut command = world.command(&["load", world.folder.path().join("first.csv").to_str().unwrap()]);
    let output = command.env("LOADER_LAKE", &lake).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(TABLES.map(|table| partitions(&get, table)), whole);
    check_files(&get);

    std::fs::remove_file(lake.join("loans/_manifest.json")).unwrap();
    let report = written(&export(&world, &lake, &[]));
    assert_eq!(report.keys().collect::<Vec<_>>(), ["loans"]);
    std::fs::remove_dir_all(&lake).unwrap();
    export(&world, &lake, &[]);
    assert_eq!(TABLES.map(|table| partitions(&get, table)), whole);
    compare(&world, &get).await;

    // Damage that keeps the size is seen by readers, who know the hash; `--all` mends it.
    let mut bytes = std::fs::read(path(1, 0)).unwrap();
    bytes[100] ^= 1;
    std::fs::write(path(1, 0), bytes).unwrap();
    assert_eq!(export(&world, &lake, &[])["stage"], "lake_unchanged");
    assert_eq!(export(&world, &lake, &["--all"])["stage"], "exported");
    check_files(&get);
    assert_eq!(TABLES.map(|table| partitions(&get, table)), whole);
    // What is not ours is left alone.
    std::fs::write(lake.join("loans/notes.txt"), "mine").unwrap();
    std::fs::write(lake.join("loans/issue_year=2015/mine.parquet"), "mine").unwrap();
    export(&world, &lake, &["--all"]);
    assert!(
        lake.join("loans/notes.txt").exists() && lake.join("loans/issue_year=2015/mine.parquet").exists()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_by_hand_and_of_the_view_are_noticed() {
    let world = World::new().await;
    world.load(&world.generated("first.csv", 300, 1));
    let lake = world.folder.path().join("lake");
    export(&world, &lake, &[]);
    // One value of one row of one year: a cent, a letter's case, what was null.
    for change in [
        "loan_amnt = loan_amnt + 0.01",
        "emp_title = upper(emp_title) || 'x'",
        "extra = '{\"a\": \"1\"}'",
        "dti = -1",
    ] {
        let update = format!(
            "update history.version set {change} where (source_file_id, source_line) = (
                 select source_file_id, source_line from history.version where extract(year from issue_d) = 2016 limit 1)"
        );
        assert_eq!(world.client.execute(&update, &[]).await.unwrap(), 1);
        let report = written(&export(&world, &lake, &[]));
        assert_eq!(report["loans"], [2016], "{change}");
        assert_eq!(report["loan_history"], [2016], "{change}");
        compare(&world, &in_folder(&lake)).await;
    }
    let definition = world.list("select pg_get_viewdef('mart.loan_features')").await;
    let wider = definition.trim_end_matches(';').replacen(
        "FROM mart.loans",
        ", interval '1 day' AS odd FROM mart.loans",
        1,
    );
    world
        .client
        .batch_execute(&format!("create or replace view mart.loan_features as {wider}"))
        .await
        .unwrap();
    let report = written(&export(&world, &lake, &[]));
    assert_eq!(report.keys().collect::<Vec<_>>(), ["loan_features"]);
    assert_eq!(report["loan_features"].len(), partitions(&in_folder(&lake), "loan_features").len());
    compare(&world, &in_folder(&lake)).await;
    // A comment is part of the manifest, and of no file.
    world.client.batch_execute("comment on column mart.loans.grade is 'Other'").await.unwrap();
    let report = export(&world, &lake, &[]);
    assert_eq!((&report["stage"], report["export_partitions"].as_u64()), (&Value::from("exported"), Some(0)));
    // A file that is taken back takes its partitions along.
    let header = std::fs::read_to_string(world.folder.path().join("first.csv")).unwrap();
    let header = header.lines().take(2).collect::<Vec<_>>().join("\n");
    world.load(&world.file("first.csv", header + "\n"));
    export(&world, &lake, &[]);
    assert!(partitions(&in_folder(&lake), "loans").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_releases_are_in_the_lake_value_by_value() {
    let names = ["LoanStats3a_2017Q2_official_143col.csv", "LoanStats3a_2018Q2_official_151col.csv"];
    let world = World::new().await;
    let lake = world.folder.path().join("lake");
    for name in names {
        let Some(path) = real(name) else { return };
        world.load(&path);
        let report = written(&export(&world, &lake, &[]));
        assert_eq!(report["loans"], [2007, 2008, 2009, 2010, 2011], "{name}");
    }
    let values = compare(&world, &in_folder(&lake)).await;
    assert!(values > 42_535 * 400, "{values}");
}

/// The Glue tables of the stack are made of files in `lake/` of this crate.
#[tokio::test(flavor = "multi_thread")]
async fn the_columns_of_the_stack_are_those_of_the_views() {
    let world = World::new().await;
    for table in TABLES {
        let output = world.command(&["columns", table]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("lake/{table}.json"));
        let kept = std::fs::read(&path).unwrap_or_default();
        assert!(
            kept == output.stdout,
            "{} is not what the view is: `loader columns {table} > {}`",
            path.display(),
            path.display()
        );
    }
}
