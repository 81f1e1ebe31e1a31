use crate::project::{Project, all, eventually};
use crate::{DATABASE, cloud};
use std::process::{Child, Output, Stdio};

const APPLY: &[&str] = &["apply", "--target", "local", "--auto-approve"];

fn send(child: &Child, signal: nix::sys::signal::Signal) {
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
    nix::sys::signal::kill(pid, signal).unwrap();
}

/// An apply that is told to stop while the database is being created.
fn interrupted(project: &Project, grace: &str, signals: usize) -> Output {
    let mut command = project.command(APPLY);
    command.args(["--grace", grace]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let journal = project.path().join("state/night.local.journal");
    eventually("the intent of the database", || {
        let text = std::fs::read_to_string(&journal).ok()?;
        text.lines()
            .any(|line| line.contains(r#""entry":"intent""#) && line.contains("db_instance.main"))
            .then_some(())
    });
    for _ in 0..signals {
        send(&child, nix::sys::signal::Signal::SIGTERM);
    }
    child.wait_with_output().unwrap()
}

fn goes_on(project: &Project) {
    project.says("apply", APPLY);
    project.nothing_to_do("after the second apply");
    cloud::owns_one_each(project, 7);
    project.says("destroy", &["destroy", "--target", "local", "--auto-approve", "--allow-data-loss", "all"]);
    cloud::owns_one_each(project, 0);
}

#[test]
fn the_first_signal_finishes_what_is_in_flight_within_the_grace() {
    let project = Project::of(DATABASE);
    project.says("local up", &["local", "up"]);

    let output = interrupted(&project, "60", 1);
    let said = all(&output);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(
        said.contains("Finishing what is in flight") && said.contains("db_instance.main: created"),
        "{said}"
    );
    assert!(said.contains("not started: queue.after"), "{said}");
    assert_eq!(project.files("state"), ["night.local.json"], "nothing is left to settle");
    goes_on(&project);

    let output = interrupted(&project, "0", 1);
    let said = all(&output);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("left in flight: db_instance.main"), "{said}");
    let plan = all(&project.run(&["plan", "--target", "local"]));
    assert!(plan.contains("db_instance.main"), "it says what it found: {plan}");
    goes_on(&project);

    // The second signal ends it where it stands.
    let output = interrupted(&project, "60", 2);
    assert_eq!(output.status.code(), Some(130), "{}", all(&output));
    goes_on(&project);
}
