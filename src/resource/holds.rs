/// What is lost with an object of a kind, beside what `stack.toml` says of it. Every kind says it, since whoever makes one
/// has to think of it: deleting or replacing what holds data needs an explicit word from the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// The next apply makes it as it was.
    Nothing,
    /// What people and programs put there, in words that fit after "loses": `its messages`.
    Data(&'static str),
}

impl Holds {
    /// The words for what is lost, if anything is.
    pub fn data(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Data(what) => Some(what),
        }
    }
}
