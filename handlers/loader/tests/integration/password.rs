//! Passwords from Secrets Manager, which the test plays, for a role whom the server asks for one.

use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::http::{Answer, Request, serve};
use crate::support::World;

/// Secrets Manager: the first answer is the first secret, the last one is repeated.
fn secrets(values: &'static [&'static str]) -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let address = serve(move |request: Request| {
        assert_eq!(request.header("x-amz-target"), Some("secretsmanager.GetSecretValue"));
        assert!(request.body.contains("arn:secret"));
        let value = values[count.fetch_add(1, Ordering::Relaxed).min(values.len() - 1)];
        let body =
            json!({ "ARN": "arn:secret", "Name": "secret", "SecretString": value }).to_string().into_bytes();
        Answer { status: 200, body, ..Answer::default() }
    });
    (address, asked)
}

async fn status(world: &World, user: &str, secrets: &str) -> Output {
    // Roles belong to the server, which the tests share.
    let role = "do $$ begin
        create role guarded superuser login password 'right';
    exception when duplicate_object or unique_violation then null;
    end $$";
    world.client.batch_execute(role).await.unwrap();
    let (port, name) = world.parts();
    world
        .command(&["status"])
        .env_remove("DATABASE_URL")
        .env("DATABASE_HOST", "127.0.0.1")
        .env("DATABASE_PORT", port.to_string())
        .env("DATABASE_NAME", name)
        .env("DATABASE_USER", user)
        .env("DATABASE_SECRET_ARN", "arn:secret")
        .env("AWS_ENDPOINT_URL", format!("http://{secrets}"))
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .output()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_was_rotated_is_read_again() {
    let world = World::new().await;
    let (address, asked) = secrets(&["before the rotation", "right"]);
    let output = status(&world, "guarded", &address).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(asked.load(Ordering::Relaxed), 2);

    let (address, asked) = secrets(&[r#"{"username": "guarded", "password": "right"}"#]);
    let output = status(&world, "somebody", &address).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_tried_twice_and_never_shown() {
    let world = World::new().await;
    let (address, asked) = secrets(&["hush-hush"]);
    let output = status(&world, "guarded", &address).await;
    assert!(!output.status.success());
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("password authentication failed") && error.contains("DATABASE_SECRET_ARN"),
        "{error}"
    );
    assert!(!error.contains("hush-hush"), "{error}");
}
