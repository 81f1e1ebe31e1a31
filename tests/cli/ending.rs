//! How an apply ends: what it did, what failed and why, what is left to do, the outputs.

use crate::queues::Queues;

#[test]
fn an_apply_ends_with_its_outputs_and_names_the_sensitive_ones() {
    let queues = Queues::new();
    let test = queues.stack(
        "[params]\npin = { type = \"string\", default = \"hidden-1234\", sensitive = true }\n[queue.jobs]\n\
         [outputs]\nurl = \"${queue.jobs.url}\"\npin = { value = \"${param.pin}\", sensitive = true }\n",
    );
    let test = test.args(["apply", "--auto-approve"]);
    let answer = test.success();
    assert!(answer.stderr.contains("Done: 1 created in "), "{}", answer.stderr);
    let outputs = answer.stdout.rsplit_once("Outputs\n").unwrap().1;
    assert_eq!(outputs, "  pin  (sensitive)\n  url  http://queues/123456789012/demo-jobs\n");
    assert!(!answer.stdout.contains("hidden-1234") && !answer.stdout.contains("$digest"));
    let answer = test.args(["destroy", "--auto-approve", "--allow-data-loss", "all"]).success();
    assert!(answer.stderr.contains("Done: 1 deleted in "), "{}", answer.stderr);
    assert!(!answer.stdout.ends_with("url  http://queues/123456789012/demo-jobs\n"), "{}", answer.stdout);
}

#[test]
fn an_error_is_told_once_with_its_place_its_code_and_its_remedy() {
    let queues = Queues::new();
    let test = queues.stack("[queue.deny]\n[queue.after]\ndepends_on = [\"queue.deny\"]\n");
    let answer = test.args(["apply", "--auto-approve"]).failure(1);
    let said = &answer.stderr;
    assert_eq!(said.matches("is not authorized").count(), 1, "{said}");
    assert!(said.contains("✗ queue.deny: creating failed\n      at stack.toml:6:1\n"), "{said}");
    assert!(said.contains("AccessDenied from sqs:CreateQueue: User: arn:"), "{said}");
    assert!(said.contains("The credentials lack a permission"), "{said}");
    assert!(said.contains("Failed: nothing was finished, 1 failed, 1 not started in "), "{said}");
    assert!(said.contains("✗ AccessDenied from sqs:CreateQueue: creating queue.deny\n"), "{said}");
    assert!(said.contains("not started: queue.after\n"), "{said}");
    assert!(said.contains("When the cause is mended, `stackctl apply` goes on from here."), "{said}");
}

#[test]
fn many_failures_of_one_cause_are_one() {
    let queues = Queues::new();
    let keys: Vec<String> = (0..40).map(|at| format!("\"{at}\"")).collect();
    let test = queues.stack(&format!("[queue.deny]\nfor_each = [{}]\n[queue.fine]\n", keys.join(", ")));
    let answer = test.args(["apply", "--auto-approve"]).failure(4);
    let said = &answer.stderr;
    assert_eq!(said.matches("is not authorized").count(), 1, "{said}");
    assert!(said.contains("Partly done: 1 created, 40 failed in "), "{said}");
    assert!(
        said.contains("✗ 40 times AccessDenied from sqs:CreateQueue: ") && said.contains(" and 37 more"),
        "{said}"
    );
    assert!(said.lines().count() < 25, "{said}");
}

/// What stays of a database is what its deletion asks for: the snapshot of the same name, unless there is none.
#[test]
fn a_database_leaves_what_its_deletion_makes() {
    use serde_json::{Value as Json, json};
    use stackctl::resource::{Observed, Status, kind};
    let kind = kind("db_instance").unwrap();
    // Something of the right type for each attribute that must be there.
    let filled = |schema: &Json| {
        let mut all = json!({});
        for (name, schema) in schema["properties"].as_object().unwrap() {
            let some = match schema["type"].as_str() {
                Some("integer") => json!(20),
                Some("string") => json!("db-ABC"),
                Some("boolean") => json!(false),
                Some("array") => json!([]),
                Some("object") => json!({}),
                _ => Json::Null,
            };
            all[name] = schema.get("default").cloned().unwrap_or(some);
        }
        all
    };
    let leaves = |more: Json| {
        let (mut inputs, outputs) = (filled(kind.inputs()), filled(kind.outputs()));
        more.as_object().unwrap().iter().for_each(|(name, value)| inputs[name] = value.clone());
        let live = Observed { inputs, outputs, status: Status::Ready, owner: None };
        let left = kind.leaves(&"loans".into(), &live);
        left.into_iter()
            .map(|left| format!("{} {}: {}", left.what, left.name, left.delete))
            .collect::<Vec<_>>()
    };
    let snapshot =
        "final snapshot loans-final-abc: aws rds delete-db-snapshot --db-snapshot-identifier loans-final-abc";
    assert_eq!(leaves(json!({ "final_snapshot_identifier": null })), [snapshot]);
    assert_eq!(leaves(json!({ "final_snapshot_identifier": null, "skip_final_snapshot": true })), [""; 0]);
    let kept = leaves(json!({ "skip_final_snapshot": true, "delete_automated_backups": false }));
    assert_eq!(kept.len(), 1);
    assert!(kept[0].starts_with("automated backups db-ABC: aws rds delete-db-instance-automated-backup"));
}
