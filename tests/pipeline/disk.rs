//! A disk that is full in the midst of an apply: files may not grow beyond some kilobytes. On MiniStack.

use crate::project::{Project, all};
use std::process::Command;

#[test]
fn a_disk_that_fills_up_in_an_apply_loses_nothing() {
    let keys: Vec<String> = (0..40).map(|number| format!("\"k{number}\"")).collect();
    let project = Project::of(&format!(
        "[stack]\nname = \"disk\"\nregion = \"eu-west-1\"\n[queue.jobs]\nfor_each = [{}]\n",
        keys.join(", ")
    ));
    project.says("local up", &["local", "up"]);
    let count = || {
        let state = project.json(&["state", "pull", "--target", "local"]);
        let open = state["open"].as_array().map_or(0, Vec::len);
        (state["resources"].as_object().unwrap().len(), open)
    };
    // In blocks of 512 bytes. The second apply has room for more of the journal, and not for the state.
    for blocks in ["10", "30"] {
        let script =
            format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" apply --target local --auto-approve");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_stackctl")]).current_dir(project.path());
        let output = shell.env("NO_COLOR", "1").output().unwrap();
        let said = all(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("File too large") && said.contains("last good state is in"), "{said}");
        let (recorded, open) = count();
        eprintln!("{blocks} blocks: {recorded} queues are recorded, {open} intents are open");
        assert!(recorded < 40, "the disk was not full");
    }
    let begun = count();
    assert!(begun.0 + begun.1 > 0, "the journal has what was done");
    project.says("apply", &["apply", "--target", "local", "--auto-approve"]);
    project.nothing_to_do("with room again");
    let queues = crate::emulator::queues(&project);
    assert_eq!(queues.len(), 40, "an orphan or a duplicate: {queues:?}");
    project.says("destroy", &["destroy", "--target", "local", "--auto-approve", "--allow-data-loss", "all"]);
    crate::emulator::is_empty(&project);
}
