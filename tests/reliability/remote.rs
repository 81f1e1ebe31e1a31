//! State in S3, on MiniStack.

use crate::cloud;
use crate::project::{Project, all};
use std::process::Stdio;

const STACK: &str = r#"
[stack]
name = "shared"
region = "eu-west-1"
state = "s3://our-state/team"

[queue.jobs]
[bucket.files]
force_destroy = true
[log_group.jobs]
name = "/jobs/${queue.jobs.name}"
"#;

const APPLY: &[&str] = &["apply", "--target", "local", "--auto-approve"];

#[test]
fn state_in_s3_lives_through_everything() {
    let project = Project::of(STACK);
    project.says("local up", &["local", "up"]);
    let keys = || cloud::keys(&project, "our-state");

    // Two at once: one waits, and none of them overwrites the other.
    let mut both: Vec<_> = (0..2)
        .map(|_| {
            let mut command = project.command(APPLY);
            command.args(["--lock-timeout", "60"]).stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    let outputs: Vec<_> = both.drain(..).map(|child| child.wait_with_output().unwrap()).collect();
    for output in &outputs {
        assert!(output.status.success(), "{}", all(output));
    }
    let created: usize = outputs.iter().filter(|output| all(output).contains("Done: 3 created")).count();
    assert_eq!(created, 1, "{}\n{}", all(&outputs[0]), all(&outputs[1]));
    project.nothing_to_do("after two at once");
    cloud::owns_one_each(&project, 3);
    assert!(!project.path().join("state").exists(), "nothing of it lies here");
    assert_eq!(keys(), ["team/shared.local.json", "team/shared.local.json.journal"]);

    // Many queues, so that it has the lease for a while.
    let names: Vec<String> = (0..60).map(|index| format!("\"q{index}\"")).collect();
    let more = format!("[queue.jobs]\n[queue.more]\nfor_each = [{}]", names.join(", "));
    project.edit("[queue.jobs]", &more);
    let mut child = project.command(APPLY).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
    crate::project::eventually("the lease", || keys().iter().any(|key| key.ends_with(".lock")).then_some(()));
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGSTOP).unwrap();
    let refused = project.run(APPLY);
    let said = all(&refused);
    assert_eq!(refused.status.code(), Some(5), "{said}");
    assert!(said.contains("is locked by `stackctl apply` of") && said.contains("since"), "{said}");
    // A runner that dies with the lease in its hand does not lock anybody of its machine out.
    child.kill().unwrap();
    child.wait().unwrap();
    project.says("apply", APPLY);
    project.nothing_to_do("after the death of a runner");
    cloud::owns_one_each(&project, 63);

    project.says("destroy", &["destroy", "--target", "local", "--auto-approve", "--allow-data-loss", "all"]);
    assert!(keys().is_empty(), "{:?}", keys());
    cloud::owns_one_each(&project, 0);
}
