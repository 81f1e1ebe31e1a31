#![expect(clippy::unwrap_used, reason = "a test")]

use crate::fixture::{mistakes, stack};
use serde_json::json;
use stackctl::config::Resolved;
use std::path::Path;

/// A folder with files, gone with the test.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

/// Behind `[stack]`, with leave to read in the folder.
fn of(folder: &Path, text: &str) -> String {
    format!("files = ['HERE']\n{text}").replace("HERE", folder.to_str().unwrap())
}

#[test]
fn a_file_is_the_value_it_holds_or_its_text() {
    let folder = folder(&[
        ("rules.json", br#"[{"prefix": "a/", "expire_days": 3}]"#),
        ("all.toml", b"[names]\nqueue = 'jobs'\n[sizes]\nsmall = 30\n"),
        ("note.txt", b"not ${a.reference.here}\n"),
    ]);
    let text = "[bucket.b]\nlifecycle_rules = '${file(HERE/rules.json)}'\n\
                [queue.q]\nname = 'the-${file(HERE/all.toml).names.queue}'\n\
                visibility_timeout = '${file(HERE/all.toml).sizes.small}'\n\
                [database.d]\nclass = 'db.t4g.micro'\nenvironment = { NOTE = '${file( HERE/note.txt )}' }\n";
    let stack = stack(&of(folder.path(), text));
    let inputs: Vec<_> =
        stack.blocks.values().map(|block| stack.resolve(block, &|_| Resolved::Unknown)).collect();
    assert_eq!(inputs[0]["lifecycle_rules"], json!([{"prefix": "a/", "expire_days": 3}]));
    assert_eq!((&inputs[1]["name"], &inputs[1]["visibility_timeout"]), (&json!("the-jobs"), &json!(30)));
    assert_eq!(inputs[2]["environment"]["NOTE"], "not ${a.reference.here}\n");
}

#[test]
fn what_a_file_holds_is_checked_like_what_is_written() {
    let folder = folder(&[("rules.json", br#"[{"prefix": "a/", "expire_dais": 3}]"#)]);
    let told = mistakes(&of(folder.path(), "[bucket.b]\nlifecycle_rules = '${file(HERE/rules.json)}'\n"));
    assert!(
        told.starts_with("3:20 unknown_attribute: ") && told.ends_with("Did you mean `expire_days`?"),
        "{told}"
    );
}

#[test]
fn a_file_that_cannot_be_read_is_a_mistake_where_it_is_named() {
    let folder = folder(&[
        ("bad.json", b"{\"a\": 1,\n \"b\" 2}"),
        ("null.json", b"[null]"),
        ("big.json", b"[18446744073709551615]"),
        ("bad.toml", b"a = \n"),
        ("binary.txt", b"\xff\xfe"),
        ("good.json", b"{\"a\": 1}"),
    ]);
    let name = |file: &str| format!("name = '${{file(HERE/{file})}}'\n");
    let files = ["none.json", "bad.json", "null.json", "big.json", "bad.toml", "binary.txt", "good.json"];
    let blocks = files.iter().enumerate().map(|(index, file)| format!("[queue.q{index}]\n{}", name(file)));
    let text = format!("{}[queue.q7]\nname = '${{file(HERE/good.json).b}}'\n", blocks.collect::<String>());
    let told = mistakes(&of(folder.path(), &text)).replace(folder.path().to_str().unwrap(), "HERE");
    let lines: Vec<&str> = told.lines().collect();
    for (line, start) in [
        (0, "3:9 unreadable: HERE/none.json cannot be read: No such file"),
        (1, "5:9 unreadable: HERE/bad.json is not valid: expected `:` at line 2 column 6"),
        (2, "7:9 unreadable: HERE/null.json is not valid: it holds a null"),
        (3, "9:9 unreadable: HERE/big.json is not valid: it holds a null, or a number"),
        (4, "11:9 unreadable: HERE/bad.toml is not valid: string values must be quoted"),
    ] {
        assert!(lines[line].starts_with(start), "{told}");
    }
    assert!(told.contains(
        "13:9 unreadable: HERE/binary.txt cannot be read: stream did not contain valid UTF-8. Save it"
    ));
    assert!(told.contains("15:8 wrong_type: `name` takes a string, not a table"), "{told}");
    assert!(told.contains("`file(HERE/good.json)` has no `b`. It has: `a`."), "{told}");
}

/// Relative to the stack's file, wherever stackctl runs.
#[test]
fn paths_start_at_the_folder_of_the_file() {
    let folder = folder(&[
        ("name.txt", b"jobs"),
        ("stack.toml", b"[stack]\nname = 'x'\nregion = 'eu-west-1'\n[queue.q]\nname = '${file(name.txt)}'\n"),
    ]);
    let path = folder.path().join("stack.toml");
    let stack = stackctl::config::load(&path, &Default::default(), stackctl::resource::registry()).unwrap();
    let block = stack.blocks.first().unwrap().1;
    assert_eq!(stack.resolve(block, &|_| Resolved::Unknown)["name"], "jobs");
}

/// Whatever the way: absolute, by `..`, by a link to a file or to a folder, and back in again.
#[test]
fn files_outside_of_the_project_are_read_by_leave_only() {
    let place = folder(&[("secret.txt", b"theirs")]);
    let project = place.path().join("project");
    std::fs::create_dir_all(project.join("sub")).unwrap();
    std::fs::write(project.join("mine.txt"), "mine").unwrap();
    std::os::unix::fs::symlink(place.path().join("secret.txt"), project.join("link.txt")).unwrap();
    std::os::unix::fs::symlink(place.path(), project.join("up")).unwrap();
    std::os::unix::fs::symlink(project.join("mine.txt"), project.join("within.txt")).unwrap();
    let load = |leave: &str, file: &str| {
        let path = project.join("stack.toml");
        let text = format!(
            "[stack]\nname = 'x'\nregion = 'eu-west-1'\n{leave}[queue.q]\nname = '${{file({file})}}'\n"
        );
        std::fs::write(&path, text).unwrap();
        let loaded = stackctl::config::load(&path, &Default::default(), stackctl::resource::registry());
        loaded
            .map(|stack| {
                stack.resolve(stack.blocks.first().unwrap().1, &|_| Resolved::Unknown)["name"].clone()
            })
            .map_err(|found| found.render(200, false))
    };
    let absolute = place.path().join("secret.txt").display().to_string();
    let ways = [
        absolute.as_str(),
        "../secret.txt",
        "sub/../../secret.txt",
        "link.txt",
        "up/secret.txt",
        "/etc/passwd",
    ];
    for way in ways {
        let told = load("", way).unwrap_err();
        assert!(
            told.contains("lies outside of the project's folder") && told.contains("stack.toml:5:"),
            "{told}"
        );
        assert!(told.contains("files = [") && !told.contains("theirs"), "{told}");
    }
    for way in ["mine.txt", "sub/../mine.txt", "up/project/mine.txt", "within.txt"] {
        assert_eq!(load("", way).unwrap(), "mine", "{way}");
    }
    for leave in ["files = ['..']\n", "files = ['../secret.txt']\n"] {
        for way in &ways[..5] {
            assert_eq!(load(leave, way).unwrap(), "theirs", "{leave} {way}");
        }
        assert!(load(leave, "/etc/passwd").is_err());
    }
    assert!(load("files = '..'\n", "mine.txt").unwrap_err().contains("a list of paths"));
}
