//! `plan --json` is what `docs/plan.schema.json` says. The plans are those of the binary; the server that it asks is no AWS.

use crate::environment::environment;
use crate::invocation::Test;
use crate::recorder::Recorder;
use serde_json::{Value as Json, json};
use stackctl::state::Document;
use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/plan.schema.json");
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/valid.py");

/// What is wrong with them.
fn wrong(documents: &[String]) -> String {
    let python = environment("emulators", include_str!("../kinds/requirements.txt")).join("bin/python");
    let mut child = Command::new(python)
        .args([SCRIPT, SCHEMA])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(documents.join("\n").as_bytes()).unwrap();
    let answer = child.wait_with_output().unwrap();
    let said = String::from_utf8(answer.stdout).unwrap();
    assert_eq!(answer.status.success(), said.is_empty(), "{said}");
    said
}

/// A call in its folder, with credentials that the server there takes.
fn call(test: &Test, words: &[&str]) -> Test {
    let call = Test::at(test.path("")).env("AWS_ACCESS_KEY_ID", "x").env("AWS_SECRET_ACCESS_KEY", "x");
    call.arguments(words)
}

fn stack(url: &str, blocks: &str) -> String {
    format!(
        "[stack]\nname = \"demo\"\nregion = \"eu-west-1\"\n[targets.one]\nendpoint_url = \"{url}\"\n{blocks}\n\
         [outputs]\nurl = \"${{queue.jobs.url}}\"\n"
    )
}

/// A role, a bucket and two queues, as an earlier apply has recorded them.
fn state() -> String {
    let mut document = Document::new("demo", "123456789012", "eu-west-1");
    document.serial = 3;
    let record = |id: &str, inputs: Json, outputs: Json| {
        serde_json::from_value(json!({ "id": id, "inputs": inputs, "outputs": outputs, "intent": "i" }))
            .unwrap()
    };
    let queue = |name: &str| {
        let url = format!("https://sqs.eu-west-1.amazonaws.com/123456789012/{name}");
        let inputs = json!({ "name": name, "fifo": false, "visibility_timeout": 30, "retention": 345600, "max_receives": 5, "tags": {} });
        (
            url.clone(),
            record(
                &url,
                inputs,
                json!({ "arn": format!("arn:aws:sqs:eu-west-1:123456789012:{name}"), "name": name, "url": url }),
            ),
        )
    };
    document.resources.insert("queue.jobs".parse().unwrap(), queue("demo-jobs").1);
    document.resources.insert("queue.gone".parse().unwrap(), queue("demo-gone").1);
    document.resources.insert("queue.named".parse().unwrap(), queue("old").1);
    document.to_text().unwrap()
}

#[test]
fn every_plan_is_as_its_schema_says() {
    let aws = Recorder::new();
    let blocks = "[queue.jobs]\nvisibility_timeout = 60\n[queue.named]\nname = \"new\"\n[queue.more]\ndead_letter = \"${queue.jobs.arn}\"\n\
        [iam_role.web]\nassumed_by = \"ec2.amazonaws.com\"\n[[iam_role.web.policies.p.Statement]]\nSid = \"All\"\nEffect = \"Allow\"\n\
        Action = \"*\"\nResource = \"*\"";
    let fresh = Test::new().stack(&stack(&aws.url, blocks));
    let later = Test::new().stack(&stack(&aws.url, blocks)).file("state/demo.one.json", &state());
    let mut documents = vec![];
    let mut seen = BTreeSet::new();
    for (test, more) in [
        (&fresh, vec![]),
        (&later, vec!["--refresh=false"]),
        (&later, vec!["--refresh=false", "--destroy"]),
        (&later, vec!["--refresh=false", "--only", "queue.more"]),
        (&later, vec!["--refresh=false", "--replace", "queue.jobs"]),
    ] {
        let words = [&["plan", "--target", "one", "--json"], &more[..]].concat();
        let answer = call(test, &words).success();
        let document: Json = serde_json::from_str(&answer.stdout)
            .unwrap_or_else(|error| panic!("{words:?}: {error}: {}", answer.stdout));
        for step in document["steps"].as_array().unwrap() {
            seen.insert((
                step["action"].as_str().unwrap().to_owned(),
                step["reason"].as_str().unwrap_or("no word").to_owned(),
            ));
        }
        documents.push(answer.stdout.trim_end().to_owned());
    }
    let said = wrong(&documents);
    assert!(said.is_empty(), "{said}");
    for (action, reason) in [
        ("create", "new"),
        ("update", "changed"),
        ("delete", "removed"),
        ("delete", "destroy"),
        ("replace", "asked"),
        ("noop", "not_chosen"),
    ] {
        assert!(
            seen.contains(&(action.to_owned(), reason.to_owned())),
            "no {action} with {reason} in {seen:?}"
        );
    }
    assert!(!seen.iter().any(|(action, reason)| action == "noop" && reason == "changed"), "{seen:?}");
    // The schema is no formality.
    let broken = documents[0].replacen("\"reason\":\"new\"", "\"reason\":{\"new\":1}", 1);
    assert!(wrong(&[broken]).contains("reason"));
    let more = documents[0].replacen("\"serial\":", "\"cereal\":1,\"serial\":", 1);
    assert!(wrong(&[more]).contains("cereal"));
}

/// One form at a time, and the document alone on the output.
#[test]
fn forms_of_a_plan_exclude_each_other_and_save_the_same_plan() {
    let aws = Recorder::new();
    let test = Test::new().stack(&stack(&aws.url, "[queue.jobs]"));
    for (words, start) in [
        (vec!["--format", "markdown"], "<!-- stackctl plan demo one -->\n### Plan for `demo`: 1 to create"),
        (vec!["--format", "html"], "<!DOCTYPE html>"),
        (vec!["--format", "json"], "{\"stack\":\"demo\""),
        (vec!["--json"], "{\"stack\":\"demo\""),
        (vec!["--json=terraform"], "{\"format_version\":"),
        (vec!["--format", "terraform-json"], "{\"format_version\":"),
        (vec!["--format", "text"], "On one: "),
    ] {
        let all = [&["plan", "--target", "one", "--out", "saved.plan"], &words[..]].concat();
        let answer = call(&test, &all).success();
        assert!(answer.stdout.starts_with(start), "{words:?}: {}", answer.stdout);
        assert!(answer.stderr.contains("Saved. `stackctl apply saved.plan`"), "{}", answer.stderr);
        let saved: Json = serde_json::from_str(&test.read("saved.plan")).unwrap();
        assert_eq!(saved["plan"]["steps"][0]["address"], "queue.jobs");
    }
    for words in [
        vec!["--format", "html", "--json"],
        vec!["--format", "html", "--details"],
        vec!["--json=yaml"],
        vec!["--format", "pdf"],
    ] {
        let answer = call(&test, &[&["plan", "--target", "one"], &words[..]].concat()).failure(2);
        assert!(answer.stdout.is_empty(), "{words:?}: {}", answer.stdout);
    }
}
