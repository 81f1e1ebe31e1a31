use super::{Half, Move, Refusal, Rename};
use crate::address::Address;
use crate::diff::{AttrChange, Effect};
use crate::resource::{Ailment, Id};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// What happens to one resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Noop,
    Create,
    Update,
    /// Delete, then create.
    Replace,
    /// Create, point dependants at the new one, then delete the old one.
    ReplaceCreateFirst,
    Delete,
}

impl Action {
    pub fn replaces(self) -> bool {
        matches!(self, Self::Replace | Self::ReplaceCreateFirst)
    }

    /// Whether an object is created.
    pub fn creates(self) -> bool {
        self == Self::Create || self.replaces()
    }

    /// Whether an object is deleted.
    pub fn deletes(self) -> bool {
        self == Self::Delete || self.replaces()
    }
}

/// Why a step is as it is, beside the attribute changes it lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// In `stack.toml`, not in the state.
    New,
    /// Attributes differ.
    Changed,
    /// In the state, no more in `stack.toml`.
    Removed,
    /// Deleted by someone else.
    Vanished,
    /// An earlier apply did not finish configuring it.
    Incomplete,
    /// AWS says that it never came about, and that only its deletion helps.
    Failed(String),
    /// AWS cannot change it in place as it is wanted; what it does not do.
    Bound(String),
    /// The user asked with `--replace`.
    Asked,
    /// `stackctl destroy`.
    Destroy,
}

/// One resource in a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub address: Address,
    pub action: Action,
    pub reason: Reason,
    /// Of the object that is there.
    pub id: Option<Id>,
    /// What is wanted, with unknown values; secrets as digests. `Null` for a delete.
    pub inputs: Json,
    pub changes: Vec<AttrChange>,
    /// What was changed outside of stackctl since the last apply: from what is recorded to what was observed.
    pub drift: Vec<AttrChange>,
    pub depends_on: Vec<Address>,
    /// Of the state: what the existing object refers to.
    pub depended_on: Vec<Address>,
    /// What its old object is named by until that is updated: AWS does not let it go before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_by: Vec<Address>,
    /// What must be deleted or updated before it is made or changed: it has what this one wants, or an older object of it has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<Address>,
    /// Older objects of this address that a create-first replacement left behind.
    pub deposed: Vec<Id>,
    /// `prevent_destroy`, from the state; not where the block takes it back.
    pub protected: bool,
    /// Deleting or replacing it loses data.
    pub holds_data: bool,
    /// Where the object was before the moves of this plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_from: Option<Address>,
    /// The other stack that the object belongs to by its ownership tags: it is neither changed nor deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub belongs_to: Option<String>,
    /// What its object ails from: it is updated where something differs, and never replaced for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ailment: Option<Ailment>,
    /// Not chosen by the command: it stays as it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left_alone: bool,
    /// Seconds that it usually takes on AWS.
    pub seconds: u32,
    /// Those of them that the deletion takes, where it replaces.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub delete_seconds: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Step {
    /// Seconds that this half of it usually takes on AWS.
    pub fn seconds_of(&self, half: &Half) -> u64 {
        let seconds = match half {
            Half::Up => self.seconds.saturating_sub(self.delete_seconds),
            Half::Down if self.action.replaces() => self.delete_seconds,
            Half::Down | Half::Deposed(_) => self.seconds,
        };
        u64::from(seconds.max(1))
    }

    /// The changes that force a replacement.
    pub fn forcing(&self) -> impl Iterator<Item = &AttrChange> {
        self.changes.iter().filter(|change| change.effect == Effect::Replace)
    }

    /// Whether it is an update of the state alone, for which nothing is called.
    pub fn is_recorded_only(&self) -> bool {
        self.action == Action::Update
            && self.reason == Reason::Changed
            && self.changes.iter().all(|change| change.effect == Effect::Recorded)
    }

    /// Whether an apply has anything to do for it.
    pub fn is_pending(&self) -> bool {
        self.action != Action::Noop || !self.deposed.is_empty() || self.moved_from.is_some()
    }
}

/// A resource that was found deleted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gone {
    pub address: Address,
    pub id: Id,
}

/// A `[outputs]` entry that an apply changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutputChange {
    pub name: String,
    pub before: Json,
    pub after: Json,
    pub sensitive: bool,
}

/// Everything that an apply would do, in an order in which it can be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub stack: String,
    pub target: Option<String>,
    pub account: String,
    pub region: String,
    /// Of the state that it was made from; empty before the first apply.
    pub lineage: String,
    pub serial: u64,
    /// Every resource of stack and state, dependencies first, deletes last.
    pub steps: Vec<Step>,
    pub gone: Vec<Gone>,
    /// In `stack.toml`, not made yet, and not chosen by the command.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<Address>,
    /// Records that get other addresses, all at once and before anything else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moves: Vec<Move>,
    /// What looks like one resource under another name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub renames: Vec<Rename>,
    pub outputs: Vec<OutputChange>,
    /// What AWS would refuse: a plan with any of these is not carried out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refusal>,
}

impl Plan {
    /// Whether an apply would change nothing.
    pub fn is_empty(&self) -> bool {
        self.outputs.is_empty() && self.moves.is_empty() && !self.steps.iter().any(Step::is_pending)
    }

    /// Whether both do the same to the same. How well an object is meanwhile is no part of it.
    pub fn does_the_same_as(&self, other: &Self) -> bool {
        let work = |plan: &Self| {
            let mut plan = plan.clone();
            plan.steps.iter_mut().for_each(|step| step.ailment = None);
            plan
        };
        work(self) == work(other)
    }

    /// The moves of objects that stay as what they are.
    pub fn kept(&self) -> impl Iterator<Item = &Move> {
        self.moves.iter().filter(|one| !one.displaced)
    }

    pub fn step(&self, address: &Address) -> Option<&Step> {
        self.steps.iter().find(|step| step.address == *address)
    }
}
