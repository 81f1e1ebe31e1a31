//! Tags that a cluster's operator puts on our objects, as a user meets them. On MiniStack.

use crate::emulator;
use crate::project::Project;

const STACK: &str = r#"
[stack]
name = "shared"
region = "eu-west-1"

[vpc.net]
cidr_block = "10.41.0.0/16"
tags = { Name = "net" }
lifecycle = { ignore_changes = ["tags.kubernetes.io/cluster/blue", 'tags."app.example.org/rev"'] }

[queue.work]
tags = { "app.example.org/rev" = "1", team = "risk" }
lifecycle = { ignore_changes = ["tags.app.example.org/rev"] }

[targets.local]
"#;

const APPLY: &[&str] = &["apply", "--target", "local", "--auto-approve"];

#[test]
fn tags_of_others_with_dots_in_their_keys_are_left_alone() {
    let project = Project::of(STACK);
    project.says("local up", &["local", "up"]);
    project.says("validate", &["validate", "--target", "local"]);
    project.says("apply", APPLY);
    project.nothing_to_do("after the apply");
    let shown = project.json(&["show", "--json", "--target", "local"]);
    let id = |address: &str| shown[address]["id"].as_str().unwrap().to_owned();
    let (vpc, queue) = (id("vpc.net"), id("queue.work"));
    for (round, value) in [Some("shared"), Some("owned"), None, Some("again")].into_iter().enumerate() {
        emulator::tag_vpc(&project, &vpc, "kubernetes.io/cluster/blue", value);
        emulator::tag_queue(&project, &queue, "app.example.org/rev", value);
        project.nothing_to_do("after somebody else's tags");
        // Our own change arrives, theirs stay.
        project.edit("team = \"risk", "team = \"risk+");
        project.edit("Name = \"net", "Name = \"net+");
        project.says("apply", APPLY);
        project.nothing_to_do("after the change beside them");
        let tags = emulator::vpc_tags(&project, &vpc);
        assert_eq!(tags.get("kubernetes.io/cluster/blue").map(String::as_str), value, "{tags:?}");
        assert_eq!(tags["Name"], format!("net{}", "+".repeat(round + 1)));
        let tags = emulator::queue_tags(&project, &queue);
        assert_eq!(tags.get("app.example.org/rev").map(String::as_str), value, "{tags:?}");
        assert_eq!(tags["team"], format!("risk{}", "+".repeat(round + 1)));
    }
    // What is no attribute is a mistake, with its place.
    project.edit("tags.kubernetes.io/cluster/blue", "tags.nothing.here.nested");
    let refused = project.run(&["validate", "--target", "local"]);
    let said = crate::project::all(&refused);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("stack.toml:9:") && said.contains("tags.\"nothing.here.nested\""), "{said}");
}
