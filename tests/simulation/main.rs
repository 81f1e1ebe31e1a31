//! The engine and the state under random stacks, faults and deaths, in virtual time.
//!
//! A seed makes a story; the story is played against a simulated cloud, with the code that the program uses. After
//! every round the invariants are checked. `STACKCTL_SEEDS=N` says how many seeds, `STACKCTL_SEED=N` replays one, and
//! `STACKCTL_UNTIL=orphan,state` stops as soon as one of these invariants breaks.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests too")]

mod author;
mod book;
mod check;
mod command;
mod counts;
#[path = "../shared/dice.rs"]
mod dice;
mod draft;
mod habit;
mod handle;
mod kind;
mod machine;
#[path = "../engine/objects.rs"]
#[expect(dead_code, reason = "the engine's tests disturb it by themselves")]
mod objects;
mod place;
mod play;
mod process;
mod shrink;
mod sim;
mod story;
mod wire;
mod world;

use counts::Counts;
use play::play;
use sim::{INVARIANTS, Wrong};
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

/// What fits into a minute or two on two cores.
const SEEDS: u64 = 4000;

/// So many failures are told, each with its story; the rest by number.
const TOLD: usize = 3;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// Past what the test harness keeps to itself: the counts of a run that passed are for people too.
fn tell(text: &str) {
    std::io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}

#[test]
fn no_seed_breaks_an_invariant() {
    if let Some(seed) = number("STACKCTL_SEED") {
        let played = play(&author::story(seed), true);
        tell(&played.log.join("\n"));
        assert!(played.wrong.is_none(), "{:?}", played.wrong);
        return;
    }
    let seeds = number("STACKCTL_SEEDS").unwrap_or(SEEDS);
    let until = std::env::var("STACKCTL_UNTIL").unwrap_or_default();
    let started = Instant::now();
    let (total, mut bad) = all(seeds, &until.split(',').collect::<Vec<_>>());
    bad.sort_by_key(|(seed, _)| *seed);
    tell(&total.told(started.elapsed()));
    tell(&verdict(&bad));
    for (seed, wrong) in bad.iter().take(if until.is_empty() { TOLD } else { 0 }) {
        let story = shrink::shrink(&author::story(*seed), wrong.invariant);
        tell(&format!(
            "\nseed {seed} breaks \"{}\": {}\nreplay it whole: STACKCTL_SEED={seed} cargo test --workspace --test simulation\n\
             its story, cut down to what is needed:\n",
            wrong.invariant, wrong.what
        ));
        tell(&play(&story, true).log.join("\n"));
    }
    assert!(bad.is_empty(), "{} of {seeds} seeds break an invariant", bad.len());
}

/// The counts of all stories, and the seeds that broke an invariant; of those up to the first that broke one of `until`.
fn all(seeds: u64, until: &[&str]) -> (Counts, Vec<(u64, Wrong)>) {
    let next = AtomicU64::new(0);
    let enough = AtomicBool::new(false);
    let bad = Mutex::new(vec![]);
    let total = Mutex::new(Counts::default());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds || enough.load(Ordering::Relaxed) {
                        return;
                    }
                    let played = play(&author::story(seed), false);
                    let mut total = total.lock().unwrap();
                    total.merge(&played.counts);
                    total.add("seeds", 1);
                    drop(total);
                    if let Some(wrong) = played.wrong {
                        enough.fetch_or(until.contains(&wrong.invariant), Ordering::Relaxed);
                        bad.lock().unwrap().push((seed, wrong));
                    }
                }
            });
        }
    });
    (total.into_inner().unwrap(), bad.into_inner().unwrap())
}

/// How often each invariant was broken.
fn verdict(bad: &[(u64, Wrong)]) -> String {
    let counted = INVARIANTS.map(|name| {
        let seeds: Vec<String> = bad
            .iter()
            .filter(|(_, wrong)| wrong.invariant == name)
            .map(|(seed, _)| seed.to_string())
            .collect();
        let which = if seeds.is_empty() { String::new() } else { format!(" (seeds {})", seeds.join(", ")) };
        format!("{name} {}{which}", seeds.len())
    });
    format!("  broken    {}", counted.join(", "))
}
