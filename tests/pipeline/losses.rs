//! What would lose data or is protected, as a user meets it at a terminal and in a script. On MiniStack.

use crate::emulator;
use crate::project::{Project, all};
use std::io::Write;
use std::process::{Command, Output, Stdio};

const STACK: &str = r#"
[stack]
name = "losses"
region = "eu-west-1"

[bucket.files]
force_destroy = true

[queue.keep]
name = "keep"
lifecycle = { prevent_destroy = true }
"#;

const APPLY: &[&str] = &["apply", "--target", "local", "--auto-approve"];
const DESTROY: &[&str] = &["destroy", "--target", "local", "--auto-approve"];

fn refused(project: &Project, args: &[&str], why: &str) {
    let output = project.run(args);
    assert_eq!(output.status.code(), Some(1), "{}", all(&output));
    assert!(all(&output).contains(why), "{}", all(&output));
}

/// The command at a terminal at which somebody types `line`.
fn typed(project: &Project, args: &[&str], line: &str) -> Output {
    let terminal = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
    let mut command = Command::new("python3");
    command.args(["-c", terminal, env!("CARGO_BIN_EXE_stackctl")]).args(args).current_dir(project.path());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{line}").unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn nothing_is_lost_that_nobody_named() {
    let project = Project::of(STACK);
    project.says("local up", &["local", "up"]);
    project.says("apply", APPLY);

    // Protection outlives its block, and a destroy asks nobody but the state.
    let stack = std::fs::read_to_string(project.path().join("stack.toml")).unwrap();
    std::fs::write(project.path().join("stack.toml"), stack.split("[queue.keep]").next().unwrap()).unwrap();
    refused(&project, APPLY, "queue.keep is protected by lifecycle.prevent_destroy");
    std::fs::write(project.path().join("stack.toml"), &stack).unwrap();
    project.edit("prevent_destroy = true", "prevent_destroy = false");
    refused(&project, &[DESTROY, &["--allow-data-loss", "all"]].concat(), "queue.keep is protected");
    // Its own block takes it back, in the same apply that replaces it.
    project.edit("prevent_destroy = false", "prevent_destroy = true");
    project.edit("name = \"keep\"", "name = \"other\"");
    refused(&project, APPLY, "queue.keep is protected");
    project.edit("prevent_destroy = true", "prevent_destroy = false");
    refused(&project, APPLY, "queue.keep holds data");
    project.says("apply", &[APPLY, &["--allow-data-loss", "queue.keep"]].concat());
    project.nothing_to_do("after the protected queue was set free and replaced");

    // What holds data goes by its address only, given in a script or typed.
    refused(&project, DESTROY, "--allow-data-loss 'bucket.files,queue.keep'");
    let allowed = |what: &'static str| [DESTROY, &["--allow-data-loss", what]].concat();
    refused(&project, &allowed("queue.keep"), "bucket.files holds data");
    refused(&project, &allowed("bucket.file"), "Did you mean bucket.files?");
    for wrong in ["y", "bucket.file", "", "bucket.files\ny", "bucket.files\nbucket.files"] {
        let output = typed(&project, DESTROY, wrong);
        for said in ["A `y` is not enough", "queue.keep: its messages", "Type bucket.files to go on"] {
            assert!(all(&output).contains(said), "{}", all(&output));
        }
        assert!(!output.status.success() && all(&output).contains("nobody has allowed"), "{}", all(&output));
    }
    project.nothing_to_do("after refusals");
    let output = typed(&project, DESTROY, "bucket.files\nqueue.keep");
    assert!(output.status.success(), "{}", all(&output));
    emulator::is_empty(&project);
}
