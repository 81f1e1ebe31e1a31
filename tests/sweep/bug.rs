use crate::project::{Project, all};

/// A panic in the middle of an apply: said as a bug, without what stackctl was working on, and healed by the next one.
#[test]
fn a_panic_is_a_bug_and_heals() {
    let _machine = crate::machine();
    let project = Project::new();
    let apply = project.apply(&["--panic-at", "120"]);
    let text = all(&apply);
    assert_eq!(apply.status.code(), Some(70), "{text}");
    assert!(text.contains("this is a bug in stackctl") && text.contains("src/chaos/point.rs:"), "{text}");
    // The text of this panic quotes what was passed.
    assert!(!text.contains("as asked for") && !text.contains("before_call"), "{text}");
    let again = project.apply(&[]);
    assert!(again.status.success(), "{}", all(&again));
}
