//! Every stack in `examples/`, and the one that `stackctl init` writes: applied, planned empty, destroyed.

use crate::project::Project;
use std::path::Path;

fn lives(name: &str, text: &str) {
    let project = Project::of(text);
    project.says(name, &["local", "up"]);
    project.says(name, &["apply", "--target", "local", "--auto-approve"]);
    project.nothing_to_do(name);
    project.says(name, &["destroy", "--target", "local", "--auto-approve", "--allow-data-loss", "all"]);
    crate::emulator::is_empty(&project);
    project.says(name, &["local", "down", "--purge"]);
    project.has_no_process();
}

#[test]
fn every_example_can_be_applied_and_destroyed() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut count = 0;
    for entry in std::fs::read_dir(examples).unwrap() {
        let stack = entry.unwrap().path().join("stack.toml");
        if let Ok(text) = std::fs::read_to_string(&stack) {
            lives(&stack.display().to_string(), &text);
            count += 1;
        }
    }
    assert!(count >= 3, "{count} examples");
}

#[test]
fn the_starter_stack_can_be_applied_and_destroyed() {
    let project = Project::of("");
    std::fs::remove_file(project.path().join("stack.toml")).unwrap();
    project.says("init", &["init", "--name", "starter"]);
    lives("the starter", &std::fs::read_to_string(project.path().join("stack.toml")).unwrap());
}
