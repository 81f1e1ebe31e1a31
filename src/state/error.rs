use super::Holder;
use crate::error::Error;

/// The state of a stack could not be opened, or not be written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error(
        "{name} cannot be used: {what}. Nothing was changed. The last good state may be in {backup}: `stackctl state recover` shows what can be rebuilt, and does it once you agree"
    )]
    Damaged { name: String, backup: String, what: String },
    #[error(
        "the state {name} was moved to {to} at {at}: write `state = \"{to}\"` in stack.toml, as a newer checkout has it"
    )]
    Moved { name: String, to: String, at: String },
    #[error("{name} cannot be read: {what}. Nothing was changed")]
    Sealed { name: String, what: String },
    #[error(
        "{name} is no plain file: nothing of a state is read or written through a link. Name the folder that it leads to as `state` in stack.toml, or put the file itself there. Nothing was changed"
    )]
    NoFile { name: String },
    #[error(
        "{name} holds the state of the stack {there} (lineage {lineage}), and this stack is {stack}. Nothing was changed. Two stacks cannot share one place: give one of them another `state` in stack.toml. If it is this stack under its former name: `stackctl state migrate --from-stack {there}`"
    )]
    Foreign { name: String, stack: String, there: String, lineage: String },
    #[error(
        "the place of the state {name} is not what it was: {what} while this run was at it. Nothing more is started"
    )]
    Disturbed { name: String, what: String },
    #[error(
        "the state {name} could not be written: {why} while this run was at it, so it stopped. What it knows is saved in {to}. Either put back what was there, if it was only moved, and run `stackctl plan`; or take in what was saved: `stackctl state push {to}`"
    )]
    Rescued { name: String, why: String, to: String },
    #[error(
        "the state {name} could not be written: {why} while this run was at it, so it stopped; and what it knows could not be saved elsewhere: {source}. `stackctl state recover --from-tags` finds it again"
    )]
    Unsaved {
        name: String,
        why: String,
        #[source]
        source: std::io::Error,
    },
    #[error(
        "{rescued} has what an earlier run knew when the place of the state {name} was taken from it, and the state does not: `stackctl state push {rescued}` takes it in. If it is not needed any more, delete it. Nothing was changed"
    )]
    Waiting { name: String, rescued: String },
    /// Only a newer stackctl can use it, so nothing else is recommended: a recovery would undo what it wrote.
    #[error("{name} is of a newer stackctl: {what}. Nothing was changed")]
    Newer { name: String, what: String },
    #[error("the state {name} is locked{}: wait with --lock-timeout SECONDS, or see `stackctl lock status`", held(.holder.as_ref()))]
    Locked { name: String, holder: Option<Holder> },
    /// Someone else has taken over: nothing more may be changed under this lock.
    #[error("the state {name} was taken over{}, so this run must not go on: what it had done stands in the state already, and whoever took over settles what it was doing", held(.holder.as_ref()))]
    Lost { name: String, holder: Option<Holder> },
    /// Whoever slept for longer than a lease lasts does not know whether it is still the one who has it.
    #[error(
        "the lock of the state {name} ran out while this process slept or was cut off, and could not be renewed ({source}), so this run must not go on; the next command settles what it was doing"
    )]
    Lapsed {
        name: String,
        #[source]
        source: Box<Error>,
    },
    #[error("{name} could not be {verb}: {source}. {hint}")]
    Io {
        name: String,
        verb: &'static str,
        hint: String,
        #[source]
        source: std::io::Error,
    },
    #[error("{name} could not be {verb}: {source}. {hint}")]
    Objects {
        name: String,
        verb: &'static str,
        hint: String,
        #[source]
        source: Box<Error>,
    },
}

fn held(holder: Option<&Holder>) -> String {
    holder.map(|holder| format!(" by {holder} since {}", holder.since)).unwrap_or_default()
}
