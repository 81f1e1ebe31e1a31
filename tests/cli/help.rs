use crate::invocation::Test;

const COMMANDS: [&str; 20] = [
    "init",
    "validate",
    "plan",
    "apply",
    "destroy",
    "show",
    "output",
    "state",
    "lock",
    "unlock",
    "local",
    "cp",
    "connect",
    "env",
    "logs",
    "permissions",
    "preflight",
    "completions",
    "schema",
    "demo",
];

#[test]
fn every_command_is_in_the_help_and_explains_itself() {
    let help = Test::new().args(["--help"]).success().stdout;
    for command in COMMANDS {
        assert!(help.contains(&format!("  {command} ")), "{command} is not in\n{help}");
        let own = Test::new().args(["help", command]).success().stdout;
        assert!(own.contains("Usage: stackctl"), "{own}");
    }
    assert!(help.contains("Exit codes"));
}

#[test]
fn usage_errors_have_exit_code_two() {
    let answer = Test::new().args(["plann"]).failure(2);
    assert!(answer.stderr.contains("plan"), "{}", answer.stderr);
}

#[test]
fn completions_are_made_for_shells() {
    assert!(Test::new().args(["completions", "bash"]).success().stdout.contains("complete -F"));
}

#[test]
fn the_editor_schema_knows_every_kind() {
    let schema = Test::new().args(["schema"]).success().stdout;
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    for kind in stackctl::resource::registry() {
        assert!(schema["properties"][kind.name()].is_object(), "{} is not in the schema", kind.name());
    }
}

/// The engine reads these keywords; a misspelt one would be silently without effect.
#[test]
fn every_keyword_of_a_kind_is_known() {
    fn walk(kind: &str, value: &serde_json::Value) {
        if let Some(map) = value.as_object() {
            for (key, value) in map {
                let known = !key.starts_with("x-") || stackctl::schema::KEYWORDS.contains(&key.as_str());
                assert!(known, "{kind} has the keyword {key}");
                walk(kind, value);
            }
        }
    }
    for kind in stackctl::resource::registry() {
        walk(kind.name(), kind.inputs());
        walk(kind.name(), kind.outputs());
    }
}
