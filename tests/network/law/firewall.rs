//! Security groups and their rules.

use super::{there, together};
use crate::world::{Object, World, list, refuse, text};
use serde_json::{Value as Json, json};
use stackctl::error::Result;

pub fn group_made(world: &mut World, inputs: &mut Json) -> Result<Json> {
    let vpc = text(inputs, "vpc_id").unwrap_or_default();
    there(world, "vpc", vpc, "InvalidVpcID.NotFound")?;
    let same = |other: &Json| other["vpc_id"] == inputs["vpc_id"] && other["name"] == inputs["name"];
    if world.all("security_group").any(|(_, other)| same(&other.inputs)) {
        return refuse("InvalidGroup.Duplicate", format!("{} exists in {vpc}", inputs["name"]));
    }
    Ok(json!({}))
}

pub fn group_changed(world: &mut World, id: &str, before: &Json, after: &mut Json) -> Result<Json> {
    let vpc = text(before, "vpc_id").map(str::to_owned);
    for direction in ["ingress", "egress"] {
        for rule in after[direction].as_array().into_iter().flatten() {
            let peer: Vec<&str> = text(rule, "security_group").into_iter().collect();
            let codes = ["InvalidGroup.NotFound", "InvalidGroup.NotFound"];
            together(world, "security_group", &peer, vpc.as_deref(), codes)?;
        }
    }
    let _ = id;
    Ok(json!({}))
}

pub fn group_deleted(world: &mut World, id: &str) -> Result<()> {
    let mut users: Vec<String> = vec![];
    for (user, object) in world.objects.iter().filter(|(user, _)| user.as_str() != id) {
        let inline = |direction: &str| {
            let rules = object.inputs[direction].as_array();
            rules.into_iter().flatten().any(|rule| text(rule, "security_group") == Some(id))
        };
        let uses = match object.kind {
            "security_group" => inline("ingress") || inline("egress"),
            "security_group_rule" => {
                text(&object.inputs, "security_group") == Some(id)
                    && text(&object.inputs, "security_group_id") != Some(id)
            }
            _ => list(&object.inputs, "security_group_ids").contains(&id),
        };
        if uses {
            users.push(user.clone());
        }
    }
    world.held(id, users, "DependencyViolation")?;
    let its = |object: &Object| {
        object.kind == "security_group_rule" && text(&object.inputs, "security_group_id") == Some(id)
    };
    world.objects.retain(|_, object| !its(object));
    Ok(())
}

const PERMISSION: [&str; 9] = [
    "type",
    "security_group_id",
    "protocol",
    "port",
    "from_port",
    "to_port",
    "cidr",
    "cidr_ipv6",
    "security_group",
];

fn rule_stands(world: &World, id: Option<&str>, inputs: &Json) -> Result<()> {
    let group = text(inputs, "security_group_id").unwrap_or_default();
    there(world, "security_group", group, "InvalidGroup.NotFound")?;
    let peer: Vec<&str> = text(inputs, "security_group").into_iter().collect();
    let codes = ["InvalidGroup.NotFound", "InvalidGroup.NotFound"];
    together(world, "security_group", &peer, world.vpc_of(group), codes)?;
    let same = |other: &Json| PERMISSION.iter().all(|name| other[*name] == inputs[*name]);
    let mut others = world.all("security_group_rule").filter(|(other, _)| Some(other.as_str()) != id);
    if others.any(|(_, other)| same(&other.inputs)) {
        return refuse("InvalidPermission.Duplicate", "the rule exists");
    }
    Ok(())
}

pub fn rule_made(world: &mut World, inputs: &mut Json) -> Result<Json> {
    rule_stands(world, None, inputs)?;
    Ok(json!({}))
}

pub fn rule_changed(world: &mut World, id: &str, before: &Json, after: &mut Json) -> Result<Json> {
    for fixed in ["type", "security_group_id"] {
        assert_eq!(before[fixed], after[fixed], "a rule stays in its group");
    }
    for sort in ["cidr", "cidr_ipv6", "security_group", "prefix_list"] {
        if before[sort].is_null() != after[sort].is_null() {
            return refuse("InvalidParameterValue", "You cannot change the rule's source type");
        }
    }
    rule_stands(world, Some(id), after)?;
    Ok(json!({}))
}
