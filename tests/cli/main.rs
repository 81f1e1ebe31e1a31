//! The command line as a user types it, without a cloud: configuration, help, errors, exit codes.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod durability;
mod encryption;
mod ending;
#[path = "../shared/environment.rs"]
mod environment;
mod formats;
mod former;
mod help;
mod hostile;
mod invocation;
mod journal;
mod limits;
mod lineage;
mod mistakes;
mod moves;
mod offline;
mod permissions;
mod place;
mod places;
mod plan_schema;
mod profiles;
mod proxies;
mod queues;
mod recorder;
mod recovery;
mod screen;
mod shown;
mod standin;
mod states;
mod stream;
mod terraform;
mod unreached;
mod validate;
