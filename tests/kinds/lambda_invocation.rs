//! The call of a function: on MiniStack with functions that run, on moto with ones that only answer, and what happens on the
//! way with replayed answers, in virtual time.

use crate::answers::{Answer, Calls, aws};
use crate::emulator::{ministack, moto_calls};
use crate::harness::{Subject, create, lifecycle, owner, passes, read, unique};
use crate::lambda_function::{role, with};
use aws_config::retry::RetryConfig;
use serde_json::{Value as Json, json};
use stackctl::address::Address;
use stackctl::cloud::Cloud;
use stackctl::config::{Options, Source, parse};
use stackctl::desired::Desired;
use stackctl::error::{Error, Result};
use stackctl::package;
use stackctl::plan::{Known, Value};
use stackctl::resource::{self, Create, Id, Owner};
use stackctl::schema::unknown;
use std::collections::HashMap;
use std::io::{Cursor, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::Instant;
use zip::write::SimpleFileOptions;

/// Notes what it is called with, and fails if that says `bad`.
const HANDLER: &str = r#"
import json, os

def handler(event, context):
    with open(os.environ["EVIDENCE"], "a") as seen:
        seen.write(json.dumps(event) + "\n")
    if "bad" in event:
        raise ValueError("told to be bad")
    return {"done": True}
"#;

/// A function that is there, and where it notes its calls.
pub struct Callee {
    folder: TempDir,
    pub subject: Subject,
    pub arn: Json,
}

impl Callee {
    pub async fn new(cloud: &Cloud) -> Self {
        let folder = TempDir::new().unwrap();
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("index.py", SimpleFileOptions::default()).unwrap();
        zip.write_all(HANDLER.as_bytes()).unwrap();
        let bytes = zip.finish().unwrap().into_inner();
        let path = folder.path().join("f.zip");
        std::fs::write(&path, &bytes).unwrap();
        let inputs = json!({"name": unique("kinds"), "role": role(cloud).await, "artifact": path,
            "code_sha256": package::sha256(&bytes), "runtime": "python3.12", "handler": "index.handler", "timeout": 30,
            "environment": {"EVIDENCE": folder.path().join("seen")}, "tags": {"owner": "x"}});
        let subject = create("lambda_function", cloud, inputs).await;
        let arn = subject.ready().await.outputs["arn"].clone();
        Self { folder, subject, arn }
    }

    /// What it was called with.
    pub fn calls(&self) -> Vec<Json> {
        let seen = std::fs::read_to_string(self.folder.path().join("seen")).unwrap_or_default();
        seen.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn setup(arn: &Json) -> Json {
    json!({"function": arn, "payload": {"setup": {"logins": [{"secret": "s", "role": "r"}]}, "n": 1.5}})
}

pub async fn life(cloud: &Cloud) {
    let callee = Callee::new(cloud).await;
    let changes = [
        json!({"payload": {"setup": true}}),
        json!({"triggers": {"code": "1"}}),
        json!({"payload": {}, "triggers": {}}),
    ];
    lifecycle("lambda_invocation", cloud, setup(&callee.arn), &changes).await;
    callee.subject.delete().await;
}

#[tokio::test]
async fn lives_on_moto() {
    life(&moto_calls()).await;
}

/// The harness repeats every update: what has been called is not called again.
#[tokio::test]
async fn calls_once_and_once_for_each_change_on_ministack() {
    let cloud = ministack();
    let callee = Callee::new(&cloud).await;
    let mut subject = create("lambda_invocation", &cloud, setup(&callee.arn)).await;
    assert_eq!(callee.calls(), [setup(&callee.arn)["payload"].clone()]);
    subject.change(&json!({"payload": {"second": [1, 2]}})).await;
    subject.change(&json!({"triggers": {"code": "1"}})).await;
    subject.change(&json!({"triggers": {"code": "1"}})).await;
    subject.change(&json!({"payload": {}})).await;
    let second = json!({"second": [1, 2]});
    assert_eq!(callee.calls()[1..], [second.clone(), second, json!({})]);
    subject.delete().await;
    callee.subject.delete().await;
}

/// The record is no tag that the function's own kind sees or touches.
#[tokio::test]
async fn the_function_keeps_the_record_through_its_own_changes() {
    let cloud = ministack();
    let mut callee = Callee::new(&cloud).await;
    let subject = create("lambda_invocation", &cloud, setup(&callee.arn)).await;
    let before = subject.ready().await;
    assert_eq!(callee.subject.ready().await.inputs["tags"], json!({"owner": "x"}));
    callee.subject.change(&json!({"tags": {"new": "y"}, "memory": 256})).await;
    callee.subject.change(&json!({"tags": {}})).await;
    assert_eq!(subject.ready().await, before);
    // Deleted and made anew, it has not been called.
    let inputs = callee.subject.wanted.clone();
    callee.subject.delete().await;
    assert_eq!(subject.read().await, None);
    let anew = create("lambda_function", &cloud, inputs).await;
    assert_eq!(subject.read().await, None);
    anew.delete().await;
}

async fn update(subject: &Subject) -> Result<()> {
    let before = subject.ready().await.inputs;
    subject.kind.update(&subject.cloud, &subject.id, before, subject.wanted.clone()).await
}

/// What it called last stays recorded, so that the call that failed is made again.
#[tokio::test]
async fn a_function_that_fails_is_told_and_called_again() {
    let cloud = ministack();
    let callee = Callee::new(&cloud).await;
    let mut subject = create("lambda_invocation", &cloud, setup(&callee.arn)).await;
    let before = subject.ready().await;
    subject.wanted = with(&subject.wanted, &json!({"payload": {"bad": 1}, "fingerprint": "bad"}));
    for _ in 0..2 {
        let error = update(&subject).await.unwrap_err().to_string();
        // The type is `ValueError` on AWS.
        assert!(error.contains("failed: ") && error.contains("Error: told to be bad"), "{error}");
        assert_eq!(subject.ready().await, before);
    }
    assert_eq!(callee.calls()[1..], [json!({"bad": 1}), json!({"bad": 1})]);
    subject.delete().await;
    callee.subject.delete().await;
}

/// Removed or overwritten by hand: seen, and healed by another call.
#[tokio::test]
async fn a_record_that_somebody_changed_is_drift() {
    let cloud = ministack();
    let callee = Callee::new(&cloud).await;
    let mut subject = create("lambda_invocation", &cloud, setup(&callee.arn)).await;
    let observed = subject.ready().await;
    let key = observed.outputs["record"].as_str().unwrap();
    let call = cloud.lambda().tag_resource().resource(callee.arn.as_str().unwrap());
    call.tags(key, "by hand").send().await.unwrap();
    assert_eq!(subject.ready().await.inputs["fingerprint"], "by hand");
    subject.converge().await;
    assert_eq!(callee.calls().len(), 2);
    let call = cloud.lambda().untag_resource().resource(callee.arn.as_str().unwrap());
    call.tag_keys(key).send().await.unwrap();
    assert_eq!(subject.read().await, None);
    // An update that was on its way makes the call, and the record.
    let before = observed.inputs.clone();
    subject.kind.update(&cloud, &subject.id, before, subject.wanted.clone()).await.unwrap();
    assert_eq!((callee.calls().len(), subject.ready().await), (3, observed));
    subject.delete().await;
    callee.subject.delete().await;
}

/// A create whose answer was lost finds its own; another create at the same address makes another.
#[tokio::test]
async fn the_record_of_another_is_not_ours() {
    let cloud = moto_calls();
    let callee = Callee::new(&cloud).await;
    let subject = create("lambda_invocation", &cloud, setup(&callee.arn)).await;
    let before = subject.ready().await;
    let again = Create { cloud: &cloud, owner: &subject.owner };
    assert_eq!(subject.kind.create(&again, subject.wanted.clone()).await.unwrap(), subject.id);
    assert_eq!(subject.ready().await, before);
    let stranger = owner("lambda_invocation");
    let stranger = Create { cloud: &cloud, owner: &stranger };
    let second = subject.kind.create(&stranger, subject.wanted.clone()).await.unwrap();
    assert_ne!(second, subject.id);
    let any = Owner::any(&subject.owner.stack, &subject.owner.address);
    let error = subject.kind.find(&cloud, &any, subject.wanted.clone()).await.unwrap_err();
    assert!(matches!(error, Error::Ambiguous { .. }), "{error}");
    // A look-up whose function is not known yet.
    let unknown = with(&subject.wanted, &json!({"function": "unknown"}));
    assert_eq!(subject.kind.find(&cloud, &subject.owner, unknown).await.unwrap(), None);
    subject.delete().await;
    callee.subject.delete().await;
}

/// A Lambda that takes its time for every call of the function.
fn slow(takes: Duration, answer: Answer) -> (Cloud, Calls) {
    recording(takes, answer, |_| Answer::empty().status(204))
}

/// The same, with an answer for every record, of which there have been so many before. What was recorded is never shown.
fn recording(
    takes: Duration,
    answer: Answer,
    record: impl Fn(usize) -> Answer + Send + Sync + 'static,
) -> (Cloud, Calls) {
    let records = AtomicUsize::new(0);
    aws(move |asked| {
        if asked.is("POST /2015-03-31/functions/{}/invocations") {
            answer.clone().after(takes)
        } else if asked.is("GET /2017-03-31/tags/{}") {
            Answer::json(json!({"Tags": {"stackctl:invocation:x": "none"}}))
        } else {
            assert!(asked.is("POST /2017-03-31/tags/{}"), "{asked:?}");
            record(records.fetch_add(1, Ordering::SeqCst))
        }
    })
}

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:123456789012:function:loader";

/// An update that has to call the function: how it ends, how long it takes, what was asked.
async fn called(takes: Duration, answer: Answer) -> (Result<()>, Duration, Vec<String>) {
    let (cloud, calls) = slow(takes, answer);
    let cloud = cloud.retrying(RetryConfig::standard().with_max_attempts(8));
    let id = Id(format!("{FUNCTION},stackctl:invocation:{}", unique("x")));
    let kind = resource::kind("lambda_invocation").unwrap();
    let before = json!({"function": FUNCTION, "fingerprint": null});
    let after = json!({"function": FUNCTION, "fingerprint": "new"});
    let started = Instant::now();
    let outcome = kind.update(&cloud, &id, before, after).await;
    (outcome, started.elapsed(), calls.actions())
}

/// Updates until it is through, as the engine does. Whether what is recorded shows at once: what does not is written again.
async fn through(cloud: &Cloud, shows: bool) -> Result<()> {
    let id = Id(format!("{FUNCTION},stackctl:invocation:{}", unique("x")));
    let kind = resource::kind("lambda_invocation").unwrap();
    let before = json!({"function": FUNCTION, "fingerprint": null});
    let after = json!({"function": FUNCTION, "fingerprint": "new"});
    for _ in 0..20 {
        match kind.update(cloud, &id, before.clone(), after.clone()).await {
            Err(error) if passes(kind, &error) => {}
            Ok(()) if !shows => {}
            other => return other,
        }
    }
    Ok(())
}

/// It has run: what is refused is the record, and what is repeated is the record.
#[tokio::test(start_paused = true)]
async fn a_record_that_is_refused_is_no_reason_to_call_again() {
    for (code, status) in [("ResourceConflictException", 409), ("ResourceNotFoundException", 404)] {
        let refused = move |before| match before {
            0..3 => Answer::refused(status, code, "Another operation is in progress"),
            _ => Answer::empty().status(204),
        };
        let (cloud, calls) = recording(MINUTE, Answer::json(json!({})), refused);
        through(&cloud, true).await.unwrap();
        assert_eq!((calls.count("Invoke"), calls.count("TagResource")), (1, 4), "{code}");
    }
}

/// Nor is one that does not show for a while.
#[tokio::test(start_paused = true)]
async fn a_record_that_does_not_show_is_no_reason_to_call_again() {
    let (cloud, calls) = slow(Duration::ZERO, Answer::json(json!({})));
    through(&cloud, false).await.unwrap();
    assert_eq!((calls.count("Invoke"), calls.count("TagResource")), (1, 20));
}

/// Lambda's grant for a new role takes a moment; the function has not run.
#[tokio::test(start_paused = true)]
async fn a_key_that_is_not_granted_yet_is_waited_for() {
    let failures = AtomicUsize::new(0);
    let (cloud, calls) = aws(move |asked| match asked.operation() {
        "ListTags" => Answer::json(json!({"Tags": {}})),
        "Invoke" if failures.fetch_add(1, Ordering::SeqCst) < 2 => Answer::refused(
            502,
            "KMSAccessDeniedException",
            "Lambda was unable to decrypt the environment variables",
        ),
        _ => Answer::json(json!({})),
    });
    through(&cloud, true).await.unwrap();
    assert_eq!((calls.count("Invoke"), calls.count("TagResource")), (3, 1));
}

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn a_call_may_take_as_long_as_a_function_can() {
    let (outcome, took, asked) = called(15 * MINUTE, Answer::json(json!({}))).await;
    outcome.unwrap();
    assert!(took >= 15 * MINUTE, "{took:?}");
    assert_eq!(asked, ["ListTags", "Invoke", "TagResource"]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_never_answered_ends_and_is_not_repeated() {
    let (outcome, took, asked) = called(24 * 60 * MINUTE, Answer::json(json!({}))).await;
    let error = outcome.unwrap_err().to_string();
    assert!(error.contains("Whether the function has run is not known"), "{error}");
    assert!(took < 20 * MINUTE, "{took:?}");
    assert_eq!(asked, ["ListTags", "Invoke"]);
}

#[tokio::test(start_paused = true)]
async fn a_call_of_which_nobody_knows_is_not_repeated() {
    let (outcome, _, asked) = called(MINUTE, Answer::refused(500, "ServiceException", "")).await;
    let error = outcome.unwrap_err().to_string();
    assert!(error.contains("Whether the function has run is not known"), "{error}");
    assert_eq!(asked, ["ListTags", "Invoke"]);
}

/// Throttled or refused, the function has not run: the SDK repeats the one, the engine by the profile the other.
#[tokio::test(start_paused = true)]
async fn a_call_that_did_not_come_through_is_repeated() {
    let (outcome, _, asked) =
        called(Duration::ZERO, Answer::refused(429, "TooManyRequestsException", "")).await;
    assert!(outcome.unwrap_err().is(&["TooManyRequestsException"]));
    assert_eq!(asked.iter().filter(|asked| *asked == "Invoke").count(), 8);
    let pending = "The operation cannot be performed at this time. The function is currently in the following state: Pending";
    let (outcome, _, asked) =
        called(Duration::ZERO, Answer::refused(409, "ResourceConflictException", pending)).await;
    let error = outcome.unwrap_err();
    assert_eq!(asked, ["ListTags", "Invoke"]);
    let Error::Aws(error) = error else { panic!("{error}") };
    let profile = resource::kind("lambda_invocation").unwrap().profile();
    let passes = |code: &str| {
        profile.retries.iter().any(|retry| retry.code == code && error.message.contains(retry.message))
    };
    assert!(passes(error.code.as_deref().unwrap()), "{error}");
}

/// One call for each function.
#[tokio::test]
async fn many_are_read_with_one_call() {
    let (cloud, calls) = slow(Duration::ZERO, Answer::json(json!({})));
    let ids = ["x", "y"].map(|name| Id(format!("{FUNCTION},stackctl:invocation:{name}")));
    let found = read("lambda_invocation", &cloud, &ids).await;
    assert_eq!(found.keys().collect::<Vec<_>>(), [&ids[0]]);
    assert_eq!(calls.actions(), ["ListTags"]);
}

/// The payload is a table with references at any depth, and what waits for one is not called before.
#[test]
fn a_payload_waits_for_what_it_refers_to() {
    let text = "[stack]\nname = 'loans'\nregion = 'eu-west-1'\n[secret.analyst]\nvalue = 'x'\n\
        [lambda_invocation.setup]\nfunction = 'arn:aws:lambda:eu-west-1:123456789012:function:loader'\n\
        triggers = { secret = '${secret.analyst.version_id}' }\n\
        [lambda_invocation.setup.payload]\n\
        setup = { logins = [{ secret = '${secret.analyst.arn}', role = 'loan_analyst' }] }\n";
    let stack = parse(Source::new("stack.toml", text), &Options::default(), resource::registry()).unwrap();
    let desired = Desired::new(stack, "123456789012", "eu-west-1", HashMap::new());
    let (setup, secret) = (Address::new("lambda_invocation", "setup"), Address::new("secret", "analyst"));
    assert_eq!(desired.depends_on(&setup), std::slice::from_ref(&secret));
    let waiting = desired.inputs(&setup, &Known::default());
    let login = &waiting["payload"]["setup"]["logins"][0];
    assert_eq!(login, &json!({"secret": unknown("secret.analyst.arn"), "role": "loan_analyst"}));
    assert_eq!(waiting["fingerprint"], unknown("secret.analyst.arn"));
    let fingerprint = |version: &str| {
        let mut known = Known::default();
        let outputs = json!({"arn": "arn:secret", "version_id": version});
        known.insert(secret.clone(), Value::settled(&Id::from("s"), &json!({}), &outputs));
        let inputs = desired.inputs(&setup, &known);
        assert_eq!(inputs["payload"]["setup"]["logins"][0]["secret"], "arn:secret");
        inputs["fingerprint"].clone()
    };
    assert_eq!(fingerprint("1"), fingerprint("1"));
    assert_ne!(fingerprint("1"), fingerprint("2"));
}
