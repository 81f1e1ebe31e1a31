//! A network that loses, doubles, cuts and delays, in front of MiniStack.

use crate::campaign::Campaign;
use crate::emulator::Emulator;
use crate::process::{eventually, kill_after};
use crate::project::{Project, Way};
use crate::proxy::Proxy;
use crate::row::Row;
use crate::size::{dice, size};
use crate::stack::Harbour;
use crate::weather::Weather;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// So many of a hundred requests.
const FOUL: usize = 12;

fn storm(row: &Row, name: &str, worker: usize, cycles: usize, late: bool) {
    let emulator = Emulator::start("ministack", &|_| vec![]);
    let proxy = Proxy::new(&emulator.endpoint);
    let calm = Arc::new(AtomicBool::new(false));
    let is_calm = calm.clone();
    let harbour = Harbour::new(false);
    let project = Project::away(&harbour.text(), Way::Target(proxy.endpoint.clone()));
    let mut campaign = Campaign::new(&project, row, dice(name, worker), harbour);
    campaign.good_days = false;
    let mut clouds = dice(name, 1000 + worker);
    proxy.decide(move |_| match is_calm.load(Ordering::SeqCst) {
        true => Weather::Fair,
        false => Weather::draw(&mut clouds, FOUL, late),
    });
    // What is late has arrived before it is looked.
    campaign.looking = Box::new(|looking| {
        calm.store(looking, Ordering::SeqCst);
        assert!(eventually(|| proxy.is_idle()));
    });
    let mut blow = |campaign: &mut Campaign<'_>, command: Command| {
        if campaign.dice.chance(40) {
            let after = campaign.dice.millis(1, u64::try_from(campaign.span.as_millis()).unwrap());
            let (_, killed) = kill_after(command, after);
            campaign.row.add("kills", usize::from(killed));
        }
    };
    campaign.run(cycles, &mut blow, &|_, _| ());
    let befell = proxy.befell();
    row.add("faults", befell.values().sum());
    row.add("requests", proxy.requests());
    eprintln!("{name} {worker}: {befell:?}");
}

fn storms(row: &Row, name: &str, cycles: usize, late: bool) {
    let workers = size(1, 4);
    std::thread::scope(|scope| {
        for worker in 0..workers {
            scope.spawn(move || storm(row, name, worker, cycles.div_ceil(workers), late));
        }
    });
}

#[test]
fn a_network_that_loses_and_cuts() {
    let row =
        Row::new("proxy: answers dropped, RST and 500 before and after, 503, 429, throttled, cut; kill -9");
    storms(&row, "storm", size(2, 60), false);
    row.end();
}

#[test]
fn a_network_that_delays_as_well() {
    let row = Row::new("the same with delays up to 2.2 s on the way there");
    storms(&row, "late storm", size(2, 30), true);
    row.end();
}
