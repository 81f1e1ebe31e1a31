//! Functions with interfaces in a VPC.

use super::together;
use crate::world::{World, list};
use serde_json::{Value as Json, json};
use stackctl::error::Result;

fn function_stands(world: &World, inputs: &Json) -> Result<()> {
    let (subnets, groups) = (list(inputs, "subnet_ids"), list(inputs, "security_group_ids"));
    let codes = ["InvalidParameterValueException", "InvalidParameterValueException"];
    let vpc = together(world, "subnet", &subnets, None, codes)?;
    together(world, "security_group", &groups, vpc.as_deref(), codes)?;
    Ok(())
}

pub fn function_made(world: &mut World, inputs: &mut Json) -> Result<Json> {
    function_stands(world, inputs)?;
    Ok(json!({}))
}

fn interfaces(inputs: &Json) -> Vec<String> {
    [list(inputs, "subnet_ids"), list(inputs, "security_group_ids")]
        .concat()
        .into_iter()
        .map(str::to_owned)
        .collect()
}

pub fn function_changed(world: &mut World, _: &str, before: &Json, after: &mut Json) -> Result<Json> {
    function_stands(world, after)?;
    if interfaces(before) != interfaces(after) {
        world.leave(interfaces(before));
    }
    Ok(json!({}))
}

pub fn function_deleted(world: &mut World, id: &str) -> Result<()> {
    let uses = interfaces(&world.objects[id].inputs);
    world.leave(uses);
    Ok(())
}
