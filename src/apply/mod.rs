//! Walks a plan: concurrently, journalled, waiting and retrying on behalf of the kinds.

mod anew;
mod converge;
mod deletion;
mod gate;
mod operation;
mod outputs;
mod pace;
mod polls;
mod reader;
mod rename;
mod retry;
mod schedule;
mod search;
mod settle;
mod tally;
mod unmade;
mod walk;
mod watch;

pub use pace::Pace;
pub use schedule::{Failure, Run, Stop, Summary, apply};
pub use settle::{Finding, settle};
pub use tally::{Standing, Tally};
