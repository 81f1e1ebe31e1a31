//! `--chaos`: the local cloud as it is on a bad day.

use super::failure::{Failure, Outcome};
use super::report;
use crate::apply::Pace;
use crate::chaos::{self, At, ChaosHttpClient, End, Faults, PointsHttpClient, Tally};
use crate::cloud::Cloud;
use aws_config::retry::RetryConfig;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// What shall go wrong.
#[derive(Debug, Clone, clap::Args)]
pub struct ChaosArgs {
    /// On the local cloud: lets everything go wrong that goes wrong on the way to AWS (throttling, 500s, lost answers,
    /// broken connections, stale reads), the same for the same SEED.
    // With an id of its own: a global argument takes its value from whatever a command calls the same, and `demo` has a seed.
    #[arg(id = "chaos", long = "chaos", value_name = "SEED", global = true)]
    seed: Option<u64>,

    // For the kill sweep (tests/sweep): the process kills itself with SIGKILL at the N-th point, counted from 1; points
    // are before and after every journal entry, every HTTP call and every write of the state. Or at the first one of a name:
    // `before_call ec2:CreateVpc`.
    #[arg(long, value_name = "N", hide = true, global = true)]
    die_at: Option<At>,

    // For tests that would have to wait for a minute: how long a lease is good without being renewed.
    #[arg(
        long,
        value_name = "SECONDS",
        hide = true,
        global = true,
        env = "STACKCTL_TEST_LEASE_LIFE",
        hide_env = true
    )]
    lease_life: Option<u64>,

    // As --die-at, with a panic instead of the signal.
    #[arg(long, value_name = "N", hide = true, global = true, conflicts_with = "die_at")]
    panic_at: Option<At>,

    // Which points were passed, and whether the last one was deadly.
    #[arg(long, value_name = "FILE", hide = true, global = true)]
    chaos_points: Option<PathBuf>,
}

static SEED: OnceLock<u64> = OnceLock::new();
static LEASE_LIFE: OnceLock<Duration> = OnceLock::new();
static TALLY: OnceLock<Arc<Tally>> = OnceLock::new();

/// Attempts of the SDK: so many in a row fail about once in a million calls.
const ATTEMPTS: u32 = 6;
const BACKOFF: Duration = Duration::from_millis(20);

/// Takes note of what was asked for. Once, before any command runs.
pub fn begin(args: &ChaosArgs) {
    if let Some(seed) = args.seed {
        let _ = SEED.set(seed);
    }
    if let Some(seconds) = args.lease_life {
        let _ = LEASE_LIFE.set(Duration::from_secs(seconds.max(2)));
    }
    let at = args.die_at.clone().or(args.panic_at.clone());
    if at.is_some() || args.chaos_points.is_some() {
        let end = if args.panic_at.is_some() { End::Panic } else { End::Kill };
        chaos::arm(at, end, args.chaos_points.clone());
    }
}

/// The clients of the local cloud go through the HTTP client that this makes: over the wire go kill points, over
/// everything that the local cloud adds come faults.
pub fn under(http: SharedHttpClient) -> SharedHttpClient {
    if chaos::is_armed() { SharedHttpClient::new(PointsHttpClient::new(http)) } else { http }
}

/// See [`under`].
pub fn over(http: SharedHttpClient) -> SharedHttpClient {
    let Some(seed) = SEED.get() else { return http };
    let client = ChaosHttpClient::new(http, Faults::seeded(*seed));
    // A command connects once; of one that connects again, the first tally counts.
    let _ = TALLY.set(client.tally());
    SharedHttpClient::new(client)
}

/// Repeats what failed sooner than one does on AWS.
pub fn patient(cloud: Cloud) -> Cloud {
    match SEED.get() {
        Some(_) => {
            let quick = RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(BACKOFF);
            cloud.retrying(quick)
        }
        None => cloud,
    }
}

/// How patient the engine is on the local cloud.
pub fn pace() -> Pace {
    if SEED.get().is_some() { Pace::CHAOS } else { Pace::EMULATOR }
}

/// How long a lease lasts, where a test says so.
pub fn lease_life() -> Option<Duration> {
    LEASE_LIFE.get().copied()
}

/// Nothing is broken on purpose where it matters.
pub fn refuse_elsewhere() -> Outcome<()> {
    if SEED.get().is_none() && !chaos::is_armed() {
        return Ok(());
    }
    Err(Failure::user(
        "--chaos is for the local cloud only, and this stack goes elsewhere",
        "Add --target local, or leave --chaos out.",
    ))
}

/// Says what was done, when the command has ended by itself.
pub fn end() {
    if let (Some(seed), Some(tally)) = (SEED.get(), TALLY.get()) {
        report::chaos(*seed, &tally.counts());
    }
    if let Err(error) = chaos::disarm() {
        report::warning(&format!("the file of --chaos-points was not written: {error}"));
    }
}

#[cfg(test)]
mod tests {
    use crate::cli::Cli;
    use clap::Parser;

    #[test]
    fn nothing_goes_wrong_unless_it_is_asked_for() {
        let seed = |args: &[&str]| Cli::parse_from(args).chaos.seed;
        assert_eq!(seed(&["stackctl", "demo", "--seed", "7"]), None);
        assert_eq!(seed(&["stackctl", "plan", "--chaos", "7"]), Some(7));
    }
}
