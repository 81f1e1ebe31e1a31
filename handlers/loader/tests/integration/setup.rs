//! Logins, made by a user as RDS has them: no superuser, but one who may make roles. The server asks logins for passwords and
//! logs every statement.

use std::collections::BTreeMap;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex};

use crate::function;
use crate::http::{Answer, Request, serve};
use crate::support::{Server, World};
use serde_json::{Value, json};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

const ANALYST: &str = "hush-analyst-O'Brien\\";
const TRAINER: &str = "hush-trainer";

async fn server() -> Arc<Server> {
    let server = Arc::new(Server::start(|data| {
        let rules = "host all postgres,boss 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
        std::fs::write(data.join("pg_hba.conf"), rules).unwrap();
        ["-c", "log_statement=all", "-c", "log_min_duration_statement=0"].map(ToOwned::to_owned).to_vec()
    }));
    let admin = World::on(Arc::clone(&server), "postgres").await;
    admin.client.batch_execute("create role boss login createrole").await.unwrap();
    server
}

type Secrets = Arc<Mutex<BTreeMap<String, Value>>>;

/// Secrets Manager with these secrets.
fn secrets(values: &[(&str, &str, &str)]) -> (String, Secrets) {
    let values = values.iter().map(|(arn, username, password)| {
        ((*arn).to_owned(), json!({"username": username, "password": password}))
    });
    let secrets = Arc::new(Mutex::new(values.collect::<BTreeMap<_, _>>()));
    let known = Arc::clone(&secrets);
    let address = serve(move |request: Request| {
        let asked: Value = serde_json::from_str(&request.body).unwrap();
        let arn = asked["SecretId"].as_str().unwrap();
        let value = known.lock().unwrap()[arn].to_string();
        let body = json!({"ARN": arn, "Name": arn, "SecretString": value}).to_string().into_bytes();
        Answer { status: 200, body, ..Answer::default() }
    });
    (address, secrets)
}

fn event(logins: &[(&str, &str)]) -> Value {
    let logins = logins.iter().map(|(secret, role)| json!({"secret": secret, "role": role}));
    json!({"setup": {"logins": logins.collect::<Vec<_>>()}})
}

fn both() -> Value {
    event(&[("arn:a", "loan_analyst"), ("arn:t", "loan_trainer")])
}

async fn log_in(world: &World, user: &str, password: &str) -> Result<Client, String> {
    let (port, name) = world.parts();
    let mut config = tokio_postgres::Config::new();
    config.host("127.0.0.1").port(port).dbname(name).user(user).password(password);
    let (client, connection) = config.connect(NoTls).await.map_err(|error| loader::error::chain(&error))?;
    tokio::spawn(connection);
    Ok(client)
}

/// Each is refused for lack of privileges, though the session has turned off the read-only default.
async fn all_refused(session: &Client, statements: &[&str]) {
    session.batch_execute("set default_transaction_read_only = off").await.unwrap();
    for statement in statements {
        let outcome = session.batch_execute(&format!("begin read write; {statement}")).await;
        let code = outcome.as_ref().err().and_then(|error| error.code().cloned());
        assert_eq!(code, Some(SqlState::INSUFFICIENT_PRIVILEGE), "{statement}: {outcome:?}");
        session.batch_execute("rollback").await.unwrap();
    }
}

