use crate::address::Address;
use crate::state::Record;
use std::collections::{BTreeMap, HashSet};

/// Dependants before what they depend on; by address where that leaves a choice.
pub(super) fn dependants_first<'a>(
    rest: &[&'a Address],
    state: &BTreeMap<Address, Record>,
) -> Vec<&'a Address> {
    let mut out: Vec<&Address> = vec![];
    let mut left: Vec<&Address> = rest.to_vec();
    while !left.is_empty() {
        let needed: HashSet<&Address> =
            left.iter().flat_map(|address| state[*address].depends_on.iter()).collect();
        let (free, held): (Vec<&Address>, Vec<&Address>) =
            left.iter().partition(|address| !needed.contains(**address));
        if free.is_empty() {
            // A state edited by hand can say that two depend on each other; any order is as good.
            out.extend(held);
            break;
        }
        out.extend(free);
        left = held;
    }
    out
}
