//! This repository's stack on a real AWS account: what no emulator can tell.
//!
//! ```text
//! STACKCTL_LIVE=1 STACKCTL_LIVE_ACCOUNT=123456789012 cargo test --workspace --test live -- --nocapture
//! STACKCTL_LIVE=local                                cargo test --workspace --test live -- --nocapture
//! ```
//!
//! The first makes the stack in that account, with whatever credentials and region the environment has, under a name of its
//! own; puts the questions of `checks.rs` to it; and deletes all of it again, also after a failure, by its state and then by its
//! tags. It asks for its price first and goes no further than five dollars for its longest duration. The second is the same
//! on the local cloud, to try the test itself. Without the variable only what needs no cloud is tested.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test that says how far it is")]

#[path = "../shared/bootstrap.rs"]
mod bootstrap;
mod checks;
mod site;

use checks::CHECKS;
use site::Site;
use std::time::Duration;

/// The longest that all of it may last: a database and interface endpoints that are made, changed and deleted.
const LIMIT: Duration = Duration::from_secs(3 * 3600);
/// What it may cost until then, in US dollars.
const PRICE: f64 = 5.0;

#[test]
fn the_stack_lives_on_this_account() {
    let Some(mut site) = Site::of_environment(LIMIT) else {
        eprintln!("not run on any cloud: STACKCTL_LIVE is not set");
        return;
    };
    site.up();
    let plan = site.plan();
    site.is_meant(&plan);
    // Generous: an hour is counted that has begun, and what is made twice is billed twice.
    let hours = LIMIT.as_secs_f64() / 3600.0 + 1.0;
    let price = plan["cost"]["after"].as_f64().unwrap() / 730.0 * hours * 2.0;
    eprintln!("{price:.2} USD at most, in {hours:.0} hours");
    assert!(price < PRICE, "it would cost {price:.2} USD");
    site.says(&["preflight"]);
    site.applies("first apply");
    site.loads();
    for check in CHECKS {
        eprintln!("── {}", check.name);
        (check.run)(&mut site);
    }
    site.clean();
}

/// So that no question is out of date on the day on which somebody has an account at hand.
#[test]
fn every_question_fits_the_stack() {
    for check in CHECKS {
        let site = Site::offline();
        for (from, to) in (check.edits)() {
            site.edit(from, &to);
        }
        site.says(&["validate"]);
    }
}
