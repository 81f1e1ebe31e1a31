//! A saved plan is shown again, by who has nothing but the file.

use crate::invocation::Test;
use crate::recorder::Recorder;
use age::secrecy::ExposeSecret;
use age::x25519::Identity;
use serde_json::json;
use stackctl::state::Document;

fn stack(url: &str, more: &str) -> String {
    format!(
        "[stack]\nname = \"demo\"\nregion = \"eu-west-1\"\n{more}\n[targets.one]\nendpoint_url = \"{url}\"\nprotected = true\n\
         [queue.jobs]\nvisibility_timeout = 60\n[secret.key]\ngenerate = {{ length = 20 }}\n[bucket.site]\nblock_public_access = false\n\
         [outputs]\nurl = \"${{queue.jobs.url}}\"\n"
    )
}

/// A queue that changes, and one that goes.
fn state() -> String {
    let mut document = Document::new("demo", "123456789012", "eu-west-1");
    document.serial = 3;
    for name in ["jobs", "gone"] {
        let url = format!("https://sqs.eu-west-1.amazonaws.com/123456789012/demo-{name}");
        let inputs = json!({ "name": format!("demo-{name}"), "fifo": false, "visibility_timeout": 30, "retention": 345600, "max_receives": 5, "tags": {} });
        let outputs = json!({ "arn": format!("arn:aws:sqs:eu-west-1:123456789012:demo-{name}"), "name": format!("demo-{name}"), "url": url });
        let record = json!({ "id": url, "inputs": inputs, "outputs": outputs, "intent": "i" });
        document
            .resources
            .insert(format!("queue.{name}").parse().unwrap(), serde_json::from_value(record).unwrap());
    }
    document.to_text().unwrap()
}

const FORMS: [&[&str]; 8] = [
    &[],
    &["--details"],
    &["--format", "text"],
    &["--format", "markdown"],
    &["--format", "html"],
    &["--format", "json"],
    &["--json"],
    &["--json=terraform"],
];

/// Shows `saved.plan` in a folder with nothing else, where nobody has credentials.
fn elsewhere(plan: &[u8], form: &[&str], key: Option<&str>) -> Test {
    let other = Test::new().arguments(&[&["show", "saved.plan"], form].concat());
    std::fs::write(other.path("saved.plan"), plan).unwrap();
    match key {
        Some(key) => other.env("STACKCTL_AGE_IDENTITY", key),
        None => other,
    }
}

#[test]
fn every_form_is_what_the_plan_was_when_it_was_saved() {
    let aws = Recorder::new();
    let key = Identity::generate();
    let sealed = format!("encryption = [\"{}\"]", key.to_public());
    for (more, key) in [("", None), (sealed.as_str(), Some(key.to_string().expose_secret().to_owned()))] {
        for form in FORMS {
            let test = Test::new().stack(&stack(&aws.url, more)).file("state/demo.one.json", &state());
            let words =
                [&["plan", "--target", "one", "--refresh=false", "--out", "saved.plan"], form].concat();
            let call =
                Test::at(test.path("")).env("AWS_ACCESS_KEY_ID", "x").env("AWS_SECRET_ACCESS_KEY", "x");
            let made = match &key {
                Some(key) => call.env("STACKCTL_AGE_IDENTITY", key),
                None => call,
            };
            let made = made.arguments(&words).success();
            let plan = std::fs::read(test.path("saved.plan")).unwrap();
            assert_eq!(plan.starts_with(b"age-encryption.org/v1\n"), key.is_some());
            let shown = elsewhere(&plan, form, key.as_deref()).success();
            assert!(shown.stdout.len() > 100, "{form:?}: {}", shown.stdout);
            assert_eq!(shown.stdout, made.stdout, "{form:?}");
            assert_eq!(shown.stderr, "", "{form:?}");
            if key.is_some() {
                let refused = elsewhere(&plan, form, None).failure(1);
                assert!(refused.stderr.contains("STACKCTL_AGE_IDENTITY"), "{}", refused.stderr);
            }
        }
    }
}

/// Those of before have the plan alone: it is shown, and what is missing is said.
#[test]
fn plans_that_were_saved_before_are_shown_too() {
    for plan in [&include_bytes!("formats/1/saved.plan")[..], include_bytes!("formats/2/saved.plan")] {
        for form in FORMS {
            let shown = elsewhere(plan, form, None).success();
            assert!(shown.stdout.contains("queue"), "{form:?}: {}", shown.stdout);
            assert!(!shown.stdout.contains("It costs"), "{form:?}: {}", shown.stdout);
            assert!(shown.stderr.contains("what it costs"), "{form:?}: {}", shown.stderr);
        }
    }
}

#[test]
fn what_is_no_plan_is_refused_and_forms_are_for_plans() {
    let test = Test::new().stack("[stack]\nname = \"demo\"\nregion = \"eu-west-1\"\n[queue.jobs]\n");
    let refused = test.args(["show", "stack.toml"]).failure(1);
    assert!(refused.stderr.contains("is no saved plan"), "{}", refused.stderr);
    let test = Test::new().stack("[stack]\nname = \"demo\"\nregion = \"eu-west-1\"\n[queue.jobs]\n");
    let refused = test.args(["show", "queue.jobs", "--format", "html"]).failure(2);
    assert!(refused.stderr.contains("only plans have that form"), "{}", refused.stderr);
    let refused = Test::new().args(["show", "no/where"]).failure(1);
    assert!(refused.stderr.contains("no/where"), "{}", refused.stderr);
    let refused = Test::new().args(["show", "nowhere"]).failure(2);
    assert!(refused.stderr.contains("nowhere"), "{}", refused.stderr);
}
