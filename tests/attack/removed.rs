//! Somebody removes the folder of the state, or its lock, while an apply is at work: `git clean`, `git stash -u`.

use crate::process::{ends_within, output, spawn, text};
use crate::project::Project;
use crate::row::Row;
use crate::size::{dice, size};
use crate::stack::Harbour;
use std::time::Duration;

/// Lets an apply begin and create something.
fn at_work(project: &Project, row: &Row, millis: u64) -> Option<std::process::Child> {
    let mut child = spawn(project.apply());
    let journal = project.path("state/harbour.local.journal");
    let begun = crate::process::eventually(|| {
        std::fs::read_to_string(&journal).is_ok_and(|text| text.lines().count() > 3)
            || child.try_wait().unwrap().is_some()
    });
    if !begun || ends_within(&mut child, Duration::from_millis(millis)) {
        row.fail(format!("it had ended: {}", text(&output(child))));
        return None;
    }
    Some(child)
}

#[test]
fn the_lock_is_removed_in_the_midst() {
    let row = Row::new("lock file removed in the midst of an apply, and a second apply begun");
    let project = Project::local(&Harbour::new(false).text());
    let mut dice = dice("lock", 0);
    for _ in 0..size(1, 8) {
        let Some(first) = at_work(&project, &row, dice.below(300) as u64) else { break };
        std::fs::remove_file(project.path("state/harbour.local.lock")).unwrap();
        row.add("locks removed", 1);
        let second = output(spawn(project.apply()));
        eprintln!("second: {}", text(&second).lines().last().unwrap_or_default());
        let first = output(first);
        if first.status.success() && second.status.success() {
            row.fail(format!("both went on\n{}\n{}", text(&first), text(&second)));
        }
        project.insist(&row, &|| project.apply(), true);
        project.is_settled(&row, "after both");
        row.cycle();
        if !project.is_destroyed(&row, "after both") {
            break;
        }
    }
    row.end();
}

#[test]
fn the_folder_is_removed_in_the_midst() {
    let row = Row::new("folder of the state removed in the midst of an apply, `state recover`, apply");
    let project = Project::local(&Harbour::new(false).text());
    let mut dice = dice("folder", 0);
    for _ in 0..size(1, 8) {
        let Some(first) = at_work(&project, &row, dice.below(500) as u64) else { break };
        let created = |objects: usize| objects;
        std::fs::remove_dir_all(project.path("state")).unwrap();
        let there = created(project.objects().len());
        row.add("folders removed", 1);
        let first = output(first);
        let after = project.objects().len();
        eprintln!("{there} objects when it was removed, {after} afterwards: {}", text(&first));
        if first.status.success() {
            row.fail(format!("it says that all is well\n{}", text(&first)));
        }
        let recover = ["state", "recover", "--auto-approve"];
        let recovered = project.to_cloud(&recover).output().unwrap();
        if !recovered.status.success() {
            row.fail(format!("recover: {}", text(&recovered)));
        }
        project.insist(&row, &|| project.apply(), true);
        project.is_settled(&row, "after the recovery");
        row.cycle();
        if !project.is_destroyed(&row, "after the recovery") {
            break;
        }
    }
    row.end();
}
