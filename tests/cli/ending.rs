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
