use crate::listing::{Object, objects};
use serde_json::Value as Json;
use stackctl::address::Address;
use stackctl::cloud::Cloud;
use std::collections::HashMap;

/// What is wrong between the state and the emulator.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Objects that the state does not know.
    pub orphans: Vec<Object>,
    /// Objects of an address of which another one is in the state.
    pub duplicates: Vec<Object>,
    /// What is in the state and not at the emulator.
    pub phantoms: Vec<String>,
}

impl Verdict {
    /// Lists what is in `cloud`, but for what bears the name `aside`, such as the bucket that holds the state.
    pub fn at(cloud: &Cloud, state: Option<&Json>, aside: Option<&str>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut objects = runtime.block_on(objects(cloud));
        objects.retain(|object| Some(object.id.as_str()) != aside);
        Self::between(&objects, state)
    }

    fn between(objects: &[Object], state: Option<&Json>) -> Self {
        let records = state.and_then(|state| state["resources"].as_object()).into_iter().flatten();
        // By the value of the tag, which spells an address in its own way.
        let known: HashMap<String, &str> = records
            .map(|(address, record)| {
                let address: Address = address.parse().unwrap();
                (address.tag_value(), record["id"].as_str().unwrap())
            })
            .collect();
        let mut verdict = Self::default();
        for object in objects {
            let recorded = match &object.address {
                Some(address) => known.get(address).copied(),
                None => known.values().find(|id| **id == object.id).copied(),
            };
            match recorded {
                Some(id) if id == object.id => {}
                Some(_) => verdict.duplicates.push(object.clone()),
                None => verdict.orphans.push(object.clone()),
            }
        }
        let there = |address: &str, id: &str| {
            let same = |object: &Object| object.address.as_deref().is_none_or(|own| own == address);
            objects.iter().any(|object| object.id == id && same(object))
        };
        let phantoms = known.iter().filter(|(address, id)| !there(address, id));
        verdict.phantoms = phantoms.map(|(address, _)| address.clone()).collect();
        verdict
    }

    pub fn is_clean(&self) -> bool {
        *self == Self::default()
    }
}

#[test]
fn a_verdict_sees_what_is_wrong() {
    let state = serde_json::json!({"resources": {"vpc.a": {"id": "vpc-1"}, "vpc.b": {"id": "vpc-2"}}});
    let object = |id: &str, address: &str| Object {
        kind: "vpc",
        id: id.to_owned(),
        address: Some(address.to_owned()),
    };
    let there = [object("vpc-1", "vpc.a"), object("vpc-3", "vpc.a"), object("vpc-4", "vpc.c")];
    let verdict = Verdict::between(&there, Some(&state));
    assert_eq!(verdict.duplicates, there[1..2]);
    assert_eq!(verdict.orphans, there[2..]);
    assert_eq!(verdict.phantoms, ["vpc.b"]);
}
