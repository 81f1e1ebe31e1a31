//! `apply --json` and `destroy --json`: the events agree with each other, with their schema and with what was done, however the
//! command ends. Against a double of SQS.

use crate::invocation::{Answer, Test};
use crate::queues::Queues;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::Duration;

fn lines(answer: &Answer) -> Vec<Json> {
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    answer.stdout.lines().map(parse).collect()
}

fn text<'a>(line: &'a Json, key: &str) -> &'a str {
    line[key].as_str().unwrap_or_else(|| panic!("no {key} in {line}"))
}

/// The schemas of the types of lines, by name.
fn schemas() -> BTreeMap<String, Json> {
    let answer = Test::new().args(["schema", "--events"]).success();
    let schema: Json = serde_json::from_str(&answer.stdout).unwrap();
    let all = schema["oneOf"].as_array().unwrap().iter();
    all.map(|one| (one["properties"]["type"]["const"].as_str().unwrap().to_owned(), one.clone())).collect()
}

/// A line has all that its schema demands, nothing that it does not know, and the right types.
fn conforms(line: &Json, schemas: &BTreeMap<String, Json>) {
    let schema = schemas.get(text(line, "type")).unwrap_or_else(|| panic!("no schema of {line}"));
    let properties = schema["properties"].as_object().unwrap();
    for required in schema["required"].as_array().unwrap() {
        assert!(line.get(required.as_str().unwrap()).is_some(), "{required} is missing in {line}");
    }
    for (key, value) in line.as_object().unwrap().iter().filter(|(key, _)| *key != "at") {
        let property = properties.get(key).unwrap_or_else(|| panic!("{key} is not in the schema: {line}"));
        let types: Vec<&str> = match &property["type"] {
            Json::String(one) => vec![one],
            Json::Array(many) => many.iter().filter_map(Json::as_str).collect(),
            _ => continue,
        };
        let is = match value {
            Json::Null => "null",
            Json::Bool(_) => "boolean",
            Json::String(_) => "string",
            Json::Array(_) => "array",
            Json::Object(_) => "object",
            Json::Number(number) if number.is_f64() => "number",
            Json::Number(_) => "integer",
        };
        assert!(types.contains(&is) || (is == "integer" && types.contains(&"number")), "{key}: {line}");
    }
    assert!(text(line, "at").parse::<jiff::Timestamp>().is_ok(), "{line}");
}

/// What must hold of every stream.
fn holds(answer: &Answer, schemas: &BTreeMap<String, Json>) -> Json {
    let lines = lines(answer);
    let said = format!("{}\n{}", answer.stdout, answer.stderr);
    lines.iter().for_each(|line| conforms(line, schemas));
    let kinds: Vec<&str> = lines.iter().map(|line| text(line, "type")).collect();
    assert_eq!(kinds.first(), Some(&"started"), "{said}");
    assert_eq!(kinds.last(), Some(&"summary"), "{said}");
    assert_eq!(kinds.iter().filter(|kind| matches!(**kind, "started" | "summary")).count(), 2, "{said}");

    let (mut flying, mut ended) = (BTreeSet::new(), BTreeSet::new());
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let mut before = BTreeMap::new();
    for line in &lines {
        match text(line, "type") {
            "operation_started" => {
                let operation = line["operation"].as_u64().unwrap();
                assert!(flying.insert(operation) && !ended.contains(&operation), "{line}\n{said}");
            }
            kind @ ("operation_done" | "operation_failed" | "operation_left") => {
                let operation = line["operation"].as_u64().unwrap();
                assert!(flying.remove(&operation) && ended.insert(operation), "{line}\n{said}");
                *counts
                    .entry(match (kind, text(line, "verb")) {
                        ("operation_failed", _) => "failed",
                        ("operation_left", _) => "left",
                        (_, "create") => "created",
                        (_, "update") => "updated",
                        _ => "deleted",
                    })
                    .or_default() += 1;
            }
            "moved" => *counts.entry("moved").or_default() += 1,
            "not_started" => *counts.entry("not_started").or_default() += 1,
            "progress" => {
                let (done, total) = (line["done"].as_u64().unwrap(), line["total"].as_u64().unwrap());
                let last = before.insert(text(line, "what").to_owned(), done).unwrap_or(0);
                assert!(done <= total && done >= last, "{line}\n{said}");
            }
            _ => {}
        }
    }
    assert!(flying.is_empty(), "{flying:?} never ended\n{said}");
    let summary = lines.last().unwrap().clone();
    for name in ["moved", "created", "updated", "deleted", "failed", "left", "not_started"] {
        assert_eq!(summary[name].as_u64(), Some(counts.get(name).copied().unwrap_or(0)), "{name}\n{said}");
    }
    assert_eq!(summary["exit"].as_i64(), Some(answer.code.into()), "{said}");
    summary
}

