use crate::resource::{Actions, Permit};
use serde::Serialize;

/// What somebody wants to do with a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    Plan,
    Apply,
    Destroy,
}

impl Purpose {
    pub const ALL: [Self; 3] = [Self::Plan, Self::Apply, Self::Destroy];

    /// An apply replaces and deletes too.
    pub fn verbs(self) -> &'static [Verb] {
        match self {
            Self::Plan => &[Verb::Read],
            Self::Apply => &[Verb::Read, Verb::Create, Verb::Update, Verb::Delete],
            Self::Destroy => &[Verb::Read, Verb::Delete],
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Apply => "apply",
            Self::Destroy => "destroy",
        }
    }
}

/// A verb of a kind. `read` finds what a dead run left, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    Read,
    Create,
    Update,
    Delete,
}

impl Verb {
    pub const ALL: [Self; 4] = [Self::Read, Self::Create, Self::Update, Self::Delete];

    /// What a kind declares for it.
    pub fn of(self, actions: &Actions) -> &'static [Permit] {
        match self {
            Self::Read => actions.read,
            Self::Create => actions.create,
            Self::Update => actions.update,
            Self::Delete => actions.delete,
        }
    }
}