/// Everything that the server knows about roles and what they may do, but for the salt of their passwords.
async fn roles(world: &World) -> String {
    world
        .list(
            "select to_jsonb(a)::text from (
                 select rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolbypassrls, rolreplication,
                        left(rolpassword, 18) as verifier, setconfig,
                        (select string_agg(roleid::regrole::text, ' ' order by roleid::regrole::text) from pg_auth_members where member = r.oid) as groups,
                        (select datacl::text from pg_database where datname = current_database()) as database,
                        (select string_agg(relacl::text, ' ' order by oid) from pg_class) as tables,
                        (select string_agg(nspacl::text, ' ' order by oid) from pg_namespace) as schemas
                 from pg_authid r left join pg_db_role_setting s on s.setrole = r.oid
                 where rolname !~ '^pg_' order by 1) a",
        )
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_can_do_what_their_role_is_for_and_no_more() {
    let world = World::on(server().await, "boss").await;
    world.load(&world.generated("loan.csv", 30, 1));
    let (address, _) = secrets(&[("arn:a", "analyst", ANALYST), ("arn:t", "trainer", TRAINER)]);
    let function = function::start(&world, &address, vec![both()]);
    let newest = world.number("select max(version)::bigint from ingest.schema_history").await;
    let expected = json!({"logins": ["analyst", "trainer"], "schema": newest});
    assert_eq!(function.answer(), ("response".into(), expected));
    let (log, errors) = function.stop();
    assert_eq!(errors, "");

    let analyst = log_in(&world, "analyst", ANALYST).await.unwrap();
    for (setting, expected) in [
        ("default_transaction_read_only", "on"),
        ("statement_timeout", "15min"),
        ("idle_in_transaction_session_timeout", "10min"),
        ("search_path", "mart"),
    ] {
        let row = analyst.query_one(&format!("show {setting}"), &[]).await.unwrap();
        assert_eq!(row.get::<_, String>(0), expected, "{setting}");
    }
    // Without a schema's name, thanks to the search path.
    for (query, rows) in [
        ("select count(*) from loans", 30_i64),
        ("select count(*) from loan_history", 30),
        ("select count(*) from loan_features", 30),
        ("select count(*) from public.master_loan", 30),
        ("select count(*) from ingest.files", 1),
        ("select count(*) from ingest.rejects", 0),
        ("select count(*) from ml.models", 0),
    ] {
        assert_eq!(analyst.query_one(query, &[]).await.unwrap().get::<_, i64>(0), rows, "{query}");
    }
    let by_accident = analyst.batch_execute("create table public.mine ()").await.unwrap_err();
    assert_eq!(by_accident.code(), Some(&SqlState::READ_ONLY_SQL_TRANSACTION), "the guard comes first");
    all_refused(
        &analyst,
        &[
            "insert into mart.leaking_columns values ('grade', 'because')",
            "delete from mart.leaking_columns",
            "create table mart.mine ()",
            "create view mart.mine as select 1",
            "update ingest.files set status = 'failed'",
            "delete from ingest.rejects",
            "create table ingest.mine ()",
            "insert into public.master_loan (source_table) values ('loan')",
            "truncate public.master_loan",
            "create table public.mine ()",
            "create function public.mine() returns int language sql as 'select 1'",
            "insert into ml.predictions (loan_key, model_id, probability) values (gen_random_uuid(), 1, 0.5)",
            "delete from ml.models",
            "create temporary table mine ()",
            "create schema mine",
            "create role mine",
            "alter role trainer password 'x'",
            "set role loan_loader",
            "set role trainer",
            "grant loan_trainer to analyst",
            "copy mart.loans to '/tmp/loans'",
            // What is not for it, from the rows behind the views to the passwords of the server.
            "select * from ingest.schema_history",
            "select * from history.version",
            "select * from history.sighting",
            "select * from history.former",
            "select * from source.loan",
            "select * from pg_authid",
            "select * from pg_shadow",
        ],
    )
    .await;
    let open = "select string_agg(relname, ' ' order by relname) from pg_class
                where relnamespace = 'ingest'::regnamespace and relkind in ('r', 'v')
                    and has_table_privilege('analyst', oid, 'select')";
    assert_eq!(world.list(open).await, "columns drift files rejects totals");

    let trainer = log_in(&world, "trainer", TRAINER).await.unwrap();
    let learned = "
        with model as (
            insert into ml.models (algorithm, artifact, location, features, parameters, data, seed, train_until, validate_until, code_version)
            values ('logistic', repeat('a', 64), 'x', '{grade}', '{}', '{}', 1, '2010-01-01', '2011-01-01', '1') returning id)
        insert into ml.predictions (loan_key, model_id, probability) select loan_key, model.id, 0.5 from loans, model";
    assert_eq!(trainer.execute(learned, &[]).await.unwrap(), 30);
    trainer.batch_execute("delete from ml.predictions where probability = 0.5").await.unwrap();
    all_refused(
        &trainer,
        &[
            "insert into mart.leaking_columns values ('grade', 'because')",
            "delete from mart.leaking_columns",
            "update ingest.files set status = 'failed'",
            "select * from ingest.rejects",
            "select * from ingest.schema_history",
            "select * from public.master_loan",
            "select * from history.version",
            "update ml.models set seed = 2",
            "delete from ml.models",
            "delete from ml.promotions",
            "create table ml.mine ()",
            "create table public.mine ()",
            "create temporary table mine ()",
            "set role loan_loader",
            "set role analyst",
        ],
    )
    .await;

    // Neither password is in a table, in the server's log, which has every statement, or in ours.
    let server_log = world.server_log();
    assert!(
        server_log.contains("create role \"analyst\" login inherit password 'SCRAM-SHA-256$4096:"),
        "{server_log}"
    );
    let tables =
        "select format('%I.%I', nspname, relname) from pg_class c join pg_namespace n on n.oid = relnamespace
                  where relkind in ('r', 'p', 'm') order by 1";
    let tables = world.list(tables).await;
    assert!(tables.contains("pg_catalog.pg_authid") && tables.contains("ingest.files"), "{tables}");
    for hidden in [ANALYST, TRAINER, "hush-"] {
        for table in tables.split(',') {
            let query = format!("select count(*) from {table} t where strpos(t::text, $1) > 0");
            let found: i64 = world.client.query_one(&query, &[&hidden]).await.unwrap().get(0);
            assert_eq!(found, 0, "{table}");
        }
        assert!(!server_log.contains(hidden) && !log.contains(hidden));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_setup_changes_nothing_and_a_rotated_password_works() {
    let world = World::on(server().await, "boss").await;
    let (address, known) = secrets(&[("arn:a", "analyst", ANALYST), ("arn:t", "trainer", TRAINER)]);
    let function = function::start(&world, &address, vec![both()]);
    assert_eq!(function.answer().0, "response");
    function.stop();
    let before = roles(&world).await;

    let function = function::start(&world, &address, vec![both()]);
    assert_eq!(function.answer().0, "response");
    function.stop();
    assert_eq!(roles(&world).await, before);
    let session = log_in(&world, "analyst", ANALYST).await.unwrap();

    known.lock().unwrap().insert("arn:a".into(), json!({"username": "analyst", "password": "hush-new"}));
    let swapped = event(&[("arn:a", "loan_trainer")]);
    let function = function::start(&world, &address, vec![both(), json!({"setup": {}}), swapped]);
    assert_eq!(function.answer().0, "response");
    assert_eq!(roles(&world).await, before);
    assert!(log_in(&world, "analyst", ANALYST).await.unwrap_err().contains("password authentication failed"));
    log_in(&world, "analyst", "hush-new").await.unwrap();
    log_in(&world, "trainer", TRAINER).await.unwrap();
    // Who is connected stays so.
    session.query_one("select count(*) from mart.loans", &[]).await.unwrap();

    // A login of another role is that role's only.
    assert_eq!(function.answer().1["logins"], json!([]));
    function.answer();
    let groups = "select string_agg(roleid::regrole::text, ' ') from pg_auth_members where member = 'analyst'::regrole";
    assert_eq!(world.list(groups).await, "loan_trainer");
    function.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_elses_role_gets_a_password_and_nothing_is_made_by_half() {
    let world = World::on(server().await, "boss").await;
    world.client.batch_execute("create role ann login; create role pgadmin login superuser").await.unwrap();
    let (address, _) = secrets(&[
        ("arn:a", "analyst", ANALYST),
        ("arn:boss", "boss", "x"),
        ("arn:super", "pgadmin", "x"),
        ("arn:group", "loan_loader", "x"),
    ]);
    let refused = [
        (event(&[("arn:a", "loan_analyst"), ("arn:boss", "loan_analyst")]), "it is who makes the logins"),
        (
            event(&[("arn:a", "loan_analyst"), ("arn:super", "loan_analyst")]),
            "attributes of an administrator",
        ),
        (event(&[("arn:a", "loan_analyst"), ("arn:group", "loan_analyst")]), "it is a group"),
        (event(&[("arn:a", "loan_analyst"), ("arn:a", "loan_trainer")]), "is asked for twice"),
        (event(&[("arn:a", "loan_loader")]), "expected `loan_analyst` or `loan_trainer`"),
    ];
    let function =
        function::start(&world, &address, refused.iter().map(|(event, _)| event.clone()).collect());
    for (_, reason) in &refused {
        let (kind, answer) = function.answer();
        assert_eq!((kind.as_str(), answer["errorType"].as_str()), ("error", Some("SetupRefused")));
        let message = answer["errorMessage"].as_str().unwrap();
        assert!(message.contains(reason) && !message.contains("hush"), "{message}");
    }
    assert_eq!(world.number("select count(*) from pg_roles where rolname = 'analyst'").await, 0);

    // A grant that somebody made by hand is noticed.
    world.client.batch_execute("grant insert on mart.leaking_columns to public").await.unwrap();
    let output = command(&world, "ann:loan_analyst");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("ann would be allowed to write mart.leaking_columns"), "{error}");
    world.client.batch_execute("revoke insert on mart.leaking_columns from public").await.unwrap();
    let output = command(&world, "ann:loan_analyst");
    assert!(output.stdout.starts_with(br#"{"logins":["ann"],"schema":"#), "{output:?}");
    log_in(&world, "ann", ANALYST).await.unwrap();
    function.stop();
}

fn command(world: &World, login: &str) -> Output {
    world.command(&["setup", "--login", login]).env("LOADER_PASSWORD_ANN", ANALYST).output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn setups_at_once_do_not_fail() {
    let server = server().await;
    // Roles belong to the server, so that setups of two databases meet at the same ones.
    let worlds = [World::on(Arc::clone(&server), "boss").await, World::on(server, "boss").await];
    let mut processes = Vec::new();
    for _ in 0..4 {
        for world in &worlds {
            let mut command =
                world.command(&["setup", "--login", "ann:loan_analyst", "--login", "bob:loan_trainer"]);
            command.env("LOADER_PASSWORD_ANN", ANALYST).env("LOADER_PASSWORD_BOB", TRAINER);
            processes.push(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
        }
    }
    for process in processes {
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    for world in &worlds {
        log_in(world, "ann", ANALYST).await.unwrap();
        log_in(world, "bob", TRAINER).await.unwrap();
    }
}
