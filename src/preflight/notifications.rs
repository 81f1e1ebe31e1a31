use super::{Check, Finding, Verdict};
use crate::address::Address;
use crate::desired::Desired;
use crate::plan::{Known, Value};
use serde_json::Value as Json;

/// Triggers of one bucket that take the same objects: S3 refuses the second, in the midst of an apply.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html>
pub fn notifications(desired: &Desired) -> Vec<Finding> {
    let mut known = Known::default();
    let mut triggers: Vec<(&Address, Json)> = vec![];
    let mut findings = vec![];
    for address in desired.order() {
        let (kind, inputs) = (desired.kind(address), desired.inputs(address, &known));
        known.insert(address.clone(), Value::creating(address, kind, &inputs));
        if kind.name() != "trigger" {
            continue;
        }
        for (other, theirs) in triggers.iter().filter(|(_, theirs)| overlap(theirs, &inputs)) {
            let message =
                format!("it takes the same objects of the bucket as {other}{}", both(theirs, &inputs));
            let remedy = "Give them prefixes or suffixes of which none begins or ends with the other's, or let one function do both.";
            findings.push(
                Finding::new(Verdict::Wrong, Check::Notifications, message, remedy)
                    .of(desired.config(), address),
            );
        }
        triggers.push((address, inputs));
    }
    findings
}

fn text<'a>(inputs: &'a Json, name: &str) -> &'a str {
    inputs[name].as_str().unwrap_or_default()
}

/// What is not known yet is not held against anybody.
fn overlap(a: &Json, b: &Json) -> bool {
    let starts = |a: &str, b: &str| a.starts_with(b) || b.starts_with(a);
    let ends = |a: &str, b: &str| a.ends_with(b) || b.ends_with(a);
    let known = |inputs: &Json| ["prefix", "suffix"].iter().all(|name| !inputs[*name].is_object());
    let events = |inputs: &Json| -> Vec<String> {
        let events = inputs["events"].as_array().into_iter().flatten();
        events.filter_map(|event| event.as_str().map(str::to_owned)).collect()
    };
    let (of_a, of_b) = (events(a), events(b));
    a["bucket"] == b["bucket"]
        && known(a)
        && known(b)
        && of_a.iter().any(|a| of_b.iter().any(|b| same_event(a, b)))
        && starts(text(a, "prefix"), text(b, "prefix"))
        && ends(text(a, "suffix"), text(b, "suffix"))
}

/// `s3:ObjectCreated:*` covers `s3:ObjectCreated:Put`.
fn same_event(a: &str, b: &str) -> bool {
    let covers = |a: &str, b: &str| a.strip_suffix('*').is_some_and(|stem| b.starts_with(stem));
    a == b || covers(a, b) || covers(b, a)
}

fn both(a: &Json, b: &Json) -> String {
    let said = |inputs: &Json| match (text(inputs, "prefix"), text(inputs, "suffix")) {
        ("", "") => "all".to_owned(),
        (prefix, suffix) => format!("{prefix}*{suffix}"),
    };
    format!(" ({} and {})", said(a), said(b))
}
