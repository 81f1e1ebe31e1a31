use crate::project::{Project, all};

/// A destroy dies between its last write and the removal of the state, which has nothing in it then. The next command that
/// finds nothing to do removes it.
#[test]
fn a_state_of_nothing_does_not_stay() {
    let _machine = crate::machine();
    let project = Project::new();
    let apply = project.apply(&[]);
    assert!(apply.status.success(), "{}", all(&apply));
    let destroy = project.destroy(&["--die-at", "before_state remove"]);
    assert_eq!(destroy.status.code(), None, "{}", all(&destroy));
    let left = project.state().unwrap();
    assert_eq!(left["resources"].as_object().map(serde_json::Map::len), Some(0), "{left}");
    let again = project.destroy(&[]);
    assert!(again.status.success(), "{}", all(&again));
    let files = std::fs::read_dir(project.path("state")).unwrap().map(|entry| entry.unwrap().file_name());
    let files: Vec<_> = files.filter(|name| !name.to_string_lossy().ends_with(".lock")).collect();
    assert!(files.is_empty(), "{files:?}");
}
