use crate::invocation::Test;

const STACK: &str = "[stack]\nname = \"demo\"\nregion = \"eu-west-1\"\n[queue.jobs]\n";

#[test]
fn a_starter_stack_is_valid_and_is_not_written_twice() {
    let test = Test::new().args(["init", "--name", "first"]);
    assert!(test.success().stderr.contains("stackctl local up"));
    assert!(test.read("stack.toml").contains("name = \"first\""));
    let test = test.args(["validate"]);
    assert!(test.success().stderr.contains("is valid"));
    let test = test.args(["init"]);
    assert!(test.failure(1).stderr.contains("exists already"));
}

#[test]
fn without_a_file_the_remedy_is_named() {
    let answer = Test::new().args(["plan"]).failure(1);
    assert!(answer.stderr.contains("stack.toml") && answer.stderr.contains("init"), "{}", answer.stderr);
}

#[test]
fn a_local_cloud_that_is_not_up_is_told_with_its_remedy() {
    let answer = Test::new().stack(STACK).args(["plan", "--target", "local"]).failure(1);
    assert!(answer.stderr.contains("stackctl local up"), "{}", answer.stderr);
}

#[test]
fn without_credentials_the_remedy_is_named() {
    let answer = Test::new().stack(STACK).args(["plan"]).failure(1);
    assert!(answer.stderr.contains("credentials") && answer.stderr.contains("--target local"), "{}", answer.stderr);
}

#[test]
fn no_colour_reaches_a_pipe() {
    let answer = Test::new().stack("[stack]\nname = 1\n").args(["validate"]).failure(1);
    assert!(!answer.stderr.contains('\u{1b}'), "{:?}", answer.stderr);
}

#[test]
fn a_damaged_state_is_told_and_left_alone() {
    let test = Test::new().stack(STACK).file("state/demo.local.json", "{\"format\": 1").args(["show", "--target", "local"]);
    let answer = test.failure(1);
    assert!(answer.stderr.contains("state/demo.local.json") && answer.stderr.contains("backup"), "{}", answer.stderr);
    assert_eq!(test.read("state/demo.local.json"), "{\"format\": 1");
}

#[test]
fn a_locked_state_names_its_holder_and_has_its_own_exit_code() {
    let test = Test::new().stack(STACK).file("state/demo.local.lock", "");
    let test = test.args(["state", "rm", "queue.jobs", "--target", "local"]);
    let folder = test.path("state/demo.local.lock");
    let _held = stackctl::state::Lock::take(&folder, "apply").unwrap().unwrap();
    let answer = test.failure(5);
    let process = format!("process {}", std::process::id());
    assert!(answer.stderr.contains("stackctl apply") && answer.stderr.contains(&process), "{}", answer.stderr);
}

#[test]
fn an_address_that_is_none_is_a_usage_error() {
    let answer = Test::new().stack(STACK).args(["show", "queue"]).failure(2);
    assert!(answer.stderr.contains("KIND.NAME"), "{}", answer.stderr);
}

#[test]
fn params_come_from_flags_and_environment() {
    let stack = "[stack]\nname = \"demo\"\nregion = \"eu-west-1\"\n[params]\nhidden = { type = \"integer\" }\n\
                 [queue.jobs]\nvisibility_timeout = \"${param.hidden}\"\n";
    let test = Test::new().stack(stack).args(["validate"]);
    assert!(test.failure(1).stderr.contains("hidden"));
    Test::new().stack(stack).args(["validate", "--set", "hidden=60"]).success();
    Test::new().stack(stack).args(["validate"]).env("STACKCTL_PARAM_HIDDEN", "60").success();
    let answer = Test::new().stack(stack).args(["validate", "--set", "hidden=soon"]).failure(1);
    assert!(answer.stderr.contains("integer"), "{}", answer.stderr);
}
