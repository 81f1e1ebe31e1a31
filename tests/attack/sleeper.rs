//! Whoever has the lease of a state in S3 sleeps until somebody else has it, and wakes up.

use crate::clock::Clock;
use crate::pair::{CREATE, Pair};
use crate::process::{pid, signal, spawn};
use crate::row::{Row, not_run};
use crate::size::size;
use crate::weather::Weather;
use nix::sys::signal::Signal;
use std::time::Duration;

/// The first ones of its calls, all of which are under way or announced.
const UNDER_WAY: usize = 16;

/// Sleeps while its creates meet `weather`; with a `clock`, that stands still as long.
fn sleep(row: &Row, weather: Weather, clock: Option<&Clock>) {
    let pair = Pair::new();
    pair.proxy.decide(move |call| if call.to_string() == CREATE { weather } else { Weather::Fair });
    let mut command = pair.first.apply();
    if let Some(clock) = clock {
        clock.preload(&mut command);
    }
    let first = spawn(command);
    let begun = std::time::Instant::now();
    if !pair.asked_for(UNDER_WAY) {
        row.fail("it did not get as far as to its calls".to_owned());
    }
    signal(pid(&first), Signal::SIGSTOP);
    let asleep = std::time::Instant::now();
    eprintln!("asleep after {:.1} s", begun.elapsed().as_secs_f64());
    pair.proxy.is_fair();
    pair.second_applies(row);
    if let Some(clock) = clock {
        clock.stood_still_for(asleep.elapsed());
    }
    signal(pid(&first), Signal::SIGCONT);
    row.add(&format!("sleeps of {} s and more", asleep.elapsed().as_secs() / 10 * 10), 1);
    let (code, said) = pair.end(row, first);
    if !matches!(code, Some(1 | 4)) || !said.contains("was taken over") {
        row.fail(format!("it does not say that it was taken over: {code:?}\n{said}"));
    }
}

fn stopped_while_the_sdk_waits_to_repeat() {
    let row = Row::new("state in S3, holder stopped while the SDK waits to repeat");
    for _ in 0..size(1, 2) {
        sleep(&row, Weather::Throttled, None);
    }
    row.end();
}

fn suspended_with_a_clock_that_stands_still() {
    let what = "state in S3, holder suspended with a clock that stands still";
    let clock = match Clock::build() {
        Ok(clock) => clock,
        Err(why) => return not_run(what, &why),
    };
    let row = Row::new(what);
    for weather in
        [Weather::Late(Duration::from_millis(700)), Weather::Throttled].into_iter().take(size(1, 2))
    {
        clock.stood_still_for(Duration::ZERO);
        sleep(&row, weather, Some(&clock));
    }
    row.end();
}

fn stopped_between_calls() {
    let row = Row::new("state in S3, holder stopped, nothing to repeat");
    for _ in 0..size(1, 2) {
        sleep(&row, Weather::Late(Duration::from_millis(300)), None);
    }
    row.end();
}

/// At once: nearly all of their time passes until the lease has run out.
#[test]
fn whoever_sleeps_wakes_up_without_the_lease() {
    std::thread::scope(|scope| {
        scope.spawn(stopped_while_the_sdk_waits_to_repeat);
        scope.spawn(suspended_with_a_clock_that_stands_still);
        scope.spawn(stopped_between_calls);
    });
}
