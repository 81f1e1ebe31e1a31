use super::Inputs;
use crate::address::Address;
use crate::resource::Kind;
use crate::schema::identity;
use serde_json::Value as Json;

/// A record of before identities were recorded: the objects that it names are those that the state has.
pub(super) fn fill(inputs: &Inputs<'_>, address: &Address, kind: &dyn Kind, seen: &mut Json) {
    for identity in identity::all(kind.inputs()) {
        let named = inputs.desired.identified(address, &identity);
        let there = named.and_then(|named| inputs.state.resources.get(&named)?.outputs.get(identity.output));
        if let Some(there) = there.filter(|_| seen[identity.name].is_null()) {
            seen[identity.name] = there.clone();
        }
    }
}
