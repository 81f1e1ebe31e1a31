//! A state in a bucket that is named by hand, where nothing else is known of it. On MiniStack.

use crate::project::all;
use crate::stage::Stage;

#[test]
fn a_stack_is_taken_down_from_anywhere_by_the_name_of_its_state() {
    let stage = Stage::of_vpcs(2);
    stage.says(&["apply", "--auto-approve"]);
    let keys = stage.keys();
    let key = keys.iter().find(|key| key.ends_with(".json")).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let by = |place: &str, args: &[&str]| {
        let mut command = stage.command(args);
        command.args(["--state", place]).current_dir(elsewhere.path());
        // A user who has never seen this stack.
        command.env("HOME", elsewhere.path()).env_remove("XDG_STATE_HOME").env_remove("STACKCTL_TARGET");
        command.env("AWS_REGION", "eu-west-1").env("AWS_ENDPOINT_URL", &stage.proxy.endpoint);
        let output = command.output().unwrap();
        (output.status.code(), all(&output))
    };
    let place = format!("s3://{}/{key}", stage.bucket());
    let (code, told) = by(&format!("s3://{}/team/nothing.json", stage.bucket()), &["state", "list"]);
    assert!(code == Some(1) && told.contains("there is no state in"), "{told}");
    let (code, told) = by(&place, &["state", "list"]);
    assert!(code == Some(0) && told.contains("vpc.many[\"1\"]"), "{told}");
    let (code, told) = by(&place, &["destroy", "--auto-approve", "--allow-data-loss", "all"]);
    assert!(code == Some(0) && told.contains("alone, and not by"), "{told}");
    assert!(stage.vpcs().is_empty(), "{:?}", stage.vpcs());
    assert_eq!(stage.keys(), Vec::<String>::new());
}
