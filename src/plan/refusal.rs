use super::Action;
use crate::address::Address;
use serde::{Deserialize, Serialize};

/// Why a plan cannot be carried out: AWS would refuse it in its midst.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub address: Address,
    pub why: String,
    /// What to do instead.
    pub help: String,
}

impl Refusal {
    /// Something that stays as it is goes on to name what goes.
    pub(super) fn stays(held: &Address, holder: &Address, attribute: &str, action: Action) -> Self {
        let what = if action == Action::Delete { "deleted" } else { "replaced" };
        Self {
            address: held.clone(),
            why: format!(
                "{held} would be {what}, and {holder} goes on to name it in `{attribute}`: AWS does not let it go"
            ),
            help: format!("Take {holder} into the same command, or {held} out of it."),
        }
    }

    /// The new object can only come when the old one has gone, and that is named by something that stays.
    pub(super) fn no_room(held: &Address, holders: &[Address], key: &[&str]) -> Self {
        let (holders, key) = (list(holders), key.join("` and `"));
        Self {
            address: held.clone(),
            why: format!(
                "{held} is replaced while {holders} uses it: the new one has to come first, and it would have the same \
                 `{key}` as the old one"
            ),
            help: format!(
                "Give it another `{key}` in the same change, or take it out of {holders} first and apply that."
            ),
        }
    }

    /// Each waits for another.
    pub(super) fn circle(steps: &[Address]) -> Self {
        Self {
            address: steps[0].clone(),
            why: format!("{} have no order that AWS would let through: each can only change after another", list(steps)),
            help: "Make the change in two steps: first what makes room (a free network or name, a reference taken out), \
                   then the rest."
                .to_owned(),
        }
    }

    /// Both would be the same to AWS.
    pub(super) fn twins(one: &Address, other: &Address, key: &[&str]) -> Self {
        Self {
            address: other.clone(),
            why: format!(
                "{one} and {other} are in each other's way: AWS takes no two with the same `{}`",
                key.join("`, `")
            ),
            help: "Change one of them.".to_owned(),
        }
    }

    /// What it names lies in several places.
    pub(super) fn torn(address: &Address, where_to: &str) -> Self {
        Self {
            address: address.clone(),
            why: format!("{address}: {where_to}, and AWS takes what lies in one VPC only"),
            help: "Let all of them be in the same VPC.".to_owned(),
        }
    }
}

fn list(addresses: &[Address]) -> String {
    let names: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}
