//! Nothing from outside reaches a terminal as more than text: a double of AWS that answers with what terminals obey, a state, a
//! lock, a file and a command line that have it too. In a pipe and at a terminal.

use crate::invocation::Test;
use crate::recorder::Recorder;
use crate::states::{document, text};
use serde_json::json;
use stackctl::address::Address;
use stackctl::state::{Document, Lock, Record};
use stackctl::visible::is_hidden;

/// Clears the screen, sets the title, blinks, goes back, begins a line of its own, turns the direction, is seen by nobody.
const EVIL: &str = "a\u{1b}[2J\u{1b}]0;owned\u{7}\u{1b}[5;35mb\u{8}\r\nDone: all is well.\u{9b}31m\u{202e}c\u{200b}\u{2066}\u{7f}\u{feff}\u{e0041}d\u{2028}";

/// What an apply may have left of hostile names.
fn state() -> Document {
    let mut state = document(4, &["jobs"]);
    for (target, id) in [("queue", "evil"), ("bucket", "files"), ("lambda_function", "f")] {
        let record = Record {
            id: EVIL.into(),
            inputs: json!({ "name": EVIL, "tags": { EVIL: EVIL } }),
            outputs: json!({ "url": EVIL, "arn": [EVIL, { EVIL: EVIL }] }),
            ..crate::states::record("jobs")
        };
        state.resources.insert(Address::keyed(target, id, EVIL), record.clone());
        state.resources.insert(Address::new(target, id), record);
    }
    state.outputs.insert(EVIL.to_owned(), json!(EVIL));
    state.outputs.insert("plain".to_owned(), json!(EVIL));
    state.outputs.insert("nested".to_owned(), json!({ EVIL: [EVIL] }));
    state
}

/// As AWS would answer if whoever may tag and name things, and whoever writes logs, meant harm.
fn answers(request: &str) -> (u16, String) {
    let target = request.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("x-amz-target").then(|| value.trim().to_owned())
    });
    let escaped = |text: &str| text.chars().map(|c| format!("&#{};", u32::from(c))).collect::<String>();
    // XML has no ESC at all; C1 and bidi it has.
    let xml: String =
        escaped(&EVIL.chars().filter(|c| *c > '\u{1f}' || *c == '\r' || *c == '\n').collect::<String>());
    if request.contains("GetCallerIdentity") {
        let body = format!(
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
             <Arn>arn:aws:iam::000000000000:user/{xml}</Arn><UserId>U</UserId><Account>000000000000</Account>\
             </GetCallerIdentityResult></GetCallerIdentityResponse>"
        );
        return (200, body);
    }
    match target.as_deref() {
        Some("AmazonSQS.GetQueueAttributes") => {
            (200, json!({ "Attributes": { "QueueArn": EVIL, "VisibilityTimeout": "77" } }).to_string())
        }
        Some("AmazonSQS.ListQueueTags") => (200, json!({ "Tags": { EVIL: EVIL } }).to_string()),
        Some("AmazonSQS.GetQueueUrl") => (200, json!({ "QueueUrl": EVIL }).to_string()),
        Some("Logs_20140328.FilterLogEvents") => {
            let lines = [
                EVIL.to_owned(),
                json!({ "level": EVIL, "message": EVIL, EVIL: EVIL, "file": EVIL }).to_string(),
            ];
            let events: Vec<_> = lines
                .iter()
                .enumerate()
                .map(|(at, line)| json!({ "timestamp": 1, "eventId": at.to_string(), "message": line }))
                .collect();
            (200, json!({ "events": events }).to_string())
        }
        Some(_) => (400, json!({ "__type": format!("Bad{EVIL}"), "message": EVIL }).to_string()),
        None => (
            400,
            format!(
                "<ErrorResponse><Error><Code>Bad{xml}</Code><Message>{xml}</Message></Error><RequestId>{xml}</RequestId></ErrorResponse>"
            ),
        ),
    }
}

/// Nothing but text, ends of lines, and (at a terminal) colours of ours and what our progress needs.
fn harmless(printed: &str, terminal: bool, what: &str) {
    let text = if terminal { printed.replace("\r\n", "\n") } else { printed.to_owned() };
    let mut rest = text.as_str();
    while let Some(at) = rest.find(|c| is_hidden(c) && c != '\n') {
        rest = &rest[at..];
        let known = terminal.then(|| sequence(rest)).flatten();
        let Some(length) = known else {
            let around: String = rest.chars().take(40).collect();
            panic!("{what} prints {around:?} in\n{printed:?}");
        };
        rest = &rest[length..];
    }
    // None of it begins a line, as what we say does.
    assert!(!text.lines().any(|line| line.starts_with("Done: all is well")), "{what}\n{text}");
}

