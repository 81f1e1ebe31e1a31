//! The lake on the local cloud's S3, read by DuckDB, which shares no code with the loader.

use crate::emulator::{download, object};
use crate::environment::environment;
use crate::people::{reads, variables};
use crate::project::{Project, all, eventually};
use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use std::process::Command;

pub const TABLES: [&str; 3] = ["loans", "loan_history", "loan_features"];

/// Python with what data scientists have.
pub fn python() -> PathBuf {
    let requirements = include_str!("../../examples/notebooks/requirements.txt");
    environment("notebooks", requirements).join("bin/python")
}

/// The manifest of a table.
pub fn manifest(project: &Project, table: &str) -> Option<Json> {
    let bytes = object(project, &project.bucket(), &format!("lake/{table}/_manifest.json"))?;
    Some(serde_json::from_slice(&bytes).unwrap())
}

/// Waits until the lake has as many loans as Postgres.
pub fn has_all_loans(project: &Project) {
    let loans: i64 = reads(project, "analyst", "select count(*) from mart.loans").parse().unwrap();
    assert!(loans > 0);
    for table in ["loans", "loan_features"] {
        eventually(&format!("{table} to have {loans} rows"), || {
            let manifest = manifest(project, table)?;
            let files = manifest["partitions"].as_array().unwrap().iter();
            let files = files.flat_map(|partition| partition["files"].as_array().unwrap());
            (files.map(|file| file["rows"].as_i64().unwrap()).sum::<i64>() == loans).then_some(())
        });
    }
}

/// Every value of every table, compared with Postgres by the analyst.
pub fn is_what_postgres_has(project: &Project) {
    let folder = project.path().join("lake");
    download(project, &project.bucket(), "lake/", &folder);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pipeline/compare_lake.py");
    let mut compare = Command::new(python());
    let compared = compare.arg(script).arg(&folder).envs(variables(project)).output().unwrap();
    assert!(compared.status.success(), "{}", all(&compared));
    let told = String::from_utf8(compared.stdout).unwrap();
    assert!(TABLES.iter().all(|table| told.contains(table)), "{told}");
    std::fs::remove_dir_all(folder).unwrap();
}

/// The tables that Athena and Spark see are those of the lake, column by column.
pub fn is_in_the_catalog(project: &Project) {
    for table in TABLES {
        let address = format!("glue_table.lake[\"{table}\"]");
        let shown = project.json(&["show", &address, "--target", "local", "--json"]);
        let columns = shown[&address]["inputs"]["columns"].as_array().unwrap();
        let manifest = manifest(project, table).unwrap();
        let names = |columns: &[Json]| {
            columns.iter().map(|column| column["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(columns), names(manifest["columns"].as_array().unwrap()));
    }
}

/// The notebook runs from the first cell to the last, as a data scientist would start it.
pub fn the_notebook_runs(project: &Project) {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut notebook = Command::new(python());
    notebook
        .args(["-m", "nbconvert", "--execute", "--to", "html", "--output-dir"])
        .arg(project.path())
        .arg(repository.join("examples/notebooks/explore_loans.ipynb"))
        .envs(variables(project));
    let done = notebook.output().unwrap();
    assert!(done.status.success(), "{}", all(&done));
    let page = std::fs::read_to_string(project.path().join("explore_loans.html")).unwrap();
    assert!(page.matches("data:image/png;base64").count() >= 5, "there are hardly any plots");
    assert!(!page.contains("STACK_LAKE</code> is not set"), "the lake was left out");
}

/// As the repository has it: no outputs that could be old, no machine's paths.
#[test]
fn the_notebook_is_committed_without_outputs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/notebooks/explore_loans.ipynb");
    let notebook: Json = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    for cell in notebook["cells"].as_array().unwrap() {
        if cell["cell_type"] == "code" {
            assert!(cell["execution_count"].is_null(), "{cell:#}");
            assert_eq!(cell["outputs"], Json::Array(vec![]), "{cell:#}");
        }
    }
}
