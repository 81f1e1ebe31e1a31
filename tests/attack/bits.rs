//! State and journal cut, or with one bit flipped: each damage is noticed, or does not matter.

use crate::dice::Dice;
use crate::process::{kill_after, text};
use crate::project::Project;
use crate::row::Row;
use crate::size::{dice, size};
use crate::stack::Harbour;
use std::path::Path;
use std::time::Duration;

/// A journal of so many lines is worth damaging.
const LINES: usize = 20;

/// The state as it is read with the file damaged; none if that was noticed.
fn read(project: &Project) -> Result<Vec<u8>, String> {
    let read = project.to_cloud(&["state", "pull"]).output().unwrap();
    match read.status.code() {
        Some(0) => Ok(read.stdout),
        Some(70) | None => panic!("{}\n{}", read.status, text(&read)),
        Some(_) => Err(text(&read)),
    }
}

/// Damages `file` in so many ways, each from its whole text.
fn damage(
    row: &Row,
    project: &Project,
    file: &Path,
    name: &str,
    times: usize,
    hurt: &mut dyn FnMut(&mut Vec<u8>),
) {
    let whole = std::fs::read(file).unwrap();
    let meaning = read(project).unwrap();
    for _ in 0..times {
        let mut bytes = whole.clone();
        hurt(&mut bytes);
        std::fs::write(file, &bytes).unwrap();
        row.add(name, 1);
        match read(project) {
            Err(_) => row.add("noticed", 1),
            Ok(same) if same == meaning => row.add("harmless", 1),
            Ok(_) => {
                row.add("accepted with another meaning", 1);
                let at = whole.iter().zip(&bytes).position(|(before, after)| before != after);
                let at = at.unwrap_or(bytes.len().min(whole.len()));
                let around = &whole[at.saturating_sub(40)..whole.len().min(at + 20)];
                row.fail(format!("{name} at byte {at}: …{}…", String::from_utf8_lossy(around)));
            }
        }
    }
    std::fs::write(file, &whole).unwrap();
    row.cycle();
}

fn flip(dice: &mut Dice) -> impl FnMut(&mut Vec<u8>) {
    |bytes| {
        let at = dice.below(bytes.len());
        bytes[at] ^= 1 << dice.below(8);
    }
}

#[test]
fn a_damaged_state_is_noticed() {
    let row = Row::new("state cut, or one bit flipped");
    let project = Project::local(&Harbour::new(false).text());
    project.takes(project.apply());
    let mut dice = dice("state", 0);
    let file = project.path("state/harbour.local.json");
    damage(&row, &project, &file, "cuts", size(20, 300), &mut |bytes| {
        bytes.truncate(dice.below(bytes.len() - 1))
    });
    damage(&row, &project, &file, "bits flipped", size(20, 300), &mut flip(&mut dice));
    row.end();
}

#[test]
fn a_damaged_journal_is_noticed() {
    let row = Row::new("journal, one bit flipped");
    let mut harbour = Harbour::new(false);
    let project = Project::local(&harbour.text());
    let span = project.takes(project.apply());
    let mut dice = dice("journal", 0);
    let file = project.path("state/harbour.local.journal");
    let lines = || std::fs::read_to_string(&file).map_or(0, |text| text.lines().count());
    // Many changes, so that much of it is under way when it dies.
    for attempt in 0..20 {
        harbour.tag += 1;
        harbour.lanes.push(100 + attempt);
        project.write(&harbour.text());
        let mut child_lives = span.mul_f64(0.3 + 0.02 * attempt as f64);
        if attempt > 10 {
            child_lives += Duration::from_millis(dice.below(2000) as u64);
        }
        kill_after(project.apply(), child_lives);
        if lines() >= LINES {
            break;
        }
    }
    assert!(lines() >= LINES, "no journal of {LINES} lines: {}", lines());
    damage(&row, &project, &file, "bits flipped", size(40, 300), &mut flip(&mut dice));
    row.end();
}
