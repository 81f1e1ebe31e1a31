//! What `validate` says, for people and for machines.

use crate::invocation::Test;
use serde_json::Value as Json;
use std::collections::BTreeSet;

const HEAD: &str = "[stack]\nname = \"demo\"\nregion = \"eu-west-1\"\n";

#[test]
fn mistakes_and_warnings_are_one_json_document() {
    let stack = format!(
        "{HEAD}[params]\nunused = 1\n[queue.a]\nvisibility_timeout = \"long\"\n[queue.b]\ndead_letter = \"queue.a.arn\"\n"
    );
    let answer = Test::new().stack(&stack).args(["validate", "--json"]).failure(1);
    assert_eq!(answer.stderr, "");
    insta::assert_snapshot!(answer.stdout, @r#"
{
  "format": 1,
  "file": "stack.toml",
  "valid": false,
  "stack": null,
  "target": null,
  "resources": null,
  "mistakes": [
    {
      "code": "stackctl::wrong_type",
      "message": "`visibility_timeout` takes an integer, not a string",
      "help": "Write an integer.",
      "place": {
        "file": "stack.toml",
        "line": 7,
        "column": 22,
        "end_line": 7,
        "end_column": 28,
        "start": 94,
        "end": 100,
        "why": "this is a string"
      },
      "others": []
    },
    {
      "code": "stackctl::forgotten_reference",
      "message": "`queue.a.arn` is text here, and refers to nothing",
      "help": "Write `\"${queue.a.arn}\"`.",
      "place": {
        "file": "stack.toml",
        "line": 9,
        "column": 15,
        "end_line": 9,
        "end_column": 28,
        "start": 125,
        "end": 138,
        "why": "without `${…}`"
      },
      "others": []
    }
  ],
  "warnings": []
}
"#);
}

#[test]
fn a_valid_stack_is_one_too_and_its_warnings_are_in_it() {
    let stack = format!("{HEAD}[params]\nunused = 1\n[queue.a]\n");
    let answer = Test::new().stack(&stack).args(["validate", "--json", "--target", "local"]).success();
    let said: Json = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(
        (&said["valid"], &said["stack"], &said["target"], &said["resources"]),
        (&true.into(), &"demo".into(), &"local".into(), &1.into())
    );
    assert_eq!(said["warnings"][0]["code"], "stackctl::unused_param");
    assert_eq!(said["mistakes"], serde_json::json!([]));
    let answer = Test::new().args(["validate", "--json"]).failure(1);
    let said: Json = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!((&said["valid"], &said["mistakes"][0]["place"]), (&false.into(), &Json::Null));
}

/// The numbers and the codes are an interface: each stands in the page that documents it.
#[test]
fn every_code_is_documented_and_every_documented_one_is_there() {
    fn codes(folder: &std::path::Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                codes(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let all = text.split("\"stackctl::").skip(1).filter_map(|rest| rest.split_once('"'));
                found.extend(all.map(|(code, _)| code.to_owned()).filter(|code| {
                    code.chars().all(|c| c.is_ascii_lowercase() || c == '_') && !code.is_empty()
                }));
            }
        }
    }
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut used = BTreeSet::new();
    codes(&root.join("src"), &mut used);
    let page = std::fs::read_to_string(root.join("docs/validate.md")).unwrap();
    let documented: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `stackctl::")?.split_once('`'))
        .map(|(code, _)| code.to_owned())
        .collect();
    assert_eq!(used, documented);
}

#[test]
fn files_zips_and_crates_are_looked_for() {
    let function = |name: &str, lines: &str| {
        format!("[lambda_function.{name}]\nrole = \"arn:aws:iam::123456789012:role/x\"\n{lines}\n")
    };
    let stack = [
        HEAD.to_owned(),
        function("a", "artifact = \"nofile.zip\""),
        function("b", "source = \"nosuchcrate\""),
        function("c", "artifact = \"text.zip\""),
        function("d", "source = \"library\""),
        function("e", "artifact = \"app.zip\"\nruntime = \"python3.13\"\nhandler = \"main.handler\""),
        function(
            "f",
            "artifact = \"app.zip\"\nruntime = \"python3.13\"\nhandler = \"app.handler\"\nfiles = { x = { path = \"x.txt\" }, y = { path = \"y.txt\", url = \"https://example.com/y\" } }",
        ),
    ];
    let test = Test::new()
        .stack(&stack.concat())
        .file("text.zip", "no zip")
        .file("library/Cargo.toml", "[package]\nname = \"library\"\nversion = \"0.1.0\"\n")
        .file("app.py", "");
    let zipped =
        test.spawn(std::process::Command::new("python3").args(["-m", "zipfile", "-c", "app.zip", "app.py"]));
    assert_eq!(zipped.code, 0, "{}", zipped.stderr);
    let answer = test.args(["validate", "--json"]).failure(1);
    let said: Json = serde_json::from_str(&answer.stdout).unwrap();
    let lines = |of: &str| -> Vec<String> {
        said[of]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                format!(
                    "{} {} {}",
                    one["place"]["line"],
                    one["code"].as_str().unwrap().replace("stackctl::", ""),
                    one["message"].as_str().unwrap()
                )
            })
            .collect()
    };
    insta::assert_snapshot!(lines("mistakes").join("\n"), @r#"
6 missing_file there is no file nofile.zip, which is the code of lambda_function.a
9 bad_code lambda_function.b: ./nosuchcrate is not a Rust crate
12 bad_code lambda_function.c: ./text.zip is not a zip archive (invalid Zip archive: Could not find EOCD)
15 bad_code lambda_function.d: the package library has no binary, and Lambda runs one
18 bad_code lambda_function.e: ./app.zip has no main.py, which the handler `main.handler` would be in
26 missing_file there is no file x.txt, which lambda_function.f takes along as x
"#);
    assert_eq!(
        lines("warnings"),
        ["26 missing_file there is no file y.txt, which lambda_function.f takes along as y"]
    );
}

