//! Attacks on what `docs/reliability.md` promises, from outside of the process: kills at any moment, frozen and killed
//! emulators, a network that loses, cuts and delays, holders of a lease that sleep or live where nobody sees them,
//! damaged and removed files. After each the emulator is listed and compared with the state.
//!
//! Every test is one row of the table in `docs/reliability.md`, and prints it. By default a size for every day, others
//! each day; `STACKCTL_ATTACK=all` is the full one. `STACKCTL_SEED` replays: what is drawn is the same, though not when
//! the machine gets to it. `STACKCTL_ATTACK_BINARY` names the stackctl that is attacked, such as a release build.
//!
//! What a machine does not allow (another pid namespace, a preloaded library) is told in one line and counts as not run.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test that says how far it is")]

mod bits;
mod campaign;
mod clock;
mod crowd;
#[path = "../shared/dice.rs"]
#[expect(dead_code, reason = "the simulation needs more of it")]
mod dice;
#[path = "../shared/emulator.rs"]
mod emulator;
#[path = "../shared/environment.rs"]
mod environment;
mod kills;
mod late;
mod links;
#[path = "../shared/listing.rs"]
mod listing;
mod moves;
mod namespace;
mod outage;
mod pair;
mod process;
mod project;
mod proxy;
mod removed;
mod request;
mod row;
mod size;
mod sleeper;
mod stack;
mod storm;
mod unlocked;
#[path = "../shared/verdict.rs"]
mod verdict;
mod weather;
