//! Random network stacks and random edits of them, against a double that refuses what AWS refuses, in virtual time.
//!
//! After each edit a plan and an apply end with an empty plan, or the plan refuses beforehand and says why. No plan is begun
//! that AWS does not let through, nothing is deleted that something still uses, and nothing that stackctl did itself is
//! called changed outside. `STACKCTL_SEEDS=N` says how many seeds, `STACKCTL_SEED=N` replays one.
//!
//! The schemas, defaults and waits are those of the real kinds; their verbs and the cloud are the double's. A kind comes in
//! with a line in [`law::KINDS`] and its laws.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests too")]

mod cases;
#[path = "../shared/dice.rs"]
#[expect(dead_code, reason = "the simulation throws them otherwise")]
mod dice;
mod double;
mod draft;
mod law;
#[path = "../engine/objects.rs"]
#[expect(dead_code, reason = "the engine's tests disturb it by themselves")]
mod objects;
mod play;
mod world;

use dice::Dice;
use draft::{Draft, Edit};
use play::{Outcome, play};
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

const SEEDS: u64 = 1000;

/// Stories that are played at the most to find the shortest.
const TRIES: usize = 200;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

fn tell(text: &str) {
    std::io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}

/// A first stack and what is done to it, round by round.
#[derive(Debug, Clone)]
struct Story {
    seed: u64,
    first: Draft,
    rounds: Vec<Vec<Edit>>,
}

fn story(seed: u64) -> Story {
    let mut dice = Dice::new(seed ^ 0xA7_5000);
    let first = Draft::random(&mut dice);
    let rounds = 1 + dice.below(4);
    let rounds =
        (0..rounds).map(|_| (0..1 + dice.low(3)).map(|_| Edit::random(&mut dice)).collect()).collect();
    Story { seed, first, rounds }
}

/// Leaves out whatever is not needed for it to go wrong.
fn shrink(mut story: Story) -> Story {
    let fails = |story: &Story| play(story, false).wrong.is_some();
    let mut tries = 0;
    'again: loop {
        let mut shorter: Vec<Story> = vec![];
        for at in 0..story.rounds.len() {
            let mut less = story.clone();
            less.rounds.remove(at);
            shorter.push(less);
            for edit in 0..story.rounds[at].len() {
                let mut less = story.clone();
                less.rounds[at].remove(edit);
                shorter.push(less);
            }
        }
        shorter.extend(story.first.shorter().into_iter().map(|first| Story { first, ..story.clone() }));
        for less in shorter {
            tries += 1;
            if tries > TRIES {
                return story;
            }
            if fails(&less) {
                story = less;
                continue 'again;
            }
        }
        return story;
    }
}

#[test]
fn every_edit_ends_with_an_empty_plan_or_is_refused_beforehand() {
    if let Some(seed) = number("STACKCTL_SEED") {
        let played = play(&story(seed), true);
        tell(&played.log.join("\n"));
        assert!(played.wrong.is_none(), "{:?}", played.wrong);
        return;
    }
    let seeds = number("STACKCTL_SEEDS").unwrap_or(SEEDS);
    let started = Instant::now();
    let (next, total, bad) = (AtomicU64::new(0), Mutex::new(BTreeMap::new()), Mutex::new(vec![]));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds {
                        return;
                    }
                    let Outcome { wrong, counts, .. } = play(&story(seed), false);
                    let mut total = total.lock().unwrap();
                    for (name, count) in counts {
                        *total.entry(name).or_insert(0) += count;
                    }
                    drop(total);
                    if let Some(wrong) = wrong {
                        bad.lock().unwrap().push((seed, wrong));
                    }
                }
            });
        }
    });
    let (total, mut bad): (BTreeMap<&str, usize>, _) =
        (total.into_inner().unwrap(), bad.into_inner().unwrap());
    bad.sort();
    let counts: Vec<String> = total.iter().map(|(name, count)| format!("{name} {count}")).collect();
    tell(&format!("networks, {} s: {seeds} seeds, {}", started.elapsed().as_secs(), counts.join(", ")));
    for (seed, wrong) in bad.iter().take(if bad.is_empty() { 0 } else { 2 }) {
        tell(&format!(
            "\nseed {seed}: {wrong}\nreplay it whole: STACKCTL_SEED={seed}; cut down to what is needed:\n"
        ));
        tell(&play(&shrink(story(*seed)), true).log.join("\n"));
    }
    for (seed, wrong) in bad.iter().skip(2).take(40) {
        tell(&format!("seed {seed}: {wrong}"));
    }
    assert!(bad.is_empty(), "{} of {seeds} seeds go wrong", bad.len());
    // Refusing everything would be easy.
    let count = |name: &str| total.get(name).copied().unwrap_or(0);
    assert!(count("refused") * 4 < count("applied"), "too much is refused");
}