#[test]
fn the_file_that_has_the_mistakes_is_named_and_none_where_there_is_none() {
    let test = Test::new().file("net.toml", "[stack]\nname = 1\n");
    let answer = test.args(["validate", "-f", "net.toml"]).failure(1);
    assert!(answer.stderr.contains("mistakes in net.toml; nothing"), "{}", answer.stderr);
    let answer = Test::new().args(["validate"]).failure(1);
    assert!(answer.stderr.contains("error: nothing was changed"), "{}", answer.stderr);
}

#[test]
fn what_is_to_be_typed_stays_in_one_piece() {
    for columns in ["40", "60", "100"] {
        let stack = format!("{HEAD}[queue.a]\nname = \"${{nonsense}}\"\n");
        let answer = Test::new().env("COLUMNS", columns).stack(&stack).args(["validate"]).failure(1);
        assert!(answer.stderr.contains("`$${`"), "{columns}: {}", answer.stderr);
    }
}

#[test]
fn unknown_kinds_list_the_kinds_once() {
    let kinds: String = (0..9).map(|at| format!("[qqqq{at}.x]\n")).collect();
    let answer = Test::new().stack(&format!("{HEAD}{kinds}")).args(["validate"]).failure(1);
    assert_eq!(answer.stderr.matches("`athena_workgroup`").count(), 1, "{}", answer.stderr);
    assert!(answer.stderr.contains("9 mistakes"), "{}", answer.stderr);
}

#[test]
fn what_was_meant_is_suggested_where_it_can_be_written_so() {
    let text = format!(
        "{HEAD}[vpc.v]\ncidr_block = \"10.0.0.0/16\"\n[subnet.p]\nfor_each = {{ a = \"10.0.0.0/24\" }}\nvpc_id = \"${{vpc.v.id}}\"\n\
         cidr_block = \"${{each.value}}\"\n[subnet.q]\nfor_each = \"${{subnet.p}}\"\nvpc_id = \"${{vpc.v.id}}\"\ncidr_block = \"${{var.x}}\"\n\
         [outputs]\na = \"${{subnet.p.a.id}}\"\nb = \"${{subnet.p.a.arn}}\"\nc = \"${{subnet.p.a}}\"\n"
    );
    let answer = Test::new().stack(&text).args(["validate", "--json"]).failure(1);
    let said: Json = serde_json::from_str(&answer.stdout).unwrap();
    let all: Vec<String> = said["mistakes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            format!(
                "{}: {} {}",
                one["place"]["line"],
                one["message"].as_str().unwrap(),
                one["help"].as_str().unwrap()
            )
        })
        .collect();
    insta::assert_snapshot!(all.join("\n"), @r#"
11: `${subnet.p}` names no attribute The keys of `for_each` have to be known before apply: write them out, or refer to a param that the other block takes its keys from as well.
13: `${var.x}` names no attribute From Terraform: Params are `${param.x}` here.
15: `subnet.p` has `for_each`: which one? Write `${subnet.p['a'].id}` for one, `${subnet.p[*].id}` for a list of all.
16: `subnet.p` has `for_each`: which one? Write `${subnet.p['a'].arn}` for one, `${subnet.p[*].arn}` for a list of all.
17: `subnet.p` has `for_each`: which one? Write `${subnet.p['a'].id}` for one, `${subnet.p[*].id}` for a list of all.
"#);
}

#[test]
fn commands_that_are_given_something_else_say_what_they_take() {
    let stack = format!("{HEAD}[queue.a]\n[outputs]\nurl = \"${{queue.a.url}}\"\n");
    let said = |args: &[&str]| {
        let answer = Test::new().stack(&stack).arguments(args).run();
        assert_eq!(answer.code, 1, "{args:?} {}", answer.stderr);
        answer.stderr
    };
    assert!(said(&["apply", "queue.a"]).contains("--only queue.a"));
    assert!(said(&["output", "nope"]).contains("There are: `url`."));
    assert!(said(&["output", "url"]).contains("has no value yet"));
    assert!(said(&["output", "ulr"]).contains("Did you mean url?"));
    assert!(said(&["local", "up", "-f", "no/such/folder"]).contains("there is no no/such/folder"));
}

#[test]
fn colours_are_forced_where_they_are_asked_for() {
    let test = Test::new().stack("[stack]\nname = 1\n").env("CLICOLOR_FORCE", "1").args(["validate"]);
    assert!(test.failure(1).stderr.contains('\u{1b}'));
    assert!(!test.env("NO_COLOR", "1").failure(1).stderr.contains('\u{1b}'));
}

#[test]
fn what_stops_nothing_is_said_where_the_file_is_at_stake() {
    let stack = format!("{HEAD}[params]\nunused = 1\n[queue.a]\n");
    let test = Test::new().stack(&stack);
    assert!(test.args(["validate"]).success().stderr.contains("param `unused` is not used"));
    let answer = Test::new().stack(&stack).args(["output"]).run();
    assert!(!answer.stderr.contains("unused"), "{}", answer.stderr);
}