/// The same for a number as for the next run of the test.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Queues, some of which are refused, and which wait for each other.
fn blocks(dice: &mut Dice) -> String {
    let mut blocks = String::new();
    let count = 3 + dice.roll(5);
    for at in 0..count {
        let name = if dice.roll(4) == 0 { format!("deny{at}") } else { format!("q{at}") };
        blocks.push_str(&format!("[queue.x{at}]\nname = \"{name}\"\n"));
        if at > 0 && dice.roll(2) == 0 {
            blocks.push_str(&format!("depends_on = [\"queue.x{}\"]\n", dice.roll(at)));
        }
    }
    blocks
}

#[test]
fn the_events_agree_whatever_fails_and_whenever_it_is_stopped() {
    let schemas = schemas();
    // Each with a server of its own: what was cut off is looked for as long as AWS may hide it.
    std::thread::scope(|scope| {
        for seed in 0..12 {
            let schemas = &schemas;
            scope.spawn(move || agrees(seed, schemas));
        }
    });
}

fn agrees(seed: u64, schemas: &BTreeMap<String, Json>) {
    let mut dice = Dice(seed);
    let queues = Queues::new();
    let blocks = blocks(&mut dice);
    let test = queues.stack(&blocks);
    let stopped = seed.is_multiple_of(2);
    if stopped {
        queues.pauses("CreateQueue", Duration::from_millis(150));
    }
    let grace = if seed.is_multiple_of(4) { "0" } else { "5" };
    let mut command = Command::new(env!("CARGO_BIN_EXE_stackctl"));
    command.args(["apply", "--json", "--auto-approve", "--grace", grace]);
    let answer = match stopped {
        true => test.stopped(&mut command, dice.roll(900), if seed.is_multiple_of(6) { 2 } else { 1 }),
        false => test.spawn(&mut command),
    };
    let summary = holds(&answer, schemas);
    if !stopped {
        assert_eq!(summary["created"].as_u64().unwrap() as usize, queues.count(), "{seed}\n{blocks}");
    }
    queues.pauses("CreateQueue", Duration::ZERO);
    let test = test.args(["destroy", "--json", "--auto-approve", "--allow-data-loss", "all"]);
    let answer = test.run();
    let summary = holds(&answer, schemas);
    let end = (summary["outcome"].as_str(), queues.count());
    assert_eq!(end, (Some("done"), 0), "{seed}: {}\n{}", answer.stdout, answer.stderr);
}

