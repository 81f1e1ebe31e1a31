//! What the roles may do, asked as them.

use crate::support::World;
use tokio_postgres::error::SqlState;

/// Whether a statement is refused for lack of privileges, and what the server says.
async fn refused(world: &World, role: &str, statement: &str) -> Result<(), String> {
    let mut session = world.session().await;
    let transaction = session.transaction().await.unwrap();
    transaction.batch_execute(&format!("set local role {role}")).await.unwrap();
    let outcome = transaction.batch_execute(statement).await;
    match outcome {
        Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => Ok(()),
        Err(error) => Err(format!("{statement}: {}", loader::error::chain(&error))),
        Ok(()) => Err(format!("{statement}: {role} may do it")),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_loader_can_load_and_do_nothing_else() {
    let world = World::new().await;
    world.client.batch_execute("create table public.payroll (name text); create schema other").await.unwrap();
    world.load(&world.generated("loan.csv", 30, 1));
    // Whatever it made is its own, though it connected as a superuser.
    let owners = "select distinct pg_get_userbyid(relowner) from pg_class
                  where relnamespace::regnamespace::text in ('source', 'history', 'ingest', 'mart') and relkind in ('r', 'p', 'v')";
    assert_eq!(world.list(owners).await, "loan_loader");
    for statement in [
        "select * from public.payroll",
        "insert into public.payroll values ('me')",
        "drop table public.payroll",
        "create table public.mine ()",
        "create table other.mine ()",
        "create schema mine",
        "create role mine",
        "alter role loan_loader superuser",
        "copy ingest.files to '/tmp/files'",
        "copy ingest.files to program 'cat'",
    ] {
        refused(&world, "loan_loader", statement).await.unwrap();
    }
    let rights = "select concat_ws(' ', rolsuper, rolcreaterole, rolcreatedb, rolcanlogin, rolbypassrls)
                  from pg_roles where rolname = 'loan_loader'";
    assert_eq!(world.list(rights).await, "f f f f f");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_analyst_reads_loans_and_writes_nothing() {
    let world = World::new().await;
    world.load(&world.generated("loan.csv", 30, 1));
    // Of tables that came later, too.
    world.load(&world.file("more.csv", "loan_amnt,loan_status,colour\n7,Current,red\n"));
    let mut session = world.session().await;
    let transaction = session.transaction().await.unwrap();
    transaction.batch_execute("set local role loan_analyst").await.unwrap();
    for (query, rows) in [
        ("select count(*) from mart.loans", 31_i64),
        ("select count(*) from mart.loan_history", 31),
        ("select count(*) from master_loan", 31),
        ("select count(*) from ingest.files", 2),
    ] {
        assert_eq!(transaction.query_one(query, &[]).await.unwrap().get::<_, i64>(0), rows, "{query}");
    }
    transaction.rollback().await.unwrap();
    for statement in [
        "delete from history.version",
        "insert into master_loan (source_table) values ('loan')",
        "update ingest.files set status = 'failed'",
        "create table mart.mine ()",
        "create view mart.mine as select 1",
        "create table public.mine ()",
        "select * from ingest.schema_history",
        "select * from source.loan",
    ] {
        refused(&world, "loan_analyst", statement).await.unwrap();
    }
    let member = "select pg_has_role('loan_analyst', 'loan_loader', 'member')::int::bigint";
    assert_eq!(world.number(member).await, 0);
}
