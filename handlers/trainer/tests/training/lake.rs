//! Loans from a lake. Its files are written here as `loader export` writes them: partitions by year, a manifest that names
//! each file.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int16Array, Int32Array, Int64Array,
    RecordBatch, StringArray,
};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::s3::{Bucket, at};
use crate::server::World;

/// Writes `mart.loan_features` below a folder, each year's loans from the last to the first. Returns the table's folder.
pub async fn export(world: &World, lake: &Path) -> PathBuf {
    let table = lake.join("loan_features");
    let columns = world
        .client
        .query(
            "select a.attname::text, t.typname::text, col_description(a.attrelid, a.attnum) from pg_attribute a
             join pg_type t on t.oid = a.atttypid
             where a.attrelid = 'mart.loan_features'::regclass and a.attnum > 0 order by a.attnum",
            &[],
        )
        .await
        .unwrap();
    let columns =
        columns
            .iter()
            .map(|row| (row.get(0), row.get(1), row.get(2)))
            .collect::<Vec<(String, String, Option<String>)>>();
    let years = world
        .client
        .query(
            "select distinct coalesce(extract(year from issue_d), 1970)::int4 from mart.loan_features order by 1 desc",
            &[],
        )
        .await
        .unwrap();
    let mut partitions = Vec::new();
    for year in years {
        let year: i32 = year.get(0);
        let path = format!("issue_year={year}/part.parquet");
        let mut arrays = Vec::new();
        for (name, kind, _) in &columns {
            arrays.push((name.as_str(), column(world, name, kind, year).await, true));
        }
        let batch = RecordBatch::try_from_iter_with_nullable(arrays).unwrap();
        let mut bytes = Vec::new();
        let zstd = Compression::ZSTD(ZstdLevel::try_new(3).unwrap());
        let properties = WriterProperties::builder().set_compression(zstd).build();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        std::fs::create_dir_all(table.join(format!("issue_year={year}"))).unwrap();
        std::fs::write(table.join(&path), &bytes).unwrap();
        let sha256 = hex::encode(Sha256::digest(&bytes));
        let file = json!({"path": path, "rows": batch.num_rows(), "bytes": bytes.len(), "sha256": sha256});
        partitions.push(json!({"issue_year": year, "fingerprint": sha256, "files": [file]}));
    }
    let files: Value = json(
        world,
        "
        select jsonb_agg(jsonb_build_object('id', id, 'table', source_table, 'sha256', sha256,
            'rows', rows_loaded + coalesce(rows_unchanged, 0), 'as_of', as_of) order by sha256)
        from ingest.files where status = 'loaded'",
    )
    .await;
    let leaking = json(
        world,
        "
        select jsonb_agg(jsonb_build_object('column', column_name, 'reason', reason) order by column_name)
        from mart.leaking_columns",
    )
    .await;
    let columns =
        columns.iter().map(|(name, kind, comment)| json!({"name": name, "type": kind, "comment": comment}));
    let manifest = json!({"format": 1, "table": "loan_features", "written_at": "2026-01-01T00:00:00Z",
        "columns": columns.collect::<Vec<_>>(), "partitions": partitions, "files": files, "leaking": leaking});
    std::fs::write(table.join("_manifest.json"), manifest.to_string()).unwrap();
    table
}

async fn json(world: &World, query: &str) -> Value {
    world.client.query_one(query, &[]).await.unwrap().get(0)
}

