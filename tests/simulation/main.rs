//! The engine and the state under random stacks, faults and deaths, in virtual time.
//!
//! A seed makes a story; the story is played against a simulated cloud, with the code that the program uses. After
//! every round the invariants are checked. `STACKCTL_SEEDS=N` says how many seeds, `STACKCTL_SEED=N` replays one.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests too")]

mod author;
mod check;
mod command;
mod counts;
mod dice;
mod draft;
mod habit;
mod handle;
mod kind;
#[path = "../engine/objects.rs"]
mod objects;
mod place;
mod play;
mod process;
mod sim;
mod story;
mod world;

use counts::Counts;
use play::play;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

const SEEDS: u64 = 1000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

fn say(text: &str) {
    writeln!(std::io::stdout(), "{text}").unwrap();
}

#[test]
fn no_seed_breaks_an_invariant() {
    if let Some(seed) = number("STACKCTL_SEED") {
        let played = play(&author::story(seed), true);
        say(&played.log.join("\n"));
        assert!(played.wrong.is_none(), "{:?}", played.wrong);
        return;
    }
    let seeds = number("STACKCTL_SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(0);
    let bad = Mutex::new(vec![]);
    let total = Mutex::new(Counts::default());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds {
                        return;
                    }
                    let played = play(&author::story(seed), false);
                    total.lock().unwrap().merge(&played.counts);
                    if let Some(wrong) = played.wrong {
                        bad.lock().unwrap().push((seed, wrong));
                    }
                }
            });
        }
    });
    let total = total.into_inner().unwrap();
    say(&format!("{total:#?}"));
    let bad = bad.into_inner().unwrap();
    for (seed, wrong) in &bad {
        say(&format!("{seed} {}: {}", wrong.invariant, wrong.what));
    }
    assert!(bad.is_empty());
}
