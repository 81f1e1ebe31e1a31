//! A lost state, rebuilt from the ownership tags alone, on MiniStack.

use crate::emulator;
use crate::project::{Project, all};

const STACK: &str = r#"
[stack]
name = "lost"
region = "eu-west-1"

[vpc.main]
cidr_block = "10.20.0.0/16"

[internet_gateway.main]
vpc_id = "${vpc.main.id}"

[subnet.private]
for_each = { a = "10.20.1.0/24", b = "10.20.2.0/24" }
vpc_id = "${vpc.main.id}"
cidr_block = "${each.value}"

[route_table.private]
vpc_id = "${vpc.main.id}"
subnet_ids = ["${subnet.private[a].id}", "${subnet.private[b].id}"]

[security_group.database]
vpc_id = "${vpc.main.id}"
description = "Postgres"

[security_group_rule.from_anywhere]
security_group_id = "${security_group.database.id}"
type = "ingress"
cidr = "10.0.0.0/8"
port = 5432

[bucket.files]
tags = { owner = "data" }
lifecycle = { prevent_destroy = false }

[queue.dead]

[queue.jobs]
dead_letter = "${queue.dead.arn}"

[log_group.jobs]
retention_days = 7

[secret.token]
value = "hunter2"
recovery_days = 0

[iam_role.worker]
assumed_by = "lambda.amazonaws.com"
"#;

const RECOVER: &[&str] = &["state", "recover", "--target", "local", "--auto-approve"];

fn lose_the_state(project: &Project) {
    std::fs::remove_dir_all(project.path().join("state")).unwrap();
}

#[test]
fn the_tags_alone_bring_every_resource_back() {
    let project = Project::of(STACK);
    project.says("local up", &["local", "up"]);
    project.says("apply", &["apply", "--target", "local", "--auto-approve"]);
    let before = project.json(&["show", "--target", "local", "--json"]);
    lose_the_state(&project);
    // Whoever has no state does not make it all a second time, nor take it over.
    let refused = project.run(&["apply", "--target", "local", "--auto-approve", "--allow-data-loss", "all"]);
    assert_eq!(refused.status.code(), Some(1), "{}", all(&refused));
    for said in [
        "the stack lost exists already",
        "there is no state of it here",
        "stackctl state recover --from-tags",
    ] {
        assert!(all(&refused).contains(said), "{}", all(&refused));
    }
    project.says("recover", RECOVER);
    let after = project.json(&["show", "--target", "local", "--json"]);
    for (address, record) in before.as_object().unwrap() {
        assert_eq!(after[address]["id"], record["id"], "{address}");
        assert_eq!(after[address]["depends_on"], record["depends_on"], "{address}");
    }
    assert!(!after.to_string().contains("hunter2"), "secrets stay digests");
    project.nothing_to_do("after the recovery");

    // A state that lacks what was applied after it is completed.
    std::fs::copy(project.path().join("state/lost.local.json"), project.path().join("old.json")).unwrap();
    project.edit("[queue.dead]\n", "[queue.dead]\n[queue.late]\n");
    project.says("apply", &["apply", "--target", "local", "--auto-approve"]);
    std::fs::write(project.path().join("state/lost.local.json"), "{").unwrap();
    std::fs::rename(project.path().join("old.json"), project.path().join("state/lost.local.json.backup"))
        .unwrap();
    let told = all(&project.run(RECOVER));
    assert!(told.contains("queue.late: found http"), "{told}");
    project.nothing_to_do("after the backup was completed");

    // One whose block is gone is told, and not taken in.
    let stray = emulator::tagged_vpc(&project, "lost", "vpc.gone");
    lose_the_state(&project);
    let told = all(&project.run(RECOVER));
    assert!(told.contains(&format!("vpc.gone: {stray} carries the tags of this stack")), "{told}");
    assert_eq!(told.matches("carries the tags of this stack").count(), 1, "{told}");
    project.nothing_to_do("after a recovery that left a stray out");
    emulator::delete_vpc(&project, &stray);

    // Two objects with the same tags: nobody guesses.
    let second = emulator::tagged_vpc(&project, "lost", "vpc.main");
    lose_the_state(&project);
    let told = project.run(RECOVER);
    assert_eq!(told.status.code(), Some(1));
    assert!(
        all(&told).contains("vpc.main could be any of") && all(&told).contains(&second),
        "{}",
        all(&told)
    );
    assert!(!project.path().join("state/lost.local.json").exists());
    emulator::delete_vpc(&project, &second);
    project.says("recover", RECOVER);
    project.says("destroy", &["destroy", "--target", "local", "--auto-approve", "--allow-data-loss", "all"]);
    emulator::is_empty(&project);
    assert_eq!(project.files("state"), Vec::<String>::new());
    assert!(!project.path().join("state/lost.local.json.backup").exists(), "a backup would be a lost state");
    project.says("local down", &["local", "down", "--purge"]);
}

const MOVING: &str =
    "[stack]\nname = \"moving\"\nregion = \"eu-west-1\"\n\n[queue.jobs]\n\n[log_group.jobs]\n";

/// What `state mv` says the next plan will be, it is; what moved and does not say so yet is found by its name; and who has no state is
/// warned before everything is made a second time.
#[test]
fn what_moved_is_told_and_found_again() {
    let project = Project::of(MOVING);
    let apply: &[&str] = &["apply", "--target", "local", "--auto-approve"];
    let mv = |from, to| all(&project.run(&["state", "mv", from, to, "--target", "local"]));
    project.says("local up", &["local", "up"]);
    project.says("apply", apply);
    let told = mv("queue.jobs", "queue.work");
    assert!(
        told.contains("stack.toml has no queue.work yet: without its block the next apply deletes it"),
        "{told}"
    );
    let plan = all(&project.run(&["plan", "--target", "local"]));
    assert!(!plan.contains("No changes"), "{plan}");
    mv("queue.work", "queue.jobs");

    project.edit("[queue.jobs]", "[queue.work]");
    let told = mv("queue.jobs", "queue.work");
    assert!(told.contains("Write name = \"moving-jobs\" in its block to keep it"), "{told}");
    project.edit("[queue.work]\n", "[queue.work]\nname = \"moving-jobs\"\n");
    let before = project.json(&["show", "--target", "local", "--json"]);
    lose_the_state(&project);
    let told = all(&project.run(RECOVER));
    assert!(
        told.contains("by its name; its tags say queue.jobs, which the next apply writes anew"),
        "{told}"
    );
    let after = project.json(&["show", "--target", "local", "--json"]);
    assert_eq!(after["queue.work"]["id"], before["queue.work"]["id"]);
    project.says("apply", apply);
    project.nothing_to_do("after the tags were written");

    lose_the_state(&project);
    let told = all(&project.run(&["plan", "--target", "local"]));
    assert!(told.contains("there is no state, but queue.work") && told.contains("--from-tags"), "{told}");
    project.says("recover", &[RECOVER, &["--from-tags"]].concat());
    let told = all(&project.run(&["plan", "--target", "local"]));
    assert!(!told.contains("there is no state, but") && told.contains("No changes"), "{told}");
    project.says("destroy", &["destroy", "--target", "local", "--auto-approve", "--allow-data-loss", "all"]);
    emulator::is_empty(&project);
    let told = all(&project.run(&["plan", "--target", "local"]));
    assert!(!told.contains("there is no state, but"), "nothing is left to be warned of: {told}");
    project.says("local down", &["local", "down", "--purge"]);
}
