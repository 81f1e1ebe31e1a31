use aws_sdk_rds::error::ProvideErrorMetadata;
use stackctl::local;
use std::os::unix::fs::PermissionsExt;

use crate::world::{PASSWORD, World, connect, connect_verified, database_pid, eventually, kill};

#[tokio::test(flavor = "multi_thread")]
async fn a_db_instance_is_a_real_server() {
    let world = World::new();
    world.up().await;
    let (one, two) = tokio::join!(world.create("one"), world.create("two"));
    assert_ne!(one.endpoint().unwrap().port(), two.endpoint().unwrap().port());

    let client = connect(&one, "adm", PASSWORD).await.unwrap();
    client.batch_execute("CREATE TABLE loan (id int); INSERT INTO loan VALUES (7)").await.unwrap();
    client.batch_execute("CREATE ROLE reader LOGIN PASSWORD 'x'; CREATE SCHEMA gold").await.unwrap();
    assert!(connect(&one, "adm", "wrong").await.is_err());
    assert!(connect(&one, "stackctl_admin", PASSWORD).await.is_err());
    // A server of its own.
    let other = connect(&two, "adm", PASSWORD).await.unwrap();
    assert!(other.batch_execute("SELECT * FROM loan").await.is_err());

    // Killed, and back on its port with its data.
    kill(database_pid(&world.status().await, "one"));
    eventually("restarted", async || {
        let now = world.status().await;
        now.databases
            .iter()
            .any(|database| database.identifier == "one" && database.restarts > 0)
            .then_some(())
    })
    .await;
    world.healed().await;
    let client = connect(&one, "adm", PASSWORD).await.unwrap();
    let row = client.query_one("SELECT id FROM loan", &[]).await.unwrap();
    assert_eq!(row.get::<_, i32>(0), 7);

    // Down and up: data and ports are as before.
    local::down(&world.layout, false).await.unwrap();
    assert_eq!(world.processes(), Vec::<String>::new());
    world.up().await;
    let again = world.describe("one").await;
    assert_eq!(again.endpoint().unwrap().port(), one.endpoint().unwrap().port());
    let client = connect(&again, "adm", PASSWORD).await.unwrap();
    assert_eq!(client.query("SELECT id FROM loan", &[]).await.unwrap().len(), 1);

    // Deleted: the server and its data are gone, the other one stays.
    let rds = world.rds().await;
    rds.delete_db_instance().db_instance_identifier("one").skip_final_snapshot(true).send().await.unwrap();
    assert!(connect(&one, "adm", PASSWORD).await.is_err());
    assert!(!world.layout.databases().join("one").exists());
    connect(&two, "adm", PASSWORD).await.unwrap();
    assert_no_secret(&world, PASSWORD);
    world.purge().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_password_is_changed_in_the_server() {
    let world = World::new();
    world.up().await;
    let db = world.create("loans").await;
    let rds = world.rds().await;
    let modify = rds.modify_db_instance().db_instance_identifier("loans").master_user_password("another one");
    modify.apply_immediately(true).send().await.unwrap();
    assert!(connect(&db, "adm", PASSWORD).await.is_err());
    connect(&db, "adm", "another one").await.unwrap();
    rds.reboot_db_instance().db_instance_identifier("loans").send().await.unwrap();
    connect(&db, "adm", "another one").await.unwrap();
    assert_no_secret(&world, "another one");
    world.purge().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn creating_again_changes_nothing() {
    let world = World::new();
    world.up().await;
    let db = world.create("loans").await;
    let again = world.rds().await.create_db_instance().db_instance_identifier("loans").engine("postgres");
    let again =
        again.db_instance_class("db.t3.micro").master_username("adm").master_user_password("other-word");
    let error = again.allocated_storage(20).send().await.unwrap_err().into_service_error();
    assert!(error.is_db_instance_already_exists_fault(), "{error:?}");
    connect(&db, "adm", PASSWORD).await.unwrap();
    world.purge().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_control_plane_refuses_leaves_no_server() {
    let world = World::new();
    world.up().await;
    let create = world.rds().await.create_db_instance().db_instance_identifier("loans").engine("postgres");
    let create =
        create.db_instance_class("db.t3.micro").master_username("adm").master_user_password(PASSWORD);
    let error = create.allocated_storage(20).db_parameter_group_name("missing").send().await.unwrap_err();
    assert_eq!(error.code(), Some("DBParameterGroupNotFound"), "{error:?}");
    assert!(world.status().await.databases.is_empty());
    assert_eq!(world.count(" -D "), 0);
    assert!(!world.layout.databases().join("loans").exists());
    world.purge().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_managed_password_is_a_secret() {
    let world = World::new();
    world.up().await;
    let rds = world.rds().await;
    let create = rds.create_db_instance().db_instance_identifier("loans").engine("postgres").db_name("loans");
    let create =
        create.db_instance_class("db.t3.micro").master_username("adm").manage_master_user_password(true);
    create.allocated_storage(20).send().await.unwrap();
    let db = world.describe("loans").await;
    let arn = db.master_user_secret().unwrap().secret_arn().unwrap().to_owned();
    let secrets = aws_sdk_secretsmanager::Client::new(&world.config().await);
    let secret = secrets.get_secret_value().secret_id(&arn).send().await.unwrap();
    let secret: serde_json::Value = serde_json::from_str(secret.secret_string().unwrap()).unwrap();
    let word = secret["password"].as_str().unwrap();
    connect(&db, secret["username"].as_str().unwrap(), word).await.unwrap();

    rds.delete_db_instance().db_instance_identifier("loans").skip_final_snapshot(true).send().await.unwrap();
    secrets.get_secret_value().secret_id(&arn).send().await.unwrap_err();
    world.purge().await;
}

/// As a function verifies RDS: by the root certificate and the name, and nothing less is `verify-full`.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_can_tell_whom_it_talks_to() {
    let world = World::new();
    world.up().await;
    let roots = std::fs::read_to_string(world.layout.ca()).unwrap();
    let db = world.create("loans").await;
    for name in [db.endpoint().unwrap().address().unwrap(), "127.0.0.1"] {
        let client = connect_verified(&db, name, &roots).await.unwrap();
        let row = client.query_one("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &[]).await;
        assert!(row.unwrap().get::<_, bool>(0));
    }
    // Another cloud's authority vouches for nothing here, and ours for no other name.
    let stranger = World::new();
    stranger.up().await;
    let strange = std::fs::read_to_string(stranger.layout.ca()).unwrap();
    let error = connect_verified(&db, "localhost", &strange).await.unwrap_err();
    assert!(
        format!("{error:?}").contains("UnknownIssuer") || format!("{error:?}").contains("BadSignature"),
        "{error:?}"
    );
    stranger.purge().await;
    let error = connect_verified(&db, "localhost.localdomain", &roots).await.unwrap_err();
    assert!(format!("{error:?}").contains("NotValidForName"), "{error:?}");

    // Down and up: the same authority, so that functions know the databases again.
    local::down(&world.layout, false).await.unwrap();
    world.up().await;
    assert_eq!(std::fs::read_to_string(world.layout.ca()).unwrap(), roots);
    connect_verified(&world.describe("loans").await, "localhost", &roots).await.unwrap();
    for key in [world.layout.folder().join("ca-key.pem"), world.layout.databases().join("loans/server.key")] {
        assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600, "{}", key.display());
    }
    world.purge().await;
}

/// MiniStack does not know the calls: the local cloud answers in its place, and remembers.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_associated_and_remembered() {
    let world = World::new();
    world.up().await;
    world.create("loans").await;
    let role = "arn:aws:iam::000000000000:role/import";
    let rds = world.rds().await;
    let add = || {
        let call = rds.add_role_to_db_instance().db_instance_identifier("loans");
        call.role_arn(role).feature_name("s3Import").send()
    };
    add().await.unwrap();
    let error = add().await.unwrap_err();
    assert_eq!(error.code(), Some("DBInstanceRoleAlreadyExists"), "{error:?}");
    local::down(&world.layout, false).await.unwrap();
    world.up().await;
    let db = world.describe("loans").await;
    let [there] = db.associated_roles() else { panic!("{:?}", db.associated_roles()) };
    assert_eq!(
        (there.role_arn(), there.feature_name(), there.status()),
        (Some(role), Some("s3Import"), Some("ACTIVE"))
    );
    let rds = world.rds().await;
    let remove = |identifier: &str| {
        let call = rds.remove_role_from_db_instance().db_instance_identifier(identifier);
        call.role_arn(role).feature_name("s3Import").send()
    };
    remove("loans").await.unwrap();
    assert!(world.describe("loans").await.associated_roles().is_empty());
    assert_eq!(remove("loans").await.unwrap_err().code(), Some("DBInstanceRoleNotFound"));
    assert_eq!(remove("none").await.unwrap_err().code(), Some("DBInstanceNotFound"));
    world.purge().await;
}

/// The master password is in no file: not ours, not MiniStack's, not a log.
fn assert_no_secret(world: &World, secret: &str) {
    let mut folders = vec![world.layout.folder().to_path_buf(), world.layout.databases()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                let bytes = std::fs::read(entry.path()).unwrap_or_default();
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "{}", entry.path().display());
            }
        }
    }
}
