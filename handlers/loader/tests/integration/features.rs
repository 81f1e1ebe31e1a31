//! What a model may know, and who may read and write what models say.

use tokio_postgres::error::SqlState;

use crate::support::World;

/// Columns of `mart.loans` that say which loan a row is about, when it was issued, or where the row came from.
const BOOKKEEPING: [&str; 8] =
    ["loan_key", "id", "member_id", "url", "issue_d", "as_of", "source_table", "source_line"];

async fn columns(world: &World, table: &str) -> Vec<String> {
    let query = "select column_name::text from information_schema.columns
                 where table_schema || '.' || table_name = $1 order by ordinal_position";
    let rows = world.client.query(query, &[&table]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// A database with 300 invented loans.
async fn loaded() -> World {
    let world = World::new().await;
    world.load(&world.generated("loans.csv", 300, 5));
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn every_column_is_a_feature_or_bookkeeping_or_known_to_leak() {
    let world = loaded().await;
    let features = columns(&world, "mart.loan_features").await;
    let leaking = world.list("select column_name from mart.leaking_columns order by 1").await;
    let leaking = leaking.split(',').collect::<Vec<_>>();
    let loans = columns(&world, "mart.loans").await;
    for column in &loans {
        let known = features.iter().skip(3).filter(|feature| *feature == column).count()
            + leaking.iter().filter(|leak| *leak == column).count()
            + BOOKKEEPING.iter().filter(|name| *name == column).count();
        assert_eq!(
            known, 1,
            "{column} is in {known} of the lists: a column of mart.loans is either a feature (mart.loan_features), or in \
             mart.leaking_columns with a reason, or bookkeeping (this test)"
        );
    }
    assert_eq!(features[..3], ["loan_key", "issue_d", "label"]);
    assert_eq!(loans.len(), features.len() - 3 + leaking.len() + BOOKKEEPING.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_label_is_null_until_the_outcome_is_known() {
    let world = loaded().await;
    let states = [
        ("Fully Paid", "0"),
        ("Charged Off", "1"),
        ("Default", "1"),
        ("Does not meet the credit policy. Status:Fully Paid", "0"),
        ("Does not meet the credit policy.  Status:Charged Off", "1"),
        ("Current", "null"),
        ("In Grace Period", "null"),
        ("Late (16-30 days)", "null"),
        ("Late (31-120 days)", "null"),
        ("Issued", "null"),
        ("Does not meet the credit policy. Status:Current", "null"),
    ];
    for (state, label) in states {
        world
            .client
            .execute("update history.version set loan_status = $1 where true", &[&state])
            .await
            .unwrap();
        let labels = world.list("select distinct label::text from mart.loan_features").await;
        assert_eq!(labels, label, "{state}");
    }
    assert_eq!(world.number("select count(*) from mart.loan_features").await, 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_column_has_a_comment() {
    let world = loaded().await;
    let silent = "select format('%s.%s', attrelid::regclass, attname) from pg_attribute join pg_class c on c.oid = attrelid
         where relnamespace in ('ml'::regnamespace, 'mart'::regnamespace) and relkind in ('r', 'v') and attnum > 0
            and coalesce(col_description(attrelid, attnum), '') = '' order by 1";
    assert_eq!(world.list(silent).await, "");
}

/// The answer of a server that refuses a statement; none if it obeyed.
async fn refusal(world: &World, role: &str, statement: &str) -> Option<SqlState> {
    let client = world.session().await;
    client.batch_execute(&format!("set role {role}")).await.unwrap();
    client.batch_execute(statement).await.err().map(|error| error.code().unwrap().clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trainer_reads_loans_and_writes_only_what_models_say() {
    let world = loaded().await;
    let model = "insert into ml.models (algorithm, artifact, location, features, parameters, data, seed, train_until, validate_until,
                                        code_version)
                 values ('logistic', repeat('0', 64), 'here', '{dti}', '{}', '{}', 1, '2010-01-01', '2011-01-01', 'x')";
    let allowed = [
        "select from mart.loan_features; select from mart.leaking_columns; select from mart.loans; select from ingest.files",
        model,
        "insert into ml.promotions (model_id, kind, reason) select id, 'promotion', 'test' from ml.models",
        "insert into ml.predictions (loan_key, model_id, probability) select loan_key, m.id, 0.5 from mart.loans, ml.models m",
        "update ml.predictions set probability = 0.6; delete from ml.predictions",
        "select from ml.champion",
    ];
    for statement in allowed {
        assert_eq!(refusal(&world, "loan_trainer", statement).await, None, "{statement}");
    }
    assert_eq!(world.number("select count(*) from ml.champion").await, 1);
    let refused = [
        "delete from mart.leaking_columns",
        "insert into mart.leaking_columns values ('dti', 'x')",
        "update ml.models set algorithm = 'boosted'",
        "delete from ml.promotions",
        "delete from history.version",
        "select from history.version",
        "delete from public.master_loan",
        "create table mart.mine (x int)",
        "create table ml.mine (x int)",
    ];
    for statement in refused {
        let code = refusal(&world, "loan_trainer", statement).await;
        assert_eq!(code, Some(SqlState::INSUFFICIENT_PRIVILEGE), "{statement}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_analyst_reads_features_and_models_and_writes_nothing() {
    let world = loaded().await;
    let reads = "select from mart.loan_features; select from mart.leaking_columns; select from ml.models;
                 select from ml.evaluations; select from ml.predictions; select from ml.champion";
    assert_eq!(refusal(&world, "loan_analyst", reads).await, None);
    for table in ["mart.leaking_columns", "ml.models", "ml.evaluations", "ml.promotions", "ml.predictions"] {
        let code = refusal(&world, "loan_analyst", &format!("delete from {table}")).await;
        assert_eq!(code, Some(SqlState::INSUFFICIENT_PRIVILEGE), "{table}");
    }
}
