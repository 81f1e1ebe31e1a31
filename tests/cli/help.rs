use crate::invocation::Test;

const COMMANDS: [&str; 13] = [
    "init", "validate", "plan", "apply", "destroy", "show", "output", "state", "local", "cp", "connect", "logs",
    "completions",
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
