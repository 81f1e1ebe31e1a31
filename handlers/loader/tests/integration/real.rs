//! The real files, where they are: in the folder `STACKCTL_LOAN_DATA`, or beside the repository.

use std::path::{Path, PathBuf};

use crate::support::World;

pub fn real(name: &str) -> Option<PathBuf> {
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

async fn counts(world: &World, key: &str) -> String {
    world
        .list(&format!(
            "select concat_ws(' ', rows_read, rows_loaded, rows_rejected, lines_left_out)
             from ingest.files where key like '%{key}'"
        ))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_head_of_kaggles_file_has_1000_rows() {
    let name = "kaggle2019_loan_head1000_145col.csv";
    let Some(path) = real(name) else { return };
    let world = World::new().await;
    world.load(&path);
    assert_eq!(world.rows().await, 1000);
    assert_eq!(counts(&world, name).await, "1000 1000 0 0");
    assert_eq!(world.number("select max(source_line) from master_loan").await, 1001);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_releases_have_42535_rows_each_and_share_one_table() {
    let names = [
        "LoanStats3a_2017Q3_official_145col.csv",
        "LoanStats3a_2017Q2_official_143col.csv",
        "LoanStats3a_2018Q2_official_151col.csv",
    ];
    let world = World::new().await;
    for (loaded, name) in names.into_iter().enumerate() {
        let Some(path) = real(name) else { return };
        world.load(&path);
        assert_eq!(world.rows().await, 42_535 * (loaded as i64 + 1));
        assert_eq!(counts(&world, name).await, "42544 42535 0 9");
    }
    let sums = world
        .list("select distinct sum(loan_amnt::numeric)::text from master_loan group by source_table")
        .await;
    assert!(!sums.contains(','), "the releases have the same loans, yet their sums are {sums}");
    let long =
        "select count(*) from master_loan where \"desc\" is not null and source_line between 39790 and 42540";
    assert!(world.number(long).await > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_with_other_columns_has_1000_rows() {
    let name = "accepted_sample_1000_150col.csv";
    let Some(path) = real(name) else { return };
    let world = World::new().await;
    world.load(&path);
    assert_eq!(counts(&world, name).await, "1000 1000 0 0");
    assert_eq!(world.number("select count(*) from master_loan where fico_range_low is not null").await, 1000);
}
