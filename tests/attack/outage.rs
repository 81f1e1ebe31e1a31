//! The local cloud goes down in the midst of a command.

use crate::campaign::Campaign;
use crate::process::{ends_within, output, signal, spawn};
use crate::project::Project;
use crate::row::Row;
use crate::size::{dice, size};
use crate::stack::Harbour;
use nix::sys::signal::Signal;
use std::process::Command;
use std::time::Duration;

#[test]
fn the_local_cloud_is_killed() {
    let row = Row::new("MiniStack or its supervisor killed during a command");
    let harbour = Harbour::new(false);
    let project = Project::local(&harbour.text());
    let mut campaign = Campaign::new(&project, &row, dice("outage", 0), harbour);
    campaign.good_days = false;
    let mut blow = |campaign: &mut Campaign<'_>, command: Command| {
        let [emulator, supervisor] = campaign.project.pids();
        let after = campaign.dice.millis(1, u64::try_from(campaign.span.as_millis()).unwrap());
        let mut child = spawn(command);
        if !ends_within(&mut child, after) {
            let (victim, name) = match campaign.dice.chance(50) {
                true => (emulator, "emulators killed"),
                false => (supervisor, "supervisors killed"),
            };
            match victim {
                Some(pid) => signal(pid, Signal::SIGKILL),
                None => return campaign.row.fail(format!("no pid of the {name}")),
            }
            campaign.row.add(name, 1);
        }
        // It may fail; what it says of that is not looked at here.
        if !ends_within(&mut child, Duration::from_secs(300)) {
            campaign.row.fail("it does not end".to_owned());
            let _ = child.kill();
        }
        output(child);
        let up = campaign.project.run(&["local", "up"]);
        if !up.status.success() {
            campaign.row.fail(format!("local up: {}", crate::process::text(&up)));
        }
    };
    campaign.run(size(3, 14), &mut blow, &|_, _| ());
    drop(campaign);
    row.end();
}