#[test]
fn a_failure_has_its_parts_and_what_waited_for_it_says_so() {
    let queues = Queues::new();
    let test = queues.stack(
        "[queue.deny]\n[queue.after]\ndepends_on = [\"queue.deny\"]\n[queue.fine]\n[outputs]\nurl = \"${queue.fine.url}\"\n",
    );
    let answer = test.args(["apply", "--json", "--auto-approve"]).failure(4);
    let lines = lines(&answer);
    let one = |kind: &str| {
        let found: Vec<&Json> = lines.iter().filter(|line| line["type"] == kind).collect();
        assert_eq!(found.len(), 1, "{kind}: {}", answer.stdout);
        found[0].clone()
    };
    let failed = one("operation_failed");
    assert_eq!(failed["address"], "queue.deny");
    assert_eq!((&failed["code"], &failed["call"]), (&"AccessDenied".into(), &"sqs:CreateQueue".into()));
    assert_eq!((&failed["file"], failed["line"].as_u64()), (&"stack.toml".into(), Some(6)));
    assert!(
        text(&failed, "help").contains("permission") && text(&failed, "message").contains("not authorized")
    );
    let left = one("not_started");
    assert_eq!((&left["address"], &left["because"]), (&"queue.after".into(), &"queue.deny".into()));
    assert_eq!(one("outputs")["outputs"]["url"]["value"], "http://queues/123456789012/demo-fine");
    assert_eq!(one("plan")["plan"]["summary"]["create"], 3);
    assert_eq!(one("place")["on"]["account"], "123456789012");
    let summary = one("summary");
    assert_eq!((&summary["outcome"], &summary["exit"]), (&"partly_done".into(), &4.into()));
}

#[test]
fn nobody_can_be_asked_so_it_must_be_approved() {
    let queues = Queues::new();
    let test = queues.stack("[queue.jobs]\n");
    for command in ["apply", "destroy"] {
        let answer = Test::at(test.path(".")).args([command, "--json"]).failure(2);
        assert_eq!(answer.stdout, "");
        assert!(answer.stderr.contains("--auto-approve"), "{}", answer.stderr);
    }
    assert_eq!(queues.server.take().len(), 0);
}

#[test]
fn a_command_that_ends_early_says_why_and_ends_with_its_summary() {
    let schemas = schemas();
    let queues = Queues::new();
    let test = queues.stack("[queue.jobs]\nvisibilty = 3\nretention = \"x\"\n");
    let answer = test.args(["apply", "--json", "--auto-approve"]).failure(1);
    let summary = holds(&answer, &schemas);
    assert_eq!(summary["outcome"], "failed");
    let errors: Vec<Json> = lines(&answer).into_iter().filter(|line| line["type"] == "error").collect();
    assert_eq!(errors.len(), 2, "{}", answer.stdout);
    assert!(errors.iter().all(|error| error["file"] == "stack.toml" && error["line"].is_u64()), "{errors:?}");

    // A saved plan is approved; what is protected stays so.
    let test = queues.stack("[queue.jobs]\nlifecycle = { prevent_destroy = true }\n");
    let test = test.args(["plan", "--out", "saved"]);
    test.success();
    let test = test.args(["apply", "--json", "saved"]);
    assert_eq!(holds(&test.success(), &schemas)["created"], 1);
    let test = test.args(["destroy", "--json", "--auto-approve"]);
    let answer = test.failure(1);
    holds(&answer, &schemas);
    let refused = |line: &&Json| line["type"] == "error" && text(line, "help").contains("prevent_destroy");
    assert_eq!(lines(&answer).iter().filter(refused).count(), 1, "{}", answer.stdout);
}

/// What stands in the documentation is what there is.
#[test]
fn every_type_and_field_is_documented() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/events.md")).unwrap();
    for (kind, schema) in schemas() {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{kind}` |")));
        let row = row.unwrap_or_else(|| panic!("docs/events.md has no {kind}"));
        for field in schema["properties"].as_object().unwrap().keys().filter(|field| *field != "type") {
            assert!(row.contains(&format!("`{field}`")), "docs/events.md does not say {field} of {kind}");
        }
    }
}

impl Test {
    /// Told to stop so many milliseconds after its first line, as often as that.
    fn stopped(&self, command: &mut Command, after: u64, times: usize) -> Answer {
        self.prepare(command);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        stdout.read_line(&mut said).unwrap();
        let rest = std::thread::spawn(move || {
            let mut rest = String::new();
            stdout.read_to_string(&mut rest).unwrap();
            rest
        });
        std::thread::sleep(Duration::from_millis(after));
        for _ in 0..times {
            // One that is through already is not told any more.
            let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT);
            std::thread::sleep(Duration::from_millis(30));
        }
        let answer = Answer::of(child.wait_with_output().unwrap());
        Answer { stdout: said + &rest.join().unwrap(), ..answer }
    }
}
