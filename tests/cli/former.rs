//! A stack under another name: its state is still under the old one.

use crate::invocation::Test;
use crate::recorder::Recorder;
use age::secrecy::ExposeSecret;
use age::x25519::Identity;
use serde_json::json;
use stackctl::state::Document;

const IDENTITY: &str = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
    <Arn>arn:aws:iam::123456789012:user/ada</Arn><UserId>U</UserId><Account>123456789012</Account></GetCallerIdentityResult>\
    </GetCallerIdentityResponse>";

fn stack(url: &str, head: &str, blocks: &str) -> String {
    format!(
        "[stack]\nname = \"new\"\nregion = \"eu-west-1\"\n{head}\n[targets.one]\nendpoint_url = \"{url}\"\n{blocks}\n"
    )
}

/// Of the stack `name`, with these queues.
fn state(name: &str, queues: &[&str]) -> String {
    let mut document = Document::new(name, "123456789012", "eu-west-1");
    document.serial = 3;
    for queue in queues {
        let url = format!("https://sqs.eu-west-1.amazonaws.com/123456789012/{name}-{queue}");
        let inputs = json!({ "name": format!("{name}-{queue}"), "fifo": false, "visibility_timeout": 30, "retention": 345600, "max_receives": 5, "tags": {} });
        let record = json!({ "id": url, "inputs": inputs, "outputs": {}, "intent": "i" });
        document
            .resources
            .insert(format!("queue.{queue}").parse().unwrap(), serde_json::from_value(record).unwrap());
    }
    document.to_text().unwrap()
}

fn call(test: &Test, words: &[&str]) -> Test {
    Test::at(test.path("")).env("AWS_ACCESS_KEY_ID", "x").env("AWS_SECRET_ACCESS_KEY", "x").arguments(words)
}

