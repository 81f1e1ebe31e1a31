//! `kill -9` at any moment, not at named points: the sweep has these.

use crate::campaign::{Campaign, unhurt};
use crate::process::{end, ends_within, kill_after, signal, spawn, text};
use crate::project::Project;
use crate::row::Row;
use crate::size::{dice, size};
use crate::stack::Harbour;
use nix::sys::signal::Signal;
use std::process::Command;
use std::time::Duration;

/// Kills it at some moment of the time that it takes.
pub fn kill(campaign: &mut Campaign<'_>, command: Command) {
    let after = campaign.dice.millis(1, u64::try_from(campaign.span.as_millis()).unwrap());
    let (output, killed) = kill_after(command, after);
    if killed {
        campaign.row.add("kills", 1);
    } else {
        unhurt(campaign.row, &output);
    }
}

/// So many workers, each with a local cloud of its own.
fn sweep(
    row: &Row,
    name: &str,
    workers: usize,
    cycles: usize,
    database: bool,
    after: &(dyn Fn(&Project, &Row) + Sync),
) {
    std::thread::scope(|scope| {
        for worker in 0..workers {
            scope.spawn(move || {
                let harbour = Harbour::new(database);
                let project = Project::local(&harbour.text());
                let mut campaign = Campaign::new(&project, row, dice(name, worker), harbour);
                campaign.run(cycles.div_ceil(workers), &mut kill, after);
            });
        }
    });
}

#[test]
fn killed_at_any_moment() {
    let row = Row::new("kill -9 at any moment, 34 resources");
    sweep(&row, "kills", size(1, 3), size(4, 250), false, &|_, _| ());
    row.end();
}

#[test]
fn killed_at_any_moment_with_a_database() {
    let row = Row::new("kill -9 at any moment, with a db_instance, psql after each");
    sweep(&row, "database", size(1, 2), size(2, 90), true, &|project, row| {
        let asked = project.to_cloud(&["connect"]).args(["--", "-Atc", "select 1"]).output().unwrap();
        if !text(&asked).lines().any(|line| line == "1") {
            row.fail(format!("psql: {}", text(&asked)));
        }
    });
    row.end();
}

/// MiniStack stands still while stackctl dies, and goes on while the next command is at work: what the dead one has
/// sent arrives then.
#[test]
fn killed_while_the_emulator_stands_still() {
    let row = Row::new("kill -9 while MiniStack is frozen (SIGSTOP)");
    let harbour = Harbour::new(false);
    let project = Project::local(&harbour.text());
    let emulator = project.pids()[0].unwrap();
    let mut campaign = Campaign::new(&project, &row, dice("frozen", 0), harbour);
    let mut freeze = |campaign: &mut Campaign<'_>, command: Command| {
        let destroys = command.get_args().next().is_some_and(|first| first == "destroy");
        let next = if destroys { campaign.project.destroy() } else { campaign.project.apply() };
        let after = campaign.dice.millis(1, u64::try_from(campaign.span.as_millis()).unwrap());
        let mut child = spawn(command);
        if ends_within(&mut child, after) {
            return unhurt(campaign.row, &end(child));
        }
        signal(emulator, Signal::SIGSTOP);
        let lives = !ends_within(&mut child, campaign.dice.millis(1, 300));
        end(child);
        // The next one begins before the emulator has woken up.
        let mut next = spawn(next);
        ends_within(&mut next, campaign.dice.millis(1, 1500));
        signal(emulator, Signal::SIGCONT);
        ends_within(&mut next, Duration::from_secs(120));
        let output = end(next);
        campaign.row.add("kills", usize::from(lives));
        unhurt(campaign.row, &output);
    };
    campaign.run(size(3, 22), &mut freeze, &|_, _| ());
    drop(campaign);
    row.end();
}
