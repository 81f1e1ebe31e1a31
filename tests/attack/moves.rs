//! `state migrate` killed at any moment: one of the two places has a live state, never both, never none.

use crate::process::{kill_after, text};
use crate::project::Project;
use crate::row::Row;
use crate::size::{dice, size};
use crate::stack::buoys;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

const BUCKET: &str = "s3://the-other-place/team";

/// Whether a command that may write takes the state in `place`.
fn takes(project: &Project, place: &str) -> (bool, Output) {
    project.write(&buoys(place));
    let plan = project.to_cloud(&["plan", "--detailed-exitcode", "--refresh=false"]).output().unwrap();
    (plan.status.code() == Some(0), plan)
}

/// Which of two places is live; asked in this order, since a command may bring to an end what was begun.
fn live(row: &Row, project: &Project, places: [&str; 2]) -> Option<usize> {
    let [(first, said), (second, again)] = places.map(|place| takes(project, place));
    match (first, second) {
        (true, false) => return Some(0),
        (false, true) => return Some(1),
        (true, true) => {
            row.add("times both places were live", 1);
            row.fail(format!("both are live: {places:?}"));
        }
        (false, false) => {
            row.add("times none was live", 1);
            row.fail(format!("none is live: {places:?}\n{}\n{}", text(&said), text(&again)));
        }
    }
    None
}

fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).into_iter().flatten().flatten() {
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn a_move_is_killed() {
    let row = Row::new("`state migrate` killed at any moment, between folders and to and from S3");
    let project = Project::local(&buoys("state"));
    project.takes(project.apply());
    let mut dice = dice("moves", 0);
    let migrate = |from: &str, to: &str| {
        project.write(&buoys(from));
        project.to_cloud(&["state", "migrate", "--auto-approve", "--to", to])
    };
    // There and back, undisturbed: how long it takes.
    let span = project.takes(migrate("state", "moved"));
    project.takes(migrate("moved", BUCKET));
    project.takes(migrate(BUCKET, "state"));
    let mut here = "state";
    for round in 0..size(6, 60) {
        let there = *["state", "moved", BUCKET]
            .iter()
            .cycle()
            .skip_while(|place| **place != here)
            .nth(1 + round % 2)
            .unwrap();
        let after = dice.millis(1, u64::try_from(span.as_millis()).unwrap().max(2));
        let (_, killed) =
            kill_after(migrate(here, there), after + Duration::from_millis(span.as_millis() as u64 / 8));
        row.add("kills", usize::from(killed));
        row.cycle();
        let places = if dice.chance(50) { [here, there] } else { [there, here] };
        // Folders can be asked in both orders, each as it was.
        if here != BUCKET && there != BUCKET {
            let kept = places.map(|place| (project.path(place), project.path(&format!("{place}.kept"))));
            kept.iter().for_each(|(place, kept)| copy(place, kept));
            live(&row, &project, [places[1], places[0]]);
            kept.iter().for_each(|(place, kept)| copy(kept, place));
        }
        match live(&row, &project, places) {
            Some(index) => here = places[index],
            None => break,
        }
    }
    // What was moved is what is there.
    project.write(&buoys(here));
    let destroyed = project.destroy().output().unwrap();
    let left = project.objects().into_iter().filter(|object| object.kind != "bucket").count();
    if !row.has_failed() && (!destroyed.status.success() || left > 0) {
        row.fail(format!("{left} are left: {}", text(&destroyed)));
    }
    row.end();
}
