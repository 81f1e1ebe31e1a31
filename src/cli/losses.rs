//! What a command would delete although it is protected or holds data, and what the user allows of that.

use super::args::Addresses;
use super::failure::{Failure, Outcome};
use super::report;
use super::site::Site;
use crate::address::Address;
use crate::plan::{Plan, Step};
use crate::resource;
use crate::schema::suggest::closest;
use std::collections::BTreeMap;
use std::str::FromStr;

/// So many addresses are written out in a message; of more, their blocks with a count.
const WRITTEN_OUT: usize = 20;

/// `--allow-data-loss`: addresses, or everything. A name without key means all its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    All,
    Only(Addresses),
}

impl FromStr for Allowed {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Self::All),
            text => text.parse().map(Self::Only),
        }
    }
}

/// Resources of one block whose data would go.
#[derive(Debug, PartialEq, Eq)]
struct Loss {
    /// The address, or the block where several of its resources are meant: what allows it.
    named: Address,
    count: usize,
    /// What is lost.
    what: &'static str,
}

/// Stops a command that would delete what is protected, or data that nobody has named. All of it is said at once.
///
/// # Errors
/// There is such a thing, or an allowance that is for nothing in the plan.
pub fn refuse_losses(plan: &Plan, site: &Site, allowed: &[Allowed]) -> Outcome<()> {
    let unnamed = unnamed(plan, allowed)?;
    let losses = losses(&unnamed);
    if losses.is_empty() || typed(&losses, site) {
        return Ok(());
    }
    let (message, help) = complaint(&unnamed, &losses);
    Err(Failure::user(message, help))
}

/// The steps that lose data which nobody has named.
fn unnamed<'a>(plan: &'a Plan, allowed: &[Allowed]) -> Outcome<Vec<&'a Step>> {
    let deleting = || plan.steps.iter().filter(|step| step.action.deletes());
    let losing: Vec<&Step> = deleting().filter(|step| step.holds_data).collect();
    of_something(plan, &losing, allowed)?;
    protected(&deleting().filter(|step| step.protected).map(|step| &step.address).collect::<Vec<_>>())?;
    Ok(losing.into_iter().filter(|step| !allows(allowed, &step.address)).collect())
}

fn allows(allowed: &[Allowed], address: &Address) -> bool {
    allowed.iter().any(|one| match one {
        Allowed::All => true,
        Allowed::Only(addresses) => addresses.iter().any(|named| named.covers(address)),
    })
}

/// An allowance for nothing is a typing mistake, and the next thing to happen is a deletion.
fn of_something(plan: &Plan, losing: &[&Step], allowed: &[Allowed]) -> Outcome<()> {
    let named = allowed.iter().flat_map(|one| match one {
        Allowed::All => [].iter(),
        Allowed::Only(addresses) => addresses.iter(),
    });
    for named in named {
        if plan.steps.iter().any(|step| named.covers(&step.address)) {
            continue;
        }
        let near = |steps: &mut dyn Iterator<Item = &Step>| {
            let names: Vec<String> =
                steps.flat_map(|step| [step.address.to_string(), step.address.block().to_string()]).collect();
            closest(&named.to_string(), names.iter().map(String::as_str)).map(str::to_owned)
        };
        let meant = near(&mut losing.iter().copied()).or_else(|| near(&mut plan.steps.iter()));
        let help = match meant {
            Some(meant) => format!("Did you mean {meant}?"),
            None => "`stackctl state list` shows what there is.".to_owned(),
        };
        let message = format!("--allow-data-loss {named}: neither stack.toml nor the state has that");
        return Err(Failure::user(message, help));
    }
    Ok(())
}

fn protected(addresses: &[&Address]) -> Outcome<()> {
    let names: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    let message = match &names[..] {
        [] => return Ok(()),
        [one] => format!("{one} is protected by lifecycle.prevent_destroy and would be deleted"),
        several => {
            let list = several.join(", ");
            format!("these are protected by lifecycle.prevent_destroy and would be deleted: {list}")
        }
    };
    Err(Failure::user(
        message,
        "Set prevent_destroy = false in its block and apply that (put the block back for it if it is gone), or take the change \
         back.",
    ))
}

fn losses(steps: &[&Step]) -> Vec<Loss> {
    let mut blocks: BTreeMap<Address, Vec<&Step>> = BTreeMap::new();
    for step in steps {
        blocks.entry(step.address.block()).or_default().push(step);
    }
    let what = |kind: &str| resource::kind(kind).and_then(|kind| kind.holds().data()).unwrap_or("its data");
    blocks
        .into_iter()
        .map(|(block, steps)| Loss {
            what: what(&block.kind),
            named: if let [step] = &steps[..] { step.address.clone() } else { block },
            count: steps.len(),
        })
        .collect()
}

/// Whether somebody at the terminal types each of them.
fn typed(losses: &[Loss], site: &Site) -> bool {
    if !report::can_ask() {
        return false;
    }
    report::losses(losses.iter().map(|loss| (&loss.named, loss.count, loss.what)), &site.short());
    losses.iter().all(|Loss { named, .. }| {
        let answer = report::ask(&format!("Type {named} to go on:"));
        answer.is_some_and(|answer| answer == named.to_string())
    })
}

fn complaint(steps: &[&Step], losses: &[Loss]) -> (String, String) {
    let message = match steps {
        [one] => format!("{} holds data, and nobody has allowed to lose it", one.address),
        several => {
            let list: Vec<String> = match several.len() > WRITTEN_OUT {
                false => several.iter().map(|step| step.address.to_string()).collect(),
                true => losses.iter().map(|loss| format!("{} ({})", loss.named, loss.count)).collect(),
            };
            let (count, list) = (several.len(), list.join(", "));
            format!("{count} resources hold data, and nobody has allowed to lose it: {list}")
        }
    };
    let names: Vec<String> = losses.iter().map(|loss| loss.named.to_string()).collect();
    let help = format!("Add --allow-data-loss '{}' (or `all`) if that is what you want.", names.join(","));
    (message, help)
}

#[cfg(test)]
mod tests;
