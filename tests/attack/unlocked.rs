//! `stackctl unlock` takes the lease from a run that is not dead, and that waits to repeat its calls.

use crate::pair::{CREATE, Pair};
use crate::process::{pid, signal, spawn, text};
use crate::row::Row;
use crate::size::size;
use crate::weather::Weather;
use nix::sys::signal::Signal;
use serde_json::Value as Json;

#[test]
fn unlocked_under_a_run_that_sleeps_for_a_moment() {
    let row = Row::new("state in S3, lease taken by `unlock` from a run that is stopped for a moment");
    for _ in 0..size(1, 3) {
        let pair = Pair::new();
        pair.proxy.decide(|call| if call.to_string() == CREATE { Weather::Throttled } else { Weather::Fair });
        let first = spawn(pair.first.apply());
        if !pair.asked_for(16) {
            row.fail("it did not get as far as to its calls".to_owned());
        }
        signal(pid(&first), Signal::SIGSTOP);
        pair.proxy.is_fair();
        let status = pair.second.to_cloud(&["lock", "status", "--json"]).output().unwrap();
        let status: Json = serde_json::from_slice(&status.stdout).unwrap_or_default();
        let lease = find(&status, "lease").or_else(|| find(&status, "id")).unwrap_or_default();
        let unlocked = pair.second.to_cloud(&["unlock", "--lease", &lease]).output().unwrap();
        if !unlocked.status.success() {
            row.fail(format!("unlock {lease}: {}{status}", text(&unlocked)));
        }
        pair.second_applies(&row);
        signal(pid(&first), Signal::SIGCONT);
        row.add("leases taken", 1);
        pair.end(&row, first);
    }
    row.end();
}

/// The first text of that name, wherever it stands.
fn find(json: &Json, name: &str) -> Option<String> {
    if let Some(text) = json.get(name).and_then(Json::as_str) {
        return Some(text.to_owned());
    }
    json.as_object()?.values().find_map(|value| find(value, name))
}
