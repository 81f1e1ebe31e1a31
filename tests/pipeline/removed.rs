//! Somebody removes the folder of the state, or its lock, in the midst of an apply. On MiniStack.

use crate::emulator;
use crate::project::{Project, all, eventually};
use std::process::{Child, Stdio};

const COUNT: usize = 100;

fn project(name: &str) -> Project {
    let keys: Vec<String> = (0..COUNT).map(|number| format!("\"k{number}\"")).collect();
    let project = Project::of(&format!(
        "[stack]\nname = \"{name}\"\nregion = \"eu-west-1\"\n[queue.jobs]\nfor_each = [{}]\n",
        keys.join(", ")
    ));
    project.says("local up", &["local", "up"]);
    project
}

/// An apply that has made some of its queues.
fn begun(project: &Project) -> Child {
    let mut command =
        project.command(&["apply", "--target", "local", "--auto-approve", "--parallelism", "4"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let journal = project.path().join("state/removed.local.journal");
    eventually("the apply makes something", || {
        let text = std::fs::read_to_string(&journal).unwrap_or_default();
        (text.matches("\"entry\":\"done\"").count() >= 8).then_some(())
    });
    child
}

#[test]
fn a_folder_that_is_removed_stops_the_apply_and_the_way_back_makes_nothing_twice() {
    let project = project("removed");
    let child = begun(&project);
    std::fs::remove_dir_all(project.path().join("state")).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = all(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("Nothing more is started") && said.contains("stackctl state push"), "{said}");
    assert!(!said.contains("What was done is in the state"), "{said}");
    let made = emulator::queues(&project).len();
    assert!(made < COUNT, "it was not stopped");
    eprintln!("{made} of {COUNT} queues were there");

    // An apply that began anew would make them all a second time.
    let refused = project.run(&["apply", "--target", "local", "--auto-approve"]);
    let told = all(&refused);
    assert_eq!(refused.status.code(), Some(1), "{told}");
    let word = |text: &str| text.contains(".rescued-").then(|| text.trim_matches(['`', ':', '.']).to_owned());
    let rescued = told.split_whitespace().find_map(word).unwrap();
    assert_eq!(emulator::queues(&project).len(), made);

    project.says("state push", &["state", "push", &rescued, "--target", "local"]);
    assert!(!project.path().join(&rescued).exists(), "it is taken in");
    project.says("apply", &["apply", "--target", "local", "--auto-approve"]);
    project.nothing_to_do("on the way back");
    assert_eq!(emulator::queues(&project).len(), COUNT, "an orphan or a duplicate");
    project.says("destroy", &["destroy", "--target", "local", "--auto-approve", "--allow-data-loss", "all"]);
    emulator::is_empty(&project);
}

#[test]
fn without_its_lock_the_first_stops_and_the_second_waits_for_its_end() {
    let project = project("removed");
    let first = begun(&project);
    std::fs::remove_file(project.path().join("state/removed.local.lock")).unwrap();
    let second = project.run(&["apply", "--target", "local", "--auto-approve"]);
    let output = first.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", all(&output));
    assert!(all(&output).contains("its lock"), "{}", all(&output));
    // It was kept out, or came when the first one had ended.
    assert!(matches!(second.status.code(), Some(0 | 5)), "{}", all(&second));
    project.says("apply", &["apply", "--target", "local", "--auto-approve"]);
    project.nothing_to_do("after both");
    assert_eq!(emulator::queues(&project).len(), COUNT, "an orphan or a duplicate");
    project.says("destroy", &["destroy", "--target", "local", "--auto-approve", "--allow-data-loss", "all"]);
    emulator::is_empty(&project);
}
