//! What leaks is refused, what is not yet known is no label.

use crate::server::World;

/// The view with columns more.
async fn with(world: &World, columns: &str) {
    let before: String = world
        .client
        .query_one("select rtrim(pg_get_viewdef('mart.loan_features'::regclass), '; ')", &[])
        .await
        .unwrap()
        .get(0);
    let (selected, from) = before.rsplit_once("FROM").unwrap();
    world
        .sql(&format!("create or replace view mart.loan_features as {selected}, {columns} from {from}"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_column_fails_the_run_with_its_reason() {
    let world = World::generated(300).await;
    with(&world, "recoveries, last_fico_range_high").await;
    let error = world.refused(&["train"]);
    assert!(error.contains("recoveries (Exists only after a charge-off.)"), "{error}");
    assert!(error.contains("last_fico_range_high ("), "{error}");
    assert!(world.kept("models").is_empty());
    assert_eq!(world.number("select count(*) from ml.models").await, 0);
    let error = world.refused(&["score"]);
    assert!(error.contains("no champion"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_knows_the_outcome_is_suspicious_although_nobody_listed_it() {
    let world = World::generated(4000).await;
    with(&world, "total_rec_prncp / loan_amnt as repaid").await;
    let output = world.try_run(&["train", "--resamples", "20"]);
    let noted = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{noted}");
    assert!(noted.contains("warning: repaid alone has an AUC of"), "{noted}");
    let page = std::fs::read_to_string(&world.kept("reports")[0]).unwrap();
    assert!(page.contains("repaid alone has an AUC of"));
}

#[tokio::test(flavor = "multi_thread")]
async fn loans_without_an_outcome_are_in_no_period_and_many_of_them_are_warned_of() {
    let world = World::generated(4000).await;
    let output = world.try_run(&["train", "--resamples", "20"]);
    let noted = String::from_utf8(output.stderr).unwrap();
    assert!(
        noted.contains("of the loans of the test period") && noted.contains("have no outcome yet"),
        "{noted}"
    );
    let query = "select sum((p ->> 'rows')::bigint)::bigint from ml.evaluations, jsonb_array_elements(details -> 'periods') p";
    assert_eq!(
        world.number(query).await,
        world.number("select count(*) from mart.loan_features where label is not null").await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_of_an_unknown_kind_is_named() {
    let world = World::generated(300).await;
    with(&world, "array[dti] as many").await;
    let error = world.refused(&["train"]);
    assert!(error.contains("column many of mart.loan_features has the type _float8"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_loans_says_what_to_do() {
    let world = World::generated(40).await;
    let error = world.refused(&["train"]);
    assert!(error.contains("load more files"), "{error}");
    world.sql("drop schema ml cascade").await;
    let error = world.refused(&["list"]);
    assert!(error.contains("loader status"), "{error}");
}
