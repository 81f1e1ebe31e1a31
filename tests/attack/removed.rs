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

/// As many operations run at once: what they have announced may still be done.
const UNDER_WAY: usize = 16;

#[test]
fn the_folder_is_removed_in_the_midst() {
    let row = Row::new(
        "folder of the state removed in the midst of an apply, then apply, recover where that says so",
    );
    let project = Project::local(&Harbour::new(false).text());
    let mut dice = dice("folder", 0);
    for _ in 0..size(1, 8) {
        let Some(first) = at_work(&project, &row, dice.below(500) as u64) else { break };
        let there = project.objects().len();
        std::fs::remove_dir_all(project.path("state")).unwrap();
        row.add("folders removed", 1);
        let first = output(first);
        let went_on = project.objects().len().saturating_sub(there);
        if first.status.success() || went_on > 2 * UNDER_WAY {
            row.fail(format!("it made {went_on} more without its state: {}\n{}", first.status, text(&first)));
        }
        // What anybody gives next, and then what that says.
        let next = project.apply().output().unwrap();
        if !next.status.success() {
            let said = text(&next);
            let advice =
                said.split_once("`stackctl state push ").and_then(|(_, rest)| rest.split('`').next());
            let way = match advice {
                Some(file) => project.to_cloud(&["state", "push", file]),
                None => project.to_cloud(&["state", "recover", "--auto-approve"]),
            };
            let mended = { way }.output().unwrap();
            if !mended.status.success() {
                row.fail(format!("{said}\nand then: {}", text(&mended)));
            }
            project.insist(&row, &|| project.apply(), true);
        }
        project.is_settled(&row, "afterwards");
        row.cycle();
        if !project.is_destroyed(&row, "afterwards") {
            break;
        }
    }
    row.end();
}
