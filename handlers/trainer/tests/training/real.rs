//! The real files, where they are: in the folder `STACKCTL_LOAN_DATA`, or beside the repository.

use std::path::{Path, PathBuf};

use crate::server::World;

const RELEASES: [&str; 3] = [
    "LoanStats3a_2017Q2_official_143col.csv",
    "LoanStats3a_2017Q3_official_145col.csv",
    "LoanStats3a_2018Q2_official_151col.csv",
];

fn real(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("STACKCTL_LOAN_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let path = folder.join(name);
    if path.is_file() {
        return Some(path);
    }
    #[expect(clippy::print_stderr, reason = "a test that does nothing must say so")]
    {
        eprintln!(
            "SKIPPED: {} is not there; set STACKCTL_LOAN_DATA to the folder with the real files",
            path.display()
        );
    }
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn loans_of_2011_are_told_apart_better_than_by_the_lenders_grade() {
    let Some(files) = RELEASES.into_iter().map(real).collect::<Option<Vec<_>>>() else { return };
    let world = World::loaded(&files).await;
    world.run(&["train", "--test-from", "2011-01", "--resamples", "200"]);
    let row = world
        .client
        .query_one(
            "select auc, log_loss, rows, bad, (select figure from (
                 select (c -> 'ahead' ->> 'low')::float8 as figure, (c ->> 'chosen')::bool as chosen
                 from jsonb_array_elements(details -> 'contestants') c) c where chosen),
                 (select (c -> 'figures' -> 0 -> 1 ->> 'figure')::float8 from jsonb_array_elements(details -> 'contestants') c
                  where c ->> 'name' = 'sub_grade')
             from ml.evaluations",
            &[],
        )
        .await
        .unwrap();
    let (auc, log_loss, rows, bad): (f64, f64, i64, i64) = (row.get(0), row.get(1), row.get(2), row.get(3));
    let (ahead, baseline): (f64, f64) = (row.get(4), row.get(5));
    assert_eq!((rows, bad), (21_721, 3_297));
    assert!(auc >= 0.703, "AUC {auc}");
    assert!(auc - baseline >= 0.030, "AUC {auc}, of sub_grade alone {baseline}");
    assert!(ahead > 0.02, "the lower end of the interval of that difference is {ahead}");
    assert!(log_loss <= 0.3935, "log loss {log_loss}");
}
