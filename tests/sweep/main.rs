//! The kill sweep: the real binary kills itself with SIGKILL at every journal entry, before and after every HTTP call and
//! around every write of the state, in an apply and in a destroy of this repository's stack on the local cloud. What is
//! run next must heal it: no orphan, no duplicate, an empty plan, and nothing left after the destroy.
//!
//! `STACKCTL_SWEEP=all` sweeps every point; without it, every 16th, another sixteenth each day. `STACKCTL_SWEEP=17` or
//! `17-40` sweeps these. `STACKCTL_SWEEP_WORKERS` says how many local clouds work side by side (3), and
//! `STACKCTL_SWEEP_BINARY` which stackctl is swept, such as a release build.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test that says how far it is")]

mod chaos;
mod counts;
mod cycle;
mod listing;
mod points;
mod project;
mod verdict;

use counts::Counts;
use points::Points;
use project::Project;
use std::sync::Mutex;
use std::time::Instant;

/// One after the other: both want all of the machine.
static MACHINE: Mutex<()> = Mutex::new(());

#[test]
fn killed_at_every_point_it_heals() {
    let _machine = MACHINE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let started = Instant::now();
    let first = Project::new();
    let (up, down) = cycle::measure(&first);
    let points = Points::chosen(up.max(down));
    eprintln!("{up} points in an apply, {down} in a destroy: {points}");
    let counts = Mutex::new(Counts::default());
    std::thread::scope(|scope| {
        let mut projects = vec![first];
        projects.resize_with(points.workers(), Project::new);
        for project in projects {
            scope.spawn(|| cycle::work(project, &points, &counts));
        }
    });
    let counts = counts.into_inner().unwrap();
    eprintln!("kill sweep, {:.0} s: {counts}", started.elapsed().as_secs_f64());
    counts.assert_clean();
}

#[test]
fn on_bad_days_it_gets_there_all_the_same() {
    let _machine = MACHINE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let started = Instant::now();
    let seeds = Points::seeds();
    let tally = Mutex::new(chaos::Tally::default());
    std::thread::scope(|scope| {
        for _ in 0..seeds.workers() {
            scope.spawn(|| chaos::work(&Project::new(), &seeds, &tally));
        }
    });
    let tally = tally.into_inner().unwrap();
    eprintln!("bad days, {:.0} s: {tally}", started.elapsed().as_secs_f64());
    tally.assert_clean();
}
