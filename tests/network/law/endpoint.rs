//! Endpoints.

use super::{there, together};
use crate::world::{World, list, refuse, text};
use serde_json::{Value as Json, json};
use stackctl::error::Result;

fn endpoint_stands(world: &World, id: Option<&str>, inputs: &Json) -> Result<()> {
    let vpc = text(inputs, "vpc_id").unwrap_or_default();
    there(world, "vpc", vpc, "InvalidVpcID.NotFound")?;
    let (subnets, tables) = (list(inputs, "subnet_ids"), list(inputs, "route_table_ids"));
    together(world, "subnet", &subnets, Some(vpc), ["InvalidSubnetID.NotFound", "InvalidParameter"])?;
    together(world, "route_table", &tables, Some(vpc), ["InvalidRouteTableId.NotFound", "InvalidParameter"])?;
    let groups = list(inputs, "security_group_ids");
    together(
        world,
        "security_group",
        &groups,
        Some(vpc),
        ["InvalidSecurityGroupId.NotFound", "InvalidParameter"],
    )?;
    let mut zones: Vec<&str> = subnets.iter().map(|subnet| world.zone(subnet)).collect();
    zones.sort_unstable();
    if zones.windows(2).any(|pair| pair[0] == pair[1]) {
        return refuse("DuplicateSubnetsInSameZone", "one subnet a zone");
    }
    for (other_id, other) in world.all("vpc_endpoint").filter(|(other, _)| Some(other.as_str()) != id) {
        let same = other.inputs["service"] == inputs["service"] && other.dying.is_none();
        if same && text(&other.inputs, "vpc_id") == Some(vpc) && tables.is_empty() {
            return refuse("InvalidParameter", format!("conflicting DNS domain with {other_id}"));
        }
        let shared = list(&other.inputs, "route_table_ids").into_iter().any(|table| tables.contains(&table));
        if same && shared {
            return refuse("RouteAlreadyExists", format!("a table has a route to {other_id}"));
        }
    }
    Ok(())
}

pub fn endpoint_made(world: &mut World, inputs: &mut Json) -> Result<Json> {
    endpoint_stands(world, None, inputs)?;
    Ok(json!({}))
}

pub fn endpoint_changed(world: &mut World, id: &str, _: &Json, after: &mut Json) -> Result<Json> {
    endpoint_stands(world, Some(id), after)?;
    Ok(json!({}))
}
