//! A stack.toml that is broken, empty or gone: what needs the state alone goes by the state, and says so.

use crate::invocation::Test;
use crate::states::{STATE, document, text};
use serde_json::json;

const WHOLE: &str = "[stack]\nname = \"demo\"\nregion = \"eu-west-1\"\n\n[params]\nteam = { type = \"string\", default = \"ops\" }\n\n\
                     [queue.jobs]\ntags = { team = \"${param.team}\", why = \"${file(why.txt)}\" }\n\n[targets.local]\n";

/// The file as somebody has left it; none: it is gone.
fn ways() -> Vec<(&'static str, Option<String>)> {
    let changed = |from: &str, to: &str| Some(WHOLE.replacen(from, to, 1));
    vec![
        ("a file that it reads is gone", changed("why.txt", "gone.txt")),
        ("a param without a value", changed(", default = \"ops\"", "")),
        ("an attribute that no queue has", changed("tags =", "wings = 2\ntags =")),
        ("a reference to nothing", Some(format!("{WHOLE}\n[outputs]\nq = \"${{queue.nothing.url}}\"\n"))),
        ("a kind that nobody knows", Some(format!("{WHOLE}\n[dragon.green]\nname = \"x\"\n"))),
        ("no TOML", Some(format!("{WHOLE}\n[queue.half\n"))),
        ("empty", Some(String::new())),
        ("no name", changed("name = \"demo\"\n", "")),
        ("gone", None),
    ]
}

fn broken(way: Option<&str>) -> Test {
    let test = Test::new().file("why.txt", "because").file(STATE, &text(&document(4, &["jobs", "more"])));
    match way {
        Some(text) => test.stack(text),
        None => test,
    }
}

#[test]
fn commands_on_the_state_go_by_the_state_and_say_so() {
    for (what, way) in ways() {
        let test = broken(way.as_deref()).args(["state", "list", "--target", "local"]);
        let answer = test.success();
        assert!(answer.stdout.contains("queue.jobs"), "{what}: {}", answer.stdout);
        for said in ["goes by the state state/demo.local.json alone", "stack demo", "eu-west-1"] {
            let flat = answer.stderr.replace(&format!("{}/", test.path(".").display()), "");
            assert!(flat.contains(said) || flat.contains("demo.local.json alone"), "{what}: {flat}");
        }
        for args in [
            &["lock", "status", "--target", "local"][..],
            &["state", "pull", "--target", "local"],
            &["state", "show", "queue.jobs", "--target", "local"],
            &["state", "rm", "queue.jobs", "--target", "local"],
        ] {
            let test = Test::at(test.path(".")).arguments(args);
            let answer = test.success();
            assert!(answer.stderr.contains("alone, and not by"), "{what} {args:?}: {}", answer.stderr);
        }
        // What needs the file is refused as ever.
        for args in [&["plan", "--target", "local"][..], &["apply", "--target", "local"]] {
            let test = Test::at(test.path(".")).arguments(args);
            assert!(test.failure(1).stderr.contains("nothing was changed"), "{what}");
        }
    }
}

#[test]
fn where_several_states_or_none_could_be_meant_it_is_asked_for() {
    let test = broken(None);
    let mut other = document(2, &["more"]);
    other.stack = "other".to_owned();
    let test = test.file("state/other.local.json", &text(&other));
    let test = test.args(["state", "list", "--target", "local"]);
    let told = test.failure(1).stderr;
    assert!(told.contains("--state PATH") && told.contains("other.local.json"), "{told}");
    let test = test.args(["state", "list", "--state", "state/other.local.json"]);
    let listed = test.success().stdout;
    assert!(listed.contains("queue.more") && !listed.contains("queue.jobs"), "{listed}");
    let test = test.args(["state", "list", "--state", "nowhere"]);
    assert!(test.failure(1).stderr.contains("there is no state in nowhere"));

    let nothing = Test::new().args(["destroy", "--target", "local", "--auto-approve"]);
    assert!(nothing.failure(1).stderr.contains("stack.toml cannot be read"), "never `nothing to do` with 0");
    let empty = Test::new().stack("").args(["destroy", "--target", "local", "--auto-approve"]);
    assert!(empty.failure(1).stderr.contains("there is no `[stack]`"));
}

/// The target's way to the cloud is in the state, and nothing secret with it.
#[test]
fn what_is_remembered_of_the_target_is_used() {
    let mut state = document(4, &["jobs"]);
    state.reach = Some(stackctl::state::Reach {
        target: Some("far".to_owned()),
        endpoint_url: Some("http://127.0.0.1:9".to_owned()),
        ..Default::default()
    });
    let test = Test::new().file("state/demo.far.json", &text(&state));
    let test = test.env("AWS_ACCESS_KEY_ID", "x").env("AWS_SECRET_ACCESS_KEY", "x");
    let test = test.args(["destroy", "--auto-approve"]);
    let told = test.failure(1).stderr;
    assert!(told.contains("target far") && told.contains("failed to connect to AWS"), "{told}");
    let pulled = test.args(["state", "pull"]).success().stdout;
    let pulled: serde_json::Value = serde_json::from_str(&pulled).unwrap();
    assert_eq!(pulled["reach"], json!({ "target": "far", "endpoint_url": "http://127.0.0.1:9" }));
}
