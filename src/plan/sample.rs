//! Plans for tests: what a test is about is set, and the rest says nothing.

use super::{Action, Plan, Reason, Step};
use crate::address::Address;
use serde_json::Value as Json;

pub fn step(address: Address, action: Action) -> Step {
    Step {
        address,
        action,
        reason: Reason::Changed,
        id: None,
        inputs: Json::Null,
        changes: vec![],
        drift: vec![],
        depends_on: vec![],
        depended_on: vec![],
        held_by: vec![],
        after: vec![],
        deposed: vec![],
        protected: false,
        holds_data: false,
        moved_from: None,
        belongs_to: None,
        ailment: None,
        left_alone: false,
        seconds: 0,
        delete_seconds: 0,
    }
}

pub fn plan(steps: Vec<Step>) -> Plan {
    Plan {
        stack: "shop".to_owned(),
        target: None,
        account: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
        lineage: String::new(),
        serial: 1,
        steps,
        gone: vec![],
        left_out: vec![],
        moves: vec![],
        renames: vec![],
        outputs: vec![],
        refused: vec![],
    }
}
