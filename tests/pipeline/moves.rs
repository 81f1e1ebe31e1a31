//! States that are looked up, pushed, moved and rolled back, in a folder and in a bucket, on MiniStack.

use crate::emulator;
use crate::project::{Project, all};
use serde_json::Value as Json;

const STACK: &str = "[stack]\nname = \"moves\"\nregion = \"eu-west-1\"\nstate = \"state\"\n[queue.jobs]\n";
const APPLY: &[&str] = &["apply", "--target", "local", "--auto-approve"];
const HISTORY: &[&str] = &["state", "history", "--target", "local", "--json"];

fn refused(project: &Project, args: &[&str], why: &str) {
    let answer = project.run(args);
    assert_eq!(answer.status.code(), Some(1), "{}", all(&answer));
    assert!(all(&answer).contains(why), "{}", all(&answer));
}

fn pull(project: &Project) -> Json {
    project.json(&["state", "pull", "--target", "local"])
}

fn serials(history: &Json) -> Vec<u64> {
    history.as_array().unwrap().iter().filter_map(|past| past["serial"].as_u64()).collect()
}

#[test]
fn a_state_moves_to_a_bucket_and_back_with_its_history() {
    let project = Project::of(STACK);
    project.says("local up", &["local", "up"]);
    project.says("apply", APPLY);
    let before = pull(&project);

    // To the bucket. Whoever still names the folder is sent on.
    let to = ["state", "migrate", "--to", "s3://states/team", "--target", "local", "--auto-approve"];
    let told = all(&project.run(&to));
    assert!(told.contains("stack.toml:4:9: state = \"s3://states/team\""), "{told}");
    for args in [APPLY, &["state", "pull", "--target", "local"], &["show", "--target", "local"]] {
        refused(&project, args, "was moved to s3://states/team");
    }
    assert!(project.says("history", &HISTORY[..4]).contains("moved to s3://states/team"));
    refused(&project, &["state", "recover", "--target", "local"], "was moved to s3://states/team");
    project.edit("state = \"state\"", "state = \"s3://states/team\"");
    let after = pull(&project);
    assert_eq!((&after["lineage"], &after["resources"]), (&before["lineage"], &before["resources"]));
    project.nothing_to_do("after the move");

    // Its versions are its history; one of them comes back as a new serial.
    project.edit("[queue.jobs]", "[queue.jobs]\n[queue.late]");
    project.says("apply", APPLY);
    let history = project.json(HISTORY);
    assert!(serials(&history).is_sorted_by(|newer, older| newer > older), "{history:#}");
    let oldest = history.as_array().unwrap().last().unwrap();
    let version = oldest["version"].as_str().unwrap();
    let rollback = ["state", "rollback", version, "--target", "local"];
    let asked = project.run(&rollback);
    assert!(!asked.status.success() && all(&asked).contains("queue.late: forgotten"), "{}", all(&asked));
    let newest = serials(&history)[0];
    let back = ["state", "rollback", version, "--target", "local", "--auto-approve"];
    assert!(project.run(&back).status.success());
    let rolled = pull(&project);
    assert_eq!(rolled["serial"], newest + 1);
    assert_eq!(rolled["resources"].as_object().unwrap().len(), 1);
    let forward = ["state", "rollback", &newest.to_string(), "--target", "local", "--auto-approve"];
    let told = all(&project.run(&forward));
    assert!(told.contains("queue.late: http") && told.contains("reappears"), "{told}");
    project.nothing_to_do("after rolling forward again");

    // A damaged object is rebuilt from the newest whole version and the journal.
    emulator::put_object(&project, "states", "team/moves.local.json", b"{\"format\": 1");
    refused(&project, APPLY, "stackctl state recover");
    let told = all(&project.run(&["state", "recover", "--target", "local", "--auto-approve"]));
    assert!(told.contains("from version") && told.contains("kept as"), "{told}");
    project.nothing_to_do("after the recovery of the object");

    // And home: the marker of this very state gives way.
    project.edit("state = \"s3://states/team\"", "state = \"state\"");
    let from = ["state", "migrate", "--from", "s3://states/team", "--target", "local", "--auto-approve"];
    let told = project.run(&from);
    assert!(told.status.success(), "{}", all(&told));
    project.nothing_to_do("after moving back");
    project.says("destroy", &["destroy", "--target", "local", "--auto-approve", "--allow-data-loss", "all"]);
    emulator::has_only_bucket(&project, "states");
}

#[test]
fn a_state_is_pushed_only_where_nothing_gets_lost() {
    let project = Project::of(STACK);
    project.says("local up", &["local", "up"]);
    project.says("apply", APPLY);
    let old = project.says("pull", &["state", "pull", "--target", "local"]);
    std::fs::write(project.path().join("old.json"), &old).unwrap();
    project.says("the same", &["state", "push", "old.json", "--target", "local"]);
    project.edit("[queue.jobs]", "[queue.jobs]\n[queue.late]");
    project.says("apply", APPLY);
    refused(&project, &["state", "push", "old.json", "--target", "local"], "is no newer");
    std::fs::write(project.path().join("bad.json"), old.replace("moves-jobs", "moves-j0bs")).unwrap();
    refused(&project, &["state", "push", "bad.json", "--target", "local", "--force"], "checksum");

    // By force: then the newer queue is nobody's, and the tags bring it back.
    project.says("push", &["state", "push", "old.json", "--target", "local", "--force"]);
    assert_eq!(pull(&project)["resources"].as_object().unwrap().len(), 1);
    let history = project.says("history", &["state", "history", "--target", "local"]);
    assert!(history.contains("backup") && history.contains("current"), "{history}");
    project.says("rollback", &["state", "rollback", "backup", "--target", "local", "--auto-approve"]);
    project.nothing_to_do("after the rollback to the backup");
    project.says("destroy", &["destroy", "--target", "local", "--auto-approve", "--allow-data-loss", "all"]);
    project.says("apply", APPLY);
    refused(&project, &["state", "push", "old.json", "--target", "local"], "another state");
    project.says("destroy", &["destroy", "--target", "local", "--auto-approve", "--allow-data-loss", "all"]);
    emulator::is_empty(&project);
}
