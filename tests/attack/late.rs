//! A create that arrives when its sender is dead and the next command has begun.

use crate::emulator::Emulator;
use crate::process::{end, ends_within, eventually, signal, spawn};
use crate::project::{Project, Way};
use crate::proxy::Proxy;
use crate::row::Row;
use crate::size::size;
use crate::weather::Weather;
use nix::sys::signal::Signal;
use std::time::Duration;

/// Nothing of the VPC has a name, and the bucket has one that can be taken.
const STACK: &str = r#"
[stack]
name = "ferry"
region = "eu-west-1"

[vpc.river]
cidr_block = "10.0.0.0/16"

[bucket.freight]
name = "freight-of-the-ferry"
force_destroy = true
"#;

const LATE: Duration = Duration::from_secs(1);

fn is_create(call: &str) -> bool {
    call == "ec2:CreateVpc" || call.starts_with("s3:PUT /freight-of-the-ferry") && !call.contains('?')
}

/// Whether that was an attack: the request was on its way when the sender died.
fn late(row: &Row, way: fn(String) -> Way) {
    let emulator = Emulator::start("ministack", &|_| vec![]);
    let proxy = Proxy::new(&emulator.endpoint);
    let project = Project::away(STACK, way(proxy.endpoint.clone()));
    proxy.decide(|call| if is_create(&call.to_string()) { Weather::Late(LATE) } else { Weather::Fair });
    let first = spawn(project.apply());
    if !eventually(|| proxy.seen("ec2:CreateVpc") > 0) {
        row.fail("it did not get as far as to its calls".to_owned());
    }
    // The other one leaves at the same moment.
    std::thread::sleep(Duration::from_millis(50));
    end(first);
    proxy.is_fair();
    row.add("kills", 1);
    // Nothing is judged before the late ones have arrived.
    if project.insist(row, &|| project.apply(), true) && eventually(|| proxy.is_idle()) {
        project.is_settled(row, "after the late create");
    }
    project.is_destroyed(row, "after the late create");
    row.cycle();
}

/// MiniStack stands still in between: what was sent to it is what comes late.
fn late_on_the_local_cloud(row: &Row, times: usize) {
    let project = Project::local(STACK);
    let emulator = project.pids()[0].unwrap();
    let journal = project.path("state/ferry.local.journal");
    for _ in 0..times {
        let first = spawn(project.apply());
        let announced = || std::fs::read_to_string(&journal).is_ok_and(|text| text.contains("vpc.river"));
        if !eventually(announced) {
            row.fail("it did not get as far as to its calls".to_owned());
        }
        signal(emulator, Signal::SIGSTOP);
        std::thread::sleep(Duration::from_millis(100));
        end(first);
        row.add("kills", 1);
        let mut next = spawn(project.apply());
        ends_within(&mut next, LATE);
        signal(emulator, Signal::SIGCONT);
        let next = crate::process::output(next);
        crate::campaign::unhurt(row, &next);
        project.is_settled(row, "after the late create");
        project.is_destroyed(row, "after the late create");
        row.cycle();
    }
}

#[test]
fn a_create_arrives_after_its_sender_has_died() {
    let row =
        Row::new("creates 1 s late and kill -9, on `endpoint_url`, `AWS_ENDPOINT_URL` and the local cloud");
    std::thread::scope(|scope| {
        for _ in 0..size(1, 4) {
            scope.spawn(|| late(&row, Way::Target));
            scope.spawn(|| late(&row, Way::Environment));
        }
        scope.spawn(|| late_on_the_local_cloud(&row, size(1, 6)));
    });
    row.end();
}
