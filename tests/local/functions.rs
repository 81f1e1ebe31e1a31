use std::io::{Cursor, Write};

use aws_sdk_lambda::{
    primitives::Blob,
    types::{DestinationConfig, FunctionCode, InvocationType, OnFailure, Runtime},
};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::world::{World, eventually, gateway_pid, kill, supervisor_pid};

/// A custom runtime in Python: answers with its environment.
const BOOTSTRAP: &str = include_str!("bootstrap.py");

#[tokio::test(flavor = "multi_thread")]
async fn a_function_runs_here_and_finds_its_way_back() {
    let world = World::new();
    let status = world.up().await;
    let endpoint = status.gateway.as_ref().unwrap().endpoint.clone();
    let environment = invoke(&world).await;
    assert_eq!(environment["AWS_ENDPOINT_URL"], endpoint.as_str());
    assert_eq!(environment["AWS_REGION"], "eu-central-1");
    assert_eq!(environment["AWS_LAMBDA_FUNCTION_NAME"], "echo");
    // Whatever the user has in the environment, real credentials above all, stays with the user.
    assert!(environment.get("CARGO_MANIFEST_DIR").is_none());

    let functions = || world.processes().iter().filter(|process| process.contains("bootstrap")).count();
    assert_eq!(functions(), 1, "{:#?}", world.processes());
    kill(gateway_pid(&status));
    kill(supervisor_pid(&status));
    world.up().await;
    assert_eq!(functions(), 0, "{:#?}", world.processes());
    // The function itself is remembered.
    let lambda = aws_sdk_lambda::Client::new(&world.config().await);
    let answer = lambda.invoke().function_name("echo").send().await.unwrap();
    assert!(answer.function_error().is_none(), "{answer:?}");
    assert_eq!(functions(), 1);
    world.purge().await;
}

/// MiniStack: the invocation is killed and not tried again, its event arrives where failures go, and no log is made for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_is_deleted_at_work_is_dead() {
    let world = World::new();
    world.up().await;
    create(&world).await;
    let config = world.config().await;
    let lambda = aws_sdk_lambda::Client::new(&config);
    let queue = failures(&world).await;
    let started = world.layout.tmp().join("home/started");
    let event = Blob::new(serde_json::json!({"works_for_ever": started}).to_string());
    let call = lambda.invoke().function_name("echo").invocation_type(InvocationType::Event);
    call.payload(event).send().await.unwrap();
    let ran = || std::fs::read_to_string(&started).unwrap_or_default();
    eventually("at work", async || (!ran().is_empty()).then_some(())).await;
    lambda.delete_function().function_name("echo").send().await.unwrap();

    let sqs = aws_sdk_sqs::Client::new(&config);
    let event = eventually("given up", async || {
        let answer = sqs.receive_message().queue_url(&queue).send().await.unwrap();
        answer.messages.unwrap_or_default().pop()
    });
    let event = event.await.body.unwrap();
    assert!(event.contains("works_for_ever") && event.contains("The function was deleted."), "{event}");
    assert_eq!(ran(), "started\n");
    assert_eq!(world.count("bootstrap"), 0, "{:#?}", world.processes());
    let logs = aws_sdk_cloudwatchlogs::Client::new(&config);
    let groups = logs.describe_log_groups().send().await.unwrap().log_groups.unwrap_or_default();
    assert_eq!(groups, vec![]);
    world.purge().await;
}

/// The URL of a queue for events of the function that failed.
async fn failures(world: &World) -> String {
    let config = world.config().await;
    let created = aws_sdk_sqs::Client::new(&config).create_queue().queue_name("failures").send().await;
    let arn = "arn:aws:sqs:eu-central-1:000000000000:failures";
    let target = DestinationConfig::builder().on_failure(OnFailure::builder().destination(arn).build());
    let lambda = aws_sdk_lambda::Client::new(&config);
    let put = lambda.put_function_event_invoke_config().function_name("echo");
    put.destination_config(target.build()).send().await.unwrap();
    created.unwrap().queue_url.unwrap()
}

async fn create(world: &World) {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bootstrap", SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
    zip.write_all(BOOTSTRAP.as_bytes()).unwrap();
    let zip = zip.finish().unwrap().into_inner();
    let lambda = aws_sdk_lambda::Client::new(&world.config().await);
    let create =
        lambda.create_function().function_name("echo").runtime(Runtime::Providedal2023).handler("bootstrap");
    let create = create.role("arn:aws:iam::000000000000:role/none").timeout(60);
    create.code(FunctionCode::builder().zip_file(Blob::new(zip)).build()).send().await.unwrap();
}

async fn invoke(world: &World) -> serde_json::Value {
    create(world).await;
    let lambda = aws_sdk_lambda::Client::new(&world.config().await);
    let answer = lambda.invoke().function_name("echo").payload(Blob::new("{}")).send().await.unwrap();
    serde_json::from_slice(answer.payload().unwrap().as_ref()).unwrap()
}