/// Colours that we use (never one that blinks or hides), and what bars do.
fn sequence(text: &str) -> Option<usize> {
    const BARS: [&str; 6] = ["\u{1b}[2K", "\u{1b}[1A", "\u{1b}[1B", "\u{1b}[?25l", "\u{1b}[?25h", "\r"];
    const COLOURS: [&str; 16] =
        ["0", "1", "2", "4", "22", "24", "31", "32", "33", "34", "35", "36", "39", "41", "97", ""];
    let colour = || {
        let (codes, _) = text.strip_prefix("\u{1b}[")?.split_once('m')?;
        codes.split(';').all(|code| COLOURS.contains(&code)).then_some(codes.len() + 3)
    };
    BARS.iter().find(|bar| text.starts_with(**bar)).map(|bar| bar.len()).or_else(colour)
}

const STACK: &str = "[stack]\nname = \"demo\"\nregion = \"eu-west-1\"\naccount = \"000000000000\"\n[queue.jobs]\nvisibility_timeout = 30\n[queue.more]\n";

fn test(aws: &Recorder) -> Test {
    let stack = format!("{STACK}[targets.far]\nendpoint_url = \"{}\"\n[targets.local]\n", aws.url);
    let state = text(&state());
    let test =
        Test::new().stack(&stack).file("state/demo.local.json", &state).file("state/demo.far.json", &state);
    test.env("AWS_ACCESS_KEY_ID", "x").env("AWS_SECRET_ACCESS_KEY", "x").env("TERM", "xterm-256color")
}

fn both(test: Test, args: &[&str]) -> Test {
    let test = test.arguments(args);
    let answer = test.run();
    let what = format!("{args:?}");
    harmless(&answer.stderr, false, &what);
    // What a program asked for is its own: see `data_for_a_program_stays_as_it_is`.
    if args != ["output", "plain", "-t", "local"] {
        harmless(&answer.stdout, false, &what);
    }
    let seen = test.typed(args, "y");
    harmless(&seen.stdout, true, &format!("{what} at a terminal"));
    assert!(!(answer.stdout + &answer.stderr).contains("this is a bug"), "{what}: {}", seen.stdout);
    test
}

#[test]
fn whatever_is_printed_of_a_hostile_world_is_text() {
    let aws = Recorder::answering(answers);
    let mut test = test(&aws);
    for words in [
        "show",
        "show --json",
        "show queue.evil",
        "show queue.nope",
        "output",
        "output --json",
        "output plain",
        "output nested",
        "output nope",
        "state list",
        "state show queue.evil",
        "state pull",
        "state history",
        "state history --json",
        "state rm bucket.nope",
        "lock status",
        "lock status --json",
        "validate",
        "plan",
        "env",
        "connect",
        "cp x bucket.files/",
    ] {
        let words: Vec<&str> = words.split(' ').chain(["-t", "local"]).collect();
        test = both(test, &words);
    }
    for words in [
        "plan",
        "plan --json",
        "plan --destroy",
        "plan --log trace",
        "plan --only queue.jobs",
        "apply",
        "apply --auto-approve",
        "destroy --auto-approve",
        "destroy --auto-approve --allow-data-loss all --only queue.jobs",
        "logs lambda_function.f",
        "logs lambda_function.f --json",
        "cp stack.toml bucket.files/",
        "cp bucket.files/x y",
        "unlock",
        "state recover --from-tags --auto-approve",
    ] {
        let words: Vec<&str> = words.split(' ').chain(["-t", "far"]).collect();
        test = both(test, &words);
    }
    assert!(aws.take().len() > 10);
}

#[test]
fn who_has_the_lock_is_text() {
    let aws = Recorder::answering(answers);
    let test = test(&aws);
    let _held = Lock::take(&test.path("state/demo.local.lock"), EVIL).unwrap().unwrap();
    let test = both(test, &["lock", "status", "-t", "local"]);
    let test = both(test, &["lock", "status", "--json", "-t", "local"]);
    let test = both(test, &["state", "rm", "queue.jobs", "-t", "local"]);
    both(test, &["unlock", "-t", "local"]);
}

