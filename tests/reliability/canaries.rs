//! Secrets planted where a user has them: none may turn up in anything that stackctl writes or says.

use crate::DATABASE;
use crate::cloud;
use crate::project::{Project, all};
use std::path::Path;

/// What is given by the user.
const GIVEN: &str = "canary-4f1c9a-given";

/// Everything that commands wrote, but for the local cloud itself and `stack.toml`.
fn written(folder: &Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != ".stackctl") {
                written(&path, text);
            }
        } else if path.file_name().is_some_and(|name| name != "stack.toml") {
            *text += &format!("{}\n", path.display());
            *text += &String::from_utf8_lossy(&std::fs::read(&path).unwrap());
        }
    }
}

#[test]
fn no_secret_turns_up_anywhere() {
    let stack = format!(
        "{DATABASE}\n[params]\nkey = {{ type = \"string\", sensitive = true }}\n\
         [secret.given]\nvalue = \"${{param.key}}\"\nrecovery_days = 0\n\
         [secret.table]\nvalue = '{{\"user\": \"u\", \"password\": \"${{param.key}}\"}}'\nrecovery_days = 0\n\
         [outputs]\nkey = {{ value = \"${{param.key}}\", sensitive = true }}\n"
    );
    let project = Project::of(&stack);
    project.says("local up", &["local", "up"]);
    let mut said = String::new();
    let mut run = |args: &[&str], key: &str| {
        let mut command = project.command(args);
        command.env("STACKCTL_PARAM_KEY", key).env("STACKCTL_LOG", "trace").env("RUST_BACKTRACE", "1");
        let output = command.output().unwrap();
        said += &format!("\n$ stackctl {}\n{}", args.join(" "), all(&output));
        eprintln!("{}", said.lines().last().unwrap_or_default());
        output.status.code().unwrap()
    };
    let local = ["--target", "local"];
    assert_eq!(run(&["validate", local[0], local[1]], GIVEN), 0, "the stack is wrong");
    assert_eq!(run(&["plan", "--target", "local", "--out", "first.plan"], GIVEN), 0);
    assert_eq!(run(&["plan", "--target", "local", "--json"], GIVEN), 0);
    assert_eq!(run(&["apply", "--target", "local", "first.plan"], GIVEN), 0);
    assert_eq!(run(&["plan", "--target", "local", "--detailed-exitcode"], GIVEN), 0, "{said}");
    // Another value is seen as a change, and neither of the two is shown.
    let other = format!("{GIVEN}-other");
    assert_eq!(run(&["plan", "--target", "local", "--detailed-exitcode"], &other), 3);
    assert_eq!(run(&["apply", "--target", "local", "--auto-approve"], &other), 0);
    for args in [
        &["show"][..],
        &["show", "--json"],
        &["output"],
        &["output", "--json"],
        &["state", "list"],
        &["state", "show", "secret.given"],
        &["state", "show", "db_instance.main"],
    ] {
        assert_eq!(run(&[args, &local].concat(), &other), 0, "{args:?}");
    }
    // Mistakes and refusals: of the configuration, and of AWS in the midst of an apply.
    project.edit(
        "value = \"${param.key}\"\nrecovery_days",
        "value = \"${param.key}\"\nnot_there = \"${param.key}\"\nrecovery_days",
    );
    assert_eq!(run(&["plan", "--target", "local"], &other), 1);
    project.edit("\nnot_there = \"${param.key}\"", "");
    project.edit("[queue.after]", "[queue.after]\nname = \"not-a-fifo\"\ndead_letter = \"arn:aws:sqs:eu-west-1:000000000000:none\"\nmax_receives = 3");
    let apply = ["apply", "--target", "local", "--auto-approve", "--allow-data-loss", "queue.after"];
    run(&apply, GIVEN);
    // A crash with a secret in its hand, and what the next command says of it.
    let crash = ["--panic-at", "before_call secretsmanager:PutSecretValue"];
    assert_eq!(run(&[&apply[..], &crash].concat(), &other), 70, "it did not crash");
    let mut text = String::new();
    written(project.path(), &mut text);
    run(&["plan", "--target", "local"], &other);

    let mut secrets = vec![GIVEN.to_owned()];
    secrets.extend(cloud::secret_values(&project));
    assert!(secrets.len() >= 4, "the emulator knows the generated ones");
    text += &said;
    written(project.path(), &mut text);
    for searched in
        ["night.local.json", "night.local.json.backup", "night.local.journal", "first.plan", "a bug"]
    {
        assert!(text.contains(searched), "{searched} was not searched");
    }
    for secret in secrets {
        for line in text.lines() {
            assert!(!line.contains(&secret), "a secret of {} characters stands in: {line}", secret.len());
        }
    }
}
