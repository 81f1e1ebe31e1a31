//! A second apply where the first one's process cannot be seen: another container, or another machine with one name.

use crate::pair::{CREATE, Pair};
use crate::process::{spawn, text};
use crate::row::{Row, not_run};
use crate::size::size;
use crate::weather::Weather;
use std::process::Command;
use std::time::Duration;

/// How to get into a pid namespace of its own, as root and as anybody else.
const WAYS: [&[&str]; 2] = [
    &["--pid", "--fork", "--mount-proc"],
    &["--user", "--map-current-user", "--pid", "--fork", "--mount-proc"],
];

/// The way that this machine allows.
fn way() -> Option<&'static [&'static str]> {
    let works = |way: &&&[&str]| {
        let tried = Command::new("unshare").args(**way).arg("true").output();
        tried.is_ok_and(|tried| tried.status.success())
    };
    WAYS.iter().find(works).copied()
}

/// The same command there.
fn within(way: &[&str], command: &Command) -> Command {
    let mut inside = Command::new("unshare");
    inside.args(way).arg("--").arg(command.get_program()).args(command.get_args());
    inside.current_dir(command.get_current_dir().unwrap());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => inside.env(name, value),
            None => inside.env_remove(name),
        };
    }
    inside
}

#[test]
fn a_second_apply_in_another_pid_namespace() {
    let what =
        "state in S3, second apply in another pid namespace, same host name and user, the first one healthy";
    let Some(way) = way() else { return not_run(what, "unshare is not allowed here") };
    let row = Row::new(what);
    for _ in 0..size(1, 4) {
        let pair = Pair::new();
        let slow = Weather::Late(Duration::from_millis(900));
        pair.proxy.decide(move |call| if call.to_string() == CREATE { slow } else { Weather::Fair });
        let first = spawn(pair.first.apply());
        if !pair.asked_for(4) {
            row.fail("it did not get as far as to its calls".to_owned());
        }
        let second = within(way, &pair.second.apply()).output().unwrap();
        row.add("applies from the other namespace", 1);
        if second.status.code() != Some(5) {
            row.fail(format!(
                "the lock of a healthy run does not hold: {}\n{}",
                second.status,
                text(&second)
            ));
        }
        pair.end(&row, first);
    }
    row.end();
}
