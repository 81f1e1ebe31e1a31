use crate::emulator::Emulator;
use crate::process::{ends_within, eventually, output, text};
use crate::project::{Project, Way};
use crate::proxy::Proxy;
use crate::row::Row;
use crate::stack::berths;
use std::process::{Child, Command};
use std::time::Duration;

/// Two people with one stack of VPCs, its state in a bucket, and a proxy in front of MiniStack.
pub struct Pair {
    pub proxy: Proxy,
    pub first: Project,
    pub second: Project,
    _emulator: Emulator,
}

/// VPCs.
const COUNT: usize = 40;
/// The call that makes one.
pub const CREATE: &str = "ec2:CreateVpc";
/// Longer than a lease lasts, and what is then looked for.
const PATIENCE: &str = "150";

impl Pair {
    pub fn new() -> Self {
        let emulator = Emulator::start("ministack", &|_| vec![]);
        let proxy = Proxy::new(&emulator.endpoint);
        let stack = berths(COUNT, "s3://the-state/team");
        let first = Project::away(&stack, Way::Target(proxy.endpoint.clone()));
        let second = first.colleague(&stack);
        Self { proxy, first, second, _emulator: emulator }
    }

    /// An apply of the second one, which waits for the lease.
    pub fn patient_apply(&self) -> Command {
        let mut command = self.second.apply();
        command.args(["--lock-timeout", PATIENCE]);
        command
    }

    /// So many VPCs were asked for.
    pub fn asked_for(&self, count: usize) -> bool {
        eventually(|| self.proxy.seen(CREATE) >= count)
    }

    /// The second one applies, whatever the first one holds.
    pub fn second_applies(&self, row: &Row) {
        let applied = self.patient_apply().output().unwrap();
        if !applied.status.success() {
            row.fail(format!("the second apply: {}", text(&applied)));
        }
    }

    /// The first one comes to its end; afterwards everything is as the state says, and a destroy leaves nothing. How it ended, and
    /// what it said.
    pub fn end(&self, row: &Row, mut first: Child) -> (Option<i32>, String) {
        if !ends_within(&mut first, Duration::from_secs(150)) {
            row.fail("the first apply does not end".to_owned());
            let _ = first.kill();
        }
        let said = output(first);
        eprintln!("the first apply: {}\n{}", said.status, text(&said).lines().last().unwrap_or_default());
        self.second.is_settled(row, "after both");
        self.second.is_destroyed(row, "after both");
        row.cycle();
        (said.status.code(), text(&said))
    }
}
