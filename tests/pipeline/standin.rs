//! A stack is taken down whose stack.toml is broken, empty or gone: by its state alone. On MiniStack.

use crate::emulator;
use crate::project::{Project, all};

const WHOLE: &str = "[stack]\nname = \"left\"\nregion = \"eu-west-1\"\n\n[params]\nteam = { type = \"string\", default = \"ops\" }\n\n\
                     [queue.jobs]\ntags = { team = \"${param.team}\" }\n\n[queue.kept]\nlifecycle = { prevent_destroy = true }\n\n\
                     [bucket.files]\ntags = { why = \"${file(why.txt)}\" }\n\n[targets.local]\n";

#[test]
fn a_destroy_goes_by_the_state_and_its_guards_hold() {
    let project = Project::of(WHOLE);
    let stack = project.path().join("stack.toml");
    let changed = |from: &str, to: &str| Some(WHOLE.replacen(from, to, 1));
    let ways = [
        ("a file that it reads is gone", changed("why.txt", "gone.txt")),
        ("a param without a value", changed(", default = \"ops\"", "")),
        ("an attribute that no queue has", changed("tags =", "wings = 2\ntags =")),
        ("a reference to nothing", Some(format!("{WHOLE}\n[outputs]\nq = \"${{queue.nothing.url}}\"\n"))),
        ("a kind that nobody knows", Some(format!("{WHOLE}\n[dragon.green]\nname = \"x\"\n"))),
        ("no TOML", Some(format!("{WHOLE}\n[queue.half\n"))),
        ("empty", Some(String::new())),
        ("gone", None),
    ];
    project.says("local up", &["local", "up"]);
    for (what, way) in ways {
        std::fs::write(project.path().join("why.txt"), "because").unwrap();
        std::fs::write(&stack, WHOLE).unwrap();
        project.says("apply", &["apply", "--target", "local", "--auto-approve"]);
        let leave = || match &way {
            Some(text) => std::fs::write(&stack, text).unwrap(),
            None => std::fs::remove_file(&stack).unwrap(),
        };
        leave();
        let destroy = |allowed: &[&str]| {
            project.run(&[&["destroy", "--target", "local", "--auto-approve"], allowed].concat())
        };
        // Protection is in the state, and so is what holds data.
        let refused = destroy(&["--allow-data-loss", "all"]);
        let told = all(&refused);
        assert_eq!(refused.status.code(), Some(1), "{what}: {told}");
        assert!(
            told.contains("queue.kept is protected") && told.contains("alone, and not by"),
            "{what}: {told}"
        );
        std::fs::write(&stack, WHOLE.replacen("prevent_destroy = true", "prevent_destroy = false", 1))
            .unwrap();
        project.says("apply", &["apply", "--target", "local", "--auto-approve"]);
        leave();
        let refused = destroy(&[]);
        assert_eq!(refused.status.code(), Some(1), "{what}: {}", all(&refused));
        for name in ["bucket.files", "queue.jobs", "queue.kept"] {
            assert!(all(&refused).contains(name), "{what}: {}", all(&refused));
        }
        assert!(all(&refused).contains("3 resources hold data"), "{what}: {}", all(&refused));

        let plan = project.run(&["plan", "--destroy", "--target", "local"]);
        assert!(plan.status.success() && all(&plan).contains("3 to delete"), "{what}: {}", all(&plan));
        let done = destroy(&["--allow-data-loss", "bucket.files,queue.jobs,queue.kept"]);
        assert!(done.status.success(), "{what}: {}", all(&done));
        emulator::is_empty(&project);
        assert!(project.files("state").is_empty(), "{what}: {:?}", project.files("state"));
    }
}
