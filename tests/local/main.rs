//! The local cloud, against the real thing: MiniStack, PostgreSQL, processes and signals.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "helpers of tests, which clippy takes for none"
)]

mod databases;
mod functions;
mod life;
mod owner;
mod world;
