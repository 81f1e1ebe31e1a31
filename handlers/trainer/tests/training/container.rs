//! The contract of SageMaker's training containers, on a folder that stands for /opt/ml. The image itself is not built here, and
//! nothing has run on SageMaker.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::lake::{export, printed};
use crate::server::World;

fn container(root: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
    command.args(["container", "train"]).env("TRAINER_CONTAINER_ROOT", root);
    command
}

fn configure(root: &Path, parameters: &str) {
    std::fs::create_dir_all(root.join("input/config")).unwrap();
    std::fs::write(root.join("input/config/hyperparameters.json"), parameters).unwrap();
}

fn failure(root: &Path, output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    let failure = std::fs::read_to_string(root.join("output/failure")).unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains(&failure));
    std::fs::remove_file(root.join("output/failure")).unwrap();
    failure
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_trains_from_its_channel_and_says_why_it_failed() {
    let world = World::generated(6000).await;
    let root = world.folder.path().join("ml");
    export(&world, &root.join("input/data/lake")).await;
    std::fs::write(root.join("input/data/lake-manifest"), "").unwrap();
    configure(
        &root,
        r#"{"test-from": "2015-07", "resamples": "20", "without-pricing": "false", "sagemaker_job_name": "\"x\""}"#,
    );
    let told = printed(container(&root).output().unwrap());
    let (_, run) = told.split_once("`trainer register ").unwrap();
    let run = run.split_once('`').unwrap().0;
    assert!(run.starts_with(&*root.join("model/runs/").to_string_lossy()), "{run}");
    assert!(!root.join("output/failure").exists());
    // What the job leaves is the model that the command makes of the same loans.
    world.run(&["train", "--test-from", "2015-07", "--resamples", "20", "--no-promote"]);
    let name = world.kept("models")[0].file_name().unwrap().to_owned();
    assert!(root.join("model/models").join(name).is_file());
    assert!(
        world.run(&["register", run, "--no-promote"]).contains("the same artifact was registered before")
    );

    std::fs::remove_dir_all(root.join("model")).unwrap();
    configure(&root, r#"{"test-form": "2015-07"}"#);
    let said = failure(&root, &container(&root).output().unwrap());
    assert!(
        said.starts_with("hyperparameters.json is not understood: unexpected argument '--test-form'"),
        "{said}"
    );
    configure(&root, r#"{"test-from": "1999-01"}"#);
    let said = failure(&root, &container(&root).output().unwrap());
    assert!(said.contains("must follow each other"), "{said}");
    std::fs::create_dir(root.join("input/data/other")).unwrap();
    let said = failure(&root, &container(&root).output().unwrap());
    assert!(said.contains("there are 2 (lake, other)"), "{said}");
    configure(&root, r#"{"channel": "other"}"#);
    let said = failure(&root, &container(&root).output().unwrap());
    assert!(said.contains("other/loan_features/_manifest.json: there is none"), "{said}");
    assert!(!root.join("model").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_stopped_ends_at_once() {
    let world = World::generated(6000).await;
    let root = world.folder.path().join("ml");
    export(&world, &root.join("input/data/lake")).await;
    configure(&root, "{}");
    let mut job = container(&root).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut noted = std::io::BufReader::new(job.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("tuning with") {
        line.clear();
        assert_ne!(
            std::io::BufRead::read_line(&mut noted, &mut line).unwrap(),
            0,
            "it did not begin to tune"
        );
    }
    assert!(Command::new("kill").arg(job.id().to_string()).status().unwrap().success());
    assert_eq!(job.wait().unwrap().code(), Some(1));
    let failure = std::fs::read_to_string(root.join("output/failure")).unwrap();
    assert!(failure.starts_with("the job was stopped"), "{failure}");
    assert!(!root.join("model").exists());
}