/// The messages of a plan and of an apply that nobody approves.
fn said(test: &Test) -> [String; 2] {
    let plan = call(test, &["plan", "--target", "one", "--json"]).run().stderr;
    let apply = call(test, &["apply", "--target", "one"]).failure(1).stderr;
    [plan, apply].map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

const BLOCKS: &str = "[queue.jobs]\n[queue.dead]";

#[test]
fn a_state_of_another_name_beside_it_is_told_by_plan_and_apply() {
    let aws = Recorder::new();
    let key = Identity::generate();
    let sealed = format!("encryption = [\"{}\"]", key.to_public());
    let secret = key.to_string().expose_secret().to_owned();
    let plain = state("old", &["jobs", "gone"]);
    for encrypted in [false, true] {
        let test = Test::new().stack(&stack(&aws.url, if encrypted { &sealed } else { "" }, BLOCKS));
        let test =
            test.file("state/old.one.json", &plain).file("state/far.one.json", &state("far", &["other"]));
        if encrypted {
            let bytes = age::encrypt(&key.to_public(), plain.as_bytes()).unwrap();
            std::fs::write(test.path("state/old.one.json"), bytes).unwrap();
        }
        for words in [&["plan", "--target", "one"][..], &["apply", "--target", "one"]] {
            let answer = call(&test, words).env("STACKCTL_AGE_IDENTITY", &secret).run();
            let text = answer.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
            for part in [
                "there is no state of the stack new, and state/old.one.json is that of the stack old, with 1 of its 2 resources",
                "`stackctl state migrate --from-stack old`",
                "makes everything a second time",
            ] {
                assert!(text.contains(part), "{words:?}: {part}: {text}");
            }
            assert!(!text.contains("far"), "{text}");
        }
    }
    // What it says helps, and then there is nothing more to say.
    let test = Test::new().stack(&stack(&aws.url, "", BLOCKS)).file("state/old.one.json", &plain);
    call(&test, &["state", "migrate", "--from-stack", "old", "--target", "one", "--auto-approve"]).success();
    let [plan, apply] = said(&test);
    assert!(
        !plan.contains("no state of the stack") && !apply.contains("no state of the stack"),
        "{plan} {apply}"
    );
}

/// Another stack, another target, another account, a state of its own: nobody was renamed.
#[test]
fn what_is_no_former_name_is_not_told() {
    let aws = Recorder::new();
    let other = || Test::new().stack(&stack(&aws.url, "", BLOCKS));
    let elsewhere = state("old", &["jobs"]).replace("123456789012", "210987654321");
    for test in [
        other().file("state/old.one.json", &state("old", &["others"])),
        other().file("state/old.json", &state("old", &["jobs"])),
        other().file("state/old.two.json", &state("old", &["jobs"])),
        other().file("state/old.one.json", &elsewhere),
        other().file("state/old.one.json", "no state"),
        other()
            .file("state/old.one.json", &state("old", &["jobs"]))
            .file("state/new.one.json", &state("new", &["jobs"])),
    ] {
        for said in said(&test) {
            assert!(!said.contains("no state of the stack"), "{said}");
        }
    }
}

/// In another place too, as this checkout remembers.
#[test]
fn a_state_that_was_elsewhere_is_remembered_under_its_former_name() {
    let aws = Recorder::new();
    let old = stack(&aws.url, "state = \"there\"", BLOCKS).replace("name = \"new\"", "name = \"old\"");
    let test = Test::new().stack(&old).file("there/old.one.json", &state("old", &["jobs"]));
    call(&test, &["plan", "--target", "one", "--refresh=false"]).success();
    let test = test.stack(&stack(&aws.url, "", BLOCKS));
    for said in said(&test) {
        assert!(said.contains("there/old.one.json is that of the stack old"), "{said}");
        assert!(said.contains("`stackctl state migrate --from there --from-stack old`"), "{said}");
    }
}

/// A listing, and the object of the former stack; everything else of S3 is not there.
fn bucket() -> Recorder {
    let document = state("old", &["jobs"]);
    Recorder::answering(move |request| {
        let line = request.lines().next().unwrap_or_default();
        if request.contains("GetCallerIdentity") {
            (200, IDENTITY.to_owned())
        } else if line.contains("list-type=2") {
            let keys = ["old.one.json", "old.one.json.lock", "new.two.json"];
            let contents: String =
                keys.iter().map(|key| format!("<Contents><Key>states/{key}</Key></Contents>")).collect();
            (200, format!("<ListBucketResult>{contents}</ListBucketResult>"))
        } else if (line.contains("/states/old.one.json?") || line.contains("/states/old.one.json "))
            && line.starts_with("GET")
        {
            (200, document.clone())
        } else if line.starts_with("GET") || line.starts_with("HEAD") {
            (404, "<Error><Code>NoSuchKey</Code><Message>no</Message></Error>".to_owned())
        } else if line.starts_with("PUT") || line.starts_with("DELETE") {
            (200, String::new())
        } else {
            (
                400,
                "{\"__type\":\"AWS.SimpleQueueService.NonExistentQueue\",\"message\":\"no such queue\"}"
                    .to_owned(),
            )
        }
    })
}

#[test]
fn a_state_in_a_bucket_is_found_by_who_has_never_seen_it() {
    let aws = bucket();
    let test = Test::new().stack(&stack(&aws.url, "state = \"s3://team/states\"", BLOCKS));
    for said in said(&test) {
        assert!(
            said.contains("s3://team/states/old.one.json is that of the stack old, with 1 of its 1 resource"),
            "{said}"
        );
    }
}

/// No state at all, and a group of logs with the name that the block writes: its tags say the rest.
#[test]
fn objects_that_carry_the_old_name_are_told() {
    for (theirs, address, told) in
        [("old", "log_group.web", true), ("new", "log_group.web", false), ("old", "log_group.other", false)]
    {
        let aws = Recorder::answering(move |request| {
            let tags = format!(
                "{{\"tags\":{{\"stackctl:stack\":\"{theirs}\",\"stackctl:address\":\"{address}\",\"stackctl:intent\":\"i\"}}}}"
            );
            let group = "{\"logGroups\":[{\"logGroupName\":\"/web\",\"arn\":\"arn:aws:logs:eu-west-1:123456789012:log-group:/web:*\",\"logGroupArn\":\"arn:aws:logs:eu-west-1:123456789012:log-group:/web\",\"retentionInDays\":7,\"logGroupClass\":\"STANDARD\"}]}";
            if request.contains("GetCallerIdentity") {
                (200, IDENTITY.to_owned())
            } else if request.contains("DescribeLogGroups") {
                (200, group.to_owned())
            } else if request.contains("ListTagsForResource") || request.contains("ListTagsLogGroup") {
                (200, tags)
            } else {
                (400, "{}".to_owned())
            }
        });
        let test = Test::new().stack(&stack(&aws.url, "", "[log_group.web]\nname = \"/web\""));
        for said in said(&test) {
            let is_told =
                said.contains("log_group.web (/web) carry the tags of the stack old, and this is new");
            assert_eq!(is_told, told, "{theirs} {address}: {said}");
        }
    }
}

/// The same stack, whose `state` leads elsewhere now.
#[test]
fn a_state_in_another_place_than_before_is_told() {
    let aws = Recorder::new();
    let there = stack(&aws.url, "state = \"there\"", BLOCKS);
    let test = Test::new().stack(&there).file("there/new.one.json", &state("new", &["jobs"]));
    call(&test, &["plan", "--target", "one", "--refresh=false"]).success();
    let test = test.stack(&stack(&aws.url, "", BLOCKS));
    for said in said(&test) {
        assert!(said.contains("the state of this stack was there/new.one.json last"), "{said}");
        assert!(said.contains("`stackctl state migrate --from there` brings it here"), "{said}");
        assert!(!said.contains("that of the stack"), "{said}");
    }
}
