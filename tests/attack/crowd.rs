//! Several applies of one stack at once.

use crate::pair::Pair;
use crate::process::{output, spawn, text};
use crate::project::Project;
use crate::row::Row;
use crate::size::{dice, size};
use crate::stack::Harbour;
use std::process::Command;

/// All at once: one does it, the others are told that it is locked or find nothing to do.
fn at_once(row: &Row, commands: Vec<Command>) {
    let children: Vec<_> = commands.into_iter().map(spawn).collect();
    row.add("applies", children.len());
    let mut done = 0;
    for said in children.into_iter().map(output) {
        match said.status.code() {
            Some(0) => done += 1,
            Some(5) => {}
            _ => row.fail(format!("{}\n{}", said.status, text(&said))),
        }
    }
    if done == 0 {
        row.fail("none of them did it".to_owned());
    }
}

#[test]
fn many_at_once() {
    let row = Row::new("applies at once on one host: four with the state in a folder, three in S3");
    let mut harbour = Harbour::new(false);
    let project = Project::local(&harbour.text());
    let mut dice = dice("crowd", 0);
    let pair = Pair::new();
    for round in 0..size(1, 6) {
        at_once(&row, (0..4).map(|_| project.apply()).collect());
        project.is_settled(&row, "in a folder");
        harbour.edit(&mut dice);
        project.write(&harbour.text());
        let others = [pair.first.apply(), pair.second.apply(), pair.patient_apply()];
        at_once(&row, others.into_iter().collect());
        pair.second.is_settled(&row, "in S3");
        if round % 2 == 0 {
            pair.second.is_destroyed(&row, "in S3");
        }
        row.cycle();
    }
    project.is_destroyed(&row, "in a folder");
    pair.second.is_destroyed(&row, "in S3");
    row.end();
}
