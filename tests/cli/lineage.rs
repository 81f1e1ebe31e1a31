//! Which state this checkout saw last. The server that is asked is no AWS.

use crate::invocation::Test;
use crate::recorder::Recorder;
use stackctl::state::Document;

const OTHER: &str = "is another state than this checkout saw last";

/// What a first apply by this or any other checkout writes after a plan is no surprise; what comes in its place later is.
#[test]
fn a_plan_before_the_first_apply_is_no_state() {
    let aws = Recorder::new();
    let stack = format!(
        "[stack]\nname = \"demo\"\nregion = \"eu-west-1\"\n[queue.jobs]\n[targets.one]\nendpoint_url = \"{}\"\n",
        aws.url
    );
    let mut test = Test::new().stack(&stack);
    let known = test.path("known").display().to_string();
    test = test.env("AWS_ACCESS_KEY_ID", "x").env("AWS_SECRET_ACCESS_KEY", "x");
    test = test.env("XDG_STATE_HOME", &known).args(["plan", "--target", "one", "--refresh=false"]);
    test.success();
    test.success();
    for (number, said) in [(1, false), (1, false), (2, true), (2, false)] {
        if said || number == 1 {
            let mut document = Document::new("demo", "123456789012", "eu-west-1");
            (document.serial, document.lineage) = (1, format!("lineage-{number}"));
            test = test.file("state/demo.one.json", &document.to_text().unwrap());
        }
        let answer = test.success();
        assert_eq!(answer.stderr.contains(OTHER), said, "{number}: {}", answer.stderr);
    }
}
