use super::{Claimed, Holder};

/// Who has the lock of a state.
#[derive(Debug, Clone, PartialEq)]
pub enum Holding {
    Free,
    /// A process of this machine, as far as it has introduced itself; the lock ends with it.
    Process(Option<Holder>),
    /// Of a state in an object store; also one that has run out.
    Lease(Claimed),
}