async fn column(world: &World, name: &str, kind: &str, year: i32) -> ArrayRef {
    async fn all<T: for<'a> tokio_postgres::types::FromSql<'a>>(
        world: &World,
        value: &str,
        year: i32,
    ) -> Vec<Option<T>> {
        let query = format!(
            "select {value} from mart.loan_features where coalesce(extract(year from issue_d), 1970) = {year}
             order by issue_d desc, loan_key desc"
        );
        world.client.query(&query, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }
    let name = format!("\"{name}\"");
    match kind {
        "int2" => Arc::new(Int16Array::from(all::<i16>(world, &name, year).await)),
        "int4" => Arc::new(Int32Array::from(all::<i32>(world, &name, year).await)),
        "int8" => Arc::new(Int64Array::from(all::<i64>(world, &name, year).await)),
        "float8" => Arc::new(Float64Array::from(all::<f64>(world, &name, year).await)),
        "bool" => Arc::new(BooleanArray::from(all::<bool>(world, &name, year).await)),
        "date" => {
            Arc::new(Date32Array::from(all::<i32>(world, &format!("{name} - date '1970-01-01'"), year).await))
        }
        "numeric" => {
            let cents = all::<i64>(world, &format!("({name} * 100)::int8"), year).await;
            let cents = cents.into_iter().map(|cents| cents.map(i128::from)).collect::<Decimal128Array>();
            Arc::new(cents.with_precision_and_scale(14, 2).unwrap())
        }
        _ => Arc::new(StringArray::from(all::<String>(world, &format!("{name}::text"), year).await)),
    }
}

/// The trainer where no database is named.
fn alone(artifacts: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trainer"))
        .args(arguments)
        .env_remove("DATABASE_URL")
        .env_remove("DATABASE_HOST")
        .env("TRAINER_ARTIFACTS", artifacts)
        .output()
        .unwrap()
}

pub fn printed(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lake_gives_the_same_model_as_postgres_and_what_was_trained_without_a_database_is_registered_later()
{
    let world = World::generated(6000).await;
    // A loan without a date of issue is in no training.
    world
        .sql("update history.version set issue_d = null where loan_key = (select min(loan_key::text)::uuid from history.version)")
        .await;
    let lake = world.folder.path().join("lake");
    export(&world, &lake).await;
    let (lake, elsewhere) = (lake.to_str().unwrap(), world.folder.path().join("elsewhere"));
    let train = ["train", "--test-from", "2015-07", "--resamples", "20"];
    let told = printed(alone(&elsewhere, &[&train[..], &["--lake", lake]].concat()));
    let (_, run) = told.split_once("`trainer register ").unwrap();
    let (run, _) = run.split_once('`').unwrap();

    assert_eq!(world.number("select count(*) from mart.loan_features where issue_d is null").await, 1);
    // From Postgres, into the same registry.
    world.run(&[&train[..], &["--no-promote"]].concat());
    let [model] = &world.kept("models")[..] else { panic!("one model") };
    let name = model.file_name().unwrap();
    assert!(
        std::fs::read(model).unwrap() == std::fs::read(elsewhere.join("models").join(name)).unwrap(),
        "the lake's model differs from that of Postgres"
    );
    let registered = world.run(&["register", run, "--no-promote"]);
    assert!(registered.contains("the same artifact was registered before"), "{registered}");
    // And into one of its own.
    let other = World::generated(300).await;
    let registered = other.run(&["register", run]);
    assert!(registered.contains("model 1 (") && registered.contains("): registered"), "{registered}");
    assert_eq!(other.kept("models")[0].file_name().unwrap(), name);
    assert_eq!(other.kept("reports").len(), 1);
    let same = "select auc::text || ' ' || log_loss || ' ' || fingerprint from ml.evaluations";
    assert_eq!(other.text(same).await, world.text(same).await);
    let files = "select data -> 'files' ->> 0 from ml.models";
    assert_eq!(other.text(files).await, world.text(files).await);
    // The same rules: the first champion must be ahead of the lender's grade by more than the noise.
    let low = "select coalesce(((c -> 'ahead' ->> 'low')::float8 > 0)::int::bigint, 0) from ml.evaluations,
               jsonb_array_elements(details -> 'contestants') c where (c ->> 'chosen')::bool";
    assert_eq!(other.number("select count(*) from ml.champion").await, other.number(low).await);
    let error = world.refused(&["register", model.to_str().unwrap()]);
    assert!(
        error.contains("expected the run.json") || error.contains("is no record of a training"),
        "{error}"
    );

    // Scores from the lake are those from Postgres.
    world.run(&["score", "--model", "1"]);
    let scores = "select md5(string_agg(loan_key::text || probability::text, ',' order by loan_key)) from ml.predictions";
    let from_postgres = world.text(scores).await;
    world.sql("delete from ml.predictions").await;
    world.run(&["score", "--model", "1", "--lake", lake]);
    assert_eq!(world.text(scores).await, from_postgres);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lake_in_s3_is_read_and_one_that_is_damaged_is_refused() {
    let world = World::generated(3000).await;
    let lake = world.folder.path().join("lake");
    let table = export(&world, &lake).await;
    let bucket = Bucket::default();
    let mut stack = vec![table.clone()];
    while let Some(folder) = stack.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                stack.push(path);
            } else {
                let key = format!("/data/{}", path.strip_prefix(world.folder.path()).unwrap().display());
                bucket.put(&key.replace('=', "%3D"), std::fs::read(&path).unwrap());
            }
        }
    }
    let s3 = bucket.serve();
    let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
    command.args([
        "train",
        "--resamples",
        "20",
        "--lake",
        "s3://data/lake",
        "--artifacts",
        "s3://data/artifacts",
    ]);
    let told = printed(at(&mut command, &s3).env_remove("DATABASE_URL").output().unwrap());
    let (_, run) = told.split_once("`trainer register ").unwrap();
    let run = run.split_once('`').unwrap().0;
    assert!(run.starts_with("s3://data/artifacts/runs/"), "{run}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
    command.args([
        "register",
        run,
        "--database-url",
        &world.url(),
        "--artifacts",
        "s3://data/kept",
        "--no-promote",
    ]);
    assert!(printed(at(&mut command, &s3).output().unwrap()).contains("artifact: s3://data/kept/models/"));

    let refused = || {
        let output = alone(&world.artifacts(), &["train", "--lake", lake.to_str().unwrap()]);
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let manifest = std::fs::read_to_string(table.join("_manifest.json")).unwrap();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut changed: Value = serde_json::from_str(&manifest).unwrap();
        change(&mut changed);
        std::fs::write(table.join("_manifest.json"), changed.to_string()).unwrap();
    };
    let first: Value = serde_json::from_str(&manifest).unwrap();
    let part = table.join(first["partitions"][0]["files"][0]["path"].as_str().unwrap());
    let whole = std::fs::read(&part).unwrap();
    std::fs::write(&part, &whole[..whole.len() - 1]).unwrap();
    let error = refused();
    assert!(error.contains("it is not the file that the manifest names"), "{error}");
    std::fs::remove_file(&part).unwrap();
    let error = refused();
    assert!(error.contains("the manifest names it, and it is not there"), "{error}");
    std::fs::write(&part, &whole).unwrap();
    with(&|manifest| manifest["partitions"][0]["files"][0]["rows"] = 7.into());
    let error = refused();
    assert!(error.contains("rows, its manifest says 7"), "{error}");
    with(&|manifest| {
        manifest["columns"]
            .as_array_mut()
            .unwrap()
            .push(json!({"name": "recoveries", "type": "numeric(14,2)"}))
    });
    let error = refused();
    assert!(error.contains("recoveries (Exists only after a charge-off.)"), "{error}");
    with(&|manifest| {
        manifest["columns"].as_array_mut().unwrap().push(json!({"name": "new", "type": "smallint"}))
    });
    let error = refused();
    assert!(error.contains("it has no column new, which the manifest names"), "{error}");
    with(&|manifest| manifest["format"] = 2.into());
    let error = refused();
    assert!(error.contains("it has format 2"), "{error}");
    std::fs::remove_file(table.join("_manifest.json")).unwrap();
    let error = refused();
    assert!(error.contains("there is none: `loader export` writes the lake"), "{error}");
    assert!(world.kept("models").is_empty());
}
