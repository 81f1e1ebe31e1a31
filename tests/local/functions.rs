use std::io::{Cursor, Write};

use aws_sdk_lambda::{
    primitives::Blob,
    types::{FunctionCode, Runtime},
};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::world::{World, gateway_pid, kill, supervisor_pid};

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

async fn invoke(world: &World) -> serde_json::Value {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bootstrap", SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
    zip.write_all(BOOTSTRAP.as_bytes()).unwrap();
    let zip = zip.finish().unwrap().into_inner();
    let lambda = aws_sdk_lambda::Client::new(&world.config().await);
    let create =
        lambda.create_function().function_name("echo").runtime(Runtime::Providedal2023).handler("bootstrap");
    let create = create.role("arn:aws:iam::000000000000:role/none").timeout(10);
    create.code(FunctionCode::builder().zip_file(Blob::new(zip)).build()).send().await.unwrap();
    let answer = lambda.invoke().function_name("echo").payload(Blob::new("{}")).send().await.unwrap();
    serde_json::from_slice(answer.payload().unwrap().as_ref()).unwrap()
}
