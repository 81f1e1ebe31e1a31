//! The kill sweep: the real binary kills itself with SIGKILL at every journal entry, before and after every HTTP call and
//! around every write of the state, in an apply and in a destroy of this repository's stack on the local cloud. What is
//! run next must heal it: no orphan, no duplicate, an empty plan, and nothing left after the destroy.
//!
//! Operations run at the same time, so the point of a number is another one in each run: afterwards come the places that
//! no number has met, by name.
//!
//! `STACKCTL_SWEEP=all` sweeps every point and every place; without it, every 24th, others each day. `STACKCTL_SWEEP=17`
//! or `17-40` sweeps these numbers, `places` every place by name. `STACKCTL_SWEEP_WORKERS` says how many local clouds work
//! side by side (3), and `STACKCTL_SWEEP_BINARY` which stackctl is swept, such as a release build.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test that says how far it is")]

mod bug;
mod chaos;
mod counts;
mod cycle;
#[path = "../shared/listing.rs"]
mod listing;
mod nothing;
mod points;
mod project;
#[path = "../shared/verdict.rs"]
mod verdict;

use counts::Counts;
use points::Turns;
use project::Project;
use stackctl::chaos::At;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// One after the other: both want all of the machine.
static MACHINE: Mutex<()> = Mutex::new(());

/// Past what the test harness keeps to itself: the counts of a run that passed are for people too.
fn tell(text: &str) {
    std::io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}

fn machine() -> MutexGuard<'static, ()> {
    MACHINE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn killed_at_every_point_it_heals() {
    let _machine = machine();
    let started = Instant::now();
    let first = Project::new();
    let (up, down) = cycle::measure(&first);
    let counts = Mutex::new(Counts::default());
    counts.lock().unwrap().knows(&up);
    counts.lock().unwrap().knows(&down);
    let mut projects = vec![first];
    let mut sweep = |points: &Turns<At>| {
        projects.resize_with(projects.len().max(points.workers()), Project::new);
        std::thread::scope(|scope| {
            for project in &mut projects {
                scope.spawn(|| cycle::work(project, points, &counts));
            }
        });
    };
    let points = Turns::points(up.len().max(down.len()));
    tell(&format!("{} points in an apply, {} in a destroy: {points}", up.len(), down.len()));
    sweep(&points);
    let places = Turns::places(counts.lock().unwrap().unmet());
    if !places.is_empty() {
        tell(&format!("places that no number has met: {places}"));
        sweep(&places);
    }
    let counts = counts.into_inner().unwrap();
    tell(&format!("kill sweep, {:.0} s: {counts}", started.elapsed().as_secs_f64()));
    counts.assert_clean();
}

#[test]
fn on_bad_days_it_gets_there_all_the_same() {
    let _machine = machine();
    let started = Instant::now();
    let seeds = Turns::seeds();
    let tally = Mutex::new(chaos::Tally::default());
    std::thread::scope(|scope| {
        for _ in 0..seeds.workers() {
            scope.spawn(|| chaos::work(&Project::new(), &seeds, &tally));
        }
    });
    let tally = tally.into_inner().unwrap();
    tell(&format!("bad days, {:.0} s: {tally}", started.elapsed().as_secs_f64()));
    tally.assert_clean();
}