#[test]
fn a_project_and_a_command_line_are_text() {
    let evil = EVIL.replace(['\r', '\n'], "");
    let quoted =
        serde_json::to_string(EVIL).unwrap().replace('\u{7f}', "\\u007f").replace('\u{9b}', "\\u009b");
    for stack in [
        format!("{STACK}# {evil}\n"),
        format!("{STACK}{evil} = 1\n"),
        format!("{STACK}[queue.\"x\"]\n{quoted} = {quoted}\n"),
        format!("{STACK}[{quoted}.a]\n"),
        format!("{STACK}[queue.{quoted}]\n"),
        format!("{STACK}[outputs]\n{quoted} = \"${{queue.jobs.nothing}}\"\n"),
        format!("{STACK}[params]\n{quoted} = {quoted}\n"),
        format!("{STACK}[params]\np = {{ type = {quoted}, default = 1 }}\n"),
        format!("{STACK}[bucket.b]\nname = \"\u{202e}x\"\n"),
        format!(
            "{STACK}[lambda_function.g]\nsource = \"no\u{202e}where\"\nrole = \"arn:aws:iam::1:role/r\"\n"
        ),
        format!("{STACK}[queue.k]\nfor_each = [{quoted}]\nwings = \"${{file(no\u{202e}where)}}\"\n"),
    ] {
        let test = Test::new().stack(&stack).env("TERM", "xterm-256color");
        let test = both(test, &["validate"]);
        both(test, &["validate", "-t", "local"]);
    }
    let named = Test::new().file("a\u{202e}\u{1b}[2Jb.toml", "[stack]\nname = 1\n");
    both(named, &["validate", "-f", "a\u{202e}\u{1b}[2Jb.toml"]);
    for words in [
        vec!["validate", "--set", EVIL],
        vec![EVIL],
        vec!["plan", "-t", EVIL],
        vec!["plan", "--only", EVIL],
        vec!["show", EVIL],
        vec!["validate", "-f", EVIL],
        vec!["apply", EVIL, "-t", "local"],
    ] {
        both(Test::new().stack(STACK), &words);
    }
    both(Test::new().stack(STACK).env("STACKCTL_TARGET", EVIL), &["plan"]);
    both(Test::new().stack(STACK).env("STACKCTL_LOG", &evil), &["validate"]);
}

/// A value that a script asks for by its name, and JSON, lose nothing.
#[test]
fn data_for_a_program_stays_as_it_is() {
    let aws = Recorder::answering(answers);
    let test = test(&aws).args(["output", "plain", "-t", "local"]);
    assert_eq!(test.success().stdout, format!("{EVIL}\n"));
    let test = test.args(["output", "--json", "-t", "local"]);
    let outputs: serde_json::Value = serde_json::from_str(&test.success().stdout).unwrap();
    assert_eq!(outputs["plain"], EVIL);
    let test = test.args(["show", "--json", "-t", "local"]);
    let shown: serde_json::Value = serde_json::from_str(&test.success().stdout).unwrap();
    assert_eq!(shown["queue.evil"]["id"], EVIL);
    let test = test.args(["state", "pull", "-t", "local"]);
    assert!(Document::from_text(&test.success().stdout).is_ok());
}

/// A full disk behind the output is told, with an exit code, and stops nothing.
#[test]
fn output_that_cannot_be_written_is_no_bug() {
    let aws = Recorder::new();
    let test = test(&aws);
    let program = env!("CARGO_BIN_EXE_stackctl");
    let run = |script: &str| test.spawn(std::process::Command::new("sh").args(["-c", script, program]));
    for script in ["\"$0\" state list -t local > /dev/full", "\"$0\" show --json -t local > /dev/full"] {
        let answer = run(script);
        assert_eq!(answer.code, 1, "{}", answer.stderr);
        assert!(
            answer.stderr.contains("not everything could be printed: No space left"),
            "{}",
            answer.stderr
        );
    }
    assert_eq!(run("\"$0\" validate 2> /dev/full").code, 1);
    assert_eq!(run("\"$0\" validate -f /nope 2> /dev/full").code, 1);
    assert_eq!(run("\"$0\" nonsense > /dev/full 2> /dev/full").code, 2);
    let stack = format!("{STACK}[targets.far]\nendpoint_url = \"{}\"\n", aws.url);
    let fresh = Test::new().stack(&stack.replace("000000000000", "123456789012"));
    let fresh = fresh.env("AWS_ACCESS_KEY_ID", "x").env("AWS_SECRET_ACCESS_KEY", "x");
    let apply = "\"$0\" apply -t far --auto-approve > /dev/full 2> /dev/full";
    let applied = fresh.spawn(std::process::Command::new("sh").args(["-c", apply, program]));
    assert!([1, 4].contains(&applied.code), "{}", applied.code);
    assert!(aws.take().iter().any(|request| request.contains("CreateQueue")), "it went on all the same");
    assert_eq!(run("\"$0\" state list -t local | head -c 1").code, 0);
}
