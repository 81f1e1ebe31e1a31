//! How an apply ends, at the widths of small and large terminals.

use super::summary::{Ending, lines, outputs};
use crate::address::Address;
use crate::apply::{Failure, Summary};
use crate::cli::site::Site;
use crate::error::{AwsError, Error};
use crate::plan::{Plan, sample};
use crate::resource::Leftover;
use crate::state::{Document, Verb};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

fn plan() -> Plan {
    Plan { stack: "demo".to_owned(), account: "123456789012".to_owned(), serial: 0, ..sample::plan(vec![]) }
}

fn site(local: bool) -> Site {
    Site {
        target: local.then(|| "local".to_owned()),
        local,
        endpoint: None,
        account: "123456789012".to_owned(),
        identity: None,
        region: "eu-west-1".to_owned(),
        state: "state/demo.json".to_owned(),
        protected: false,
        real: !local,
    }
}

fn summary() -> Summary {
    Summary {
        document: Document::new("demo", "123456789012", "eu-west-1"),
        moved: 0,
        done: vec![],
        failed: vec![],
        not_started: vec![],
        unsettled: vec![],
        leftovers: vec![],
        stopped: false,
    }
}

fn queues(range: std::ops::Range<usize>) -> Vec<Address> {
    range.map(|at| Address::new("queue", &format!("q{at}"))).collect()
}

fn denied(address: Address) -> Failure {
    let error = Error::Aws(AwsError {
        operation: "sqs:CreateQueue",
        code: Some("AccessDenied".to_owned()),
        message: format!("User: ada is not authorized to perform: sqs:createqueue on resource: {address}"),
        request_id: Some("1".to_owned()),
        status: Some(403),
    });
    Failure { address, verb: Verb::Create, error }
}

fn shown(summary: &Summary, local: bool, width: usize) -> String {
    let (plan, site) = (plan(), site(local));
    let ending = Ending {
        summary,
        plan: &plan,
        site: &site,
        took: Duration::from_millis(4200),
        again: "stackctl apply",
        saved: true,
        sensitive: BTreeSet::from(["pin".to_owned()]),
    };
    let lines = lines(&ending, width).into_iter().chain(outputs(&ending, width));
    let lines: Vec<String> = lines.map(|line| anstream::adapter::strip_str(&line).to_string()).collect();
    for line in lines.iter().filter(|line| !line.contains("aws rds")) {
        assert!(line.chars().count() <= width, "{} columns of {width}: {line}", line.chars().count());
    }
    lines.join("\n")
}

fn at_all_widths(summary: &Summary) -> String {
    [40, 60, 100].map(|width| format!("{}\n{}", "─".repeat(width), shown(summary, false, width))).join("\n")
}

#[test]
fn many_that_failed_for_one_reason() {
    let mut summary = summary();
    summary.done = queues(0..120).into_iter().map(|address| (address, Verb::Create)).collect();
    summary.failed = queues(200..2050).into_iter().map(denied).collect();
    summary.not_started = queues(3000..3012);
    insta::assert_snapshot!(at_all_widths(&summary));
}

#[test]
fn stopped_by_a_person() {
    let mut summary = summary();
    summary.stopped = true;
    summary.done = queues(0..32).into_iter().map(|address| (address, Verb::Create)).collect();
    summary.unsettled = queues(32..34);
    summary.not_started = queues(34..2000);
    let said = at_all_widths(&summary);
    assert!(!said.contains("cause is mended"), "{said}");
    insta::assert_snapshot!(said);
}

#[test]
fn only_what_was_partly_done_is_said_to_be_so() {
    let mut summary = summary();
    summary.failed = vec![denied(Address::new("queue", "jobs"))];
    let said = shown(&summary, false, usize::MAX);
    assert!(said.starts_with("Failed: nothing was finished, 1 failed in 4.2 s"), "{said}");
    summary.done = vec![(Address::new("queue", "mail"), Verb::Delete)];
    let said = shown(&summary, false, usize::MAX);
    assert!(said.starts_with("Partly done: 1 deleted, 1 failed in 4.2 s"), "{said}");
    summary.failed.clear();
    let said = shown(&summary, false, usize::MAX);
    assert_eq!(said, "Done: 1 deleted in 4.2 s, on AWS account 123456789012, eu-west-1.");
}

#[test]
fn a_snapshot_that_stays_is_named_with_what_deletes_it() {
    let mut summary = summary();
    summary.done = vec![(Address::new("db_instance", "main"), Verb::Delete)];
    let name = "demo-main-final-5ba7e63bfc6540cba6d5".to_owned();
    let delete = format!("aws rds delete-db-snapshot --db-snapshot-identifier {name}");
    let leftover = Leftover { what: "final snapshot", name, delete };
    summary.leftovers = vec![(Address::new("db_instance", "main"), leftover)];
    summary.document.outputs =
        [("pin", json!("$digest:0")), ("url", json!("http://q")), ("zones", json!(["a", "b"]))]
            .map(|(name, value)| (name.to_owned(), value))
            .into();
    insta::assert_snapshot!(at_all_widths(&summary));
    let local = shown(&summary, true, 100);
    assert!(local.contains("Still there, on the local cloud:") && !local.contains("aws rds"), "{local}");
}
