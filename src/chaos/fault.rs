use super::Refusal;
use std::time::Duration;

/// What befalls one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The answer comes later.
    Latency(Duration),
    Throttled,
    /// A 500; the server has done nothing.
    Internal,
    /// The server has acted, the answer never arrives.
    LostAnswer,
    /// The connection breaks before the server has seen the request.
    Reset,
    /// A read answers what was so before the last write, or does not see yet what was just created.
    Stale,
    /// What the call needs is not known everywhere yet.
    Propagation,
    /// What the call began takes so many reads to become ready, or to be gone.
    Slow(u32),
    /// What the call began reads as failed, once.
    Broken,
    /// Any other error.
    Refused(Refusal),
}

impl Fault {
    /// Its name in summaries.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Latency(_) => "latency",
            Self::Throttled => "throttled",
            Self::Internal => "500",
            Self::LostAnswer => "lost answer",
            Self::Reset => "reset",
            Self::Stale => "stale read",
            Self::Propagation => "propagation error",
            Self::Slow(_) => "slow state machine",
            Self::Broken => "failed state machine",
            Self::Refused(_) => "refusal",
        }
    }
}
