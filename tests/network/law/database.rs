//! Databases and the groups of subnets that they live in.

use super::{there, together};
use crate::world::{Object, World, list, refuse, text};
use serde_json::{Value as Json, json};
use stackctl::error::Result;

/// The groups' subnets: two zones of one VPC.
fn pool(world: &World, inputs: &Json) -> Result<String> {
    let subnets = list(inputs, "subnet_ids");
    let vpc = together(world, "subnet", &subnets, None, ["InvalidSubnet", "InvalidSubnet"])?;
    let mut zones: Vec<&str> = subnets.iter().map(|subnet| world.zone(subnet)).collect();
    zones.sort_unstable();
    zones.dedup();
    if zones.len() < 2 {
        return refuse("DBSubnetGroupDoesNotCoverEnoughAZs", "two zones at least");
    }
    Ok(vpc.unwrap_or_default())
}

pub fn pool_made(world: &mut World, inputs: &mut Json) -> Result<Json> {
    Ok(json!({"vpc_id": pool(world, inputs)?}))
}

pub fn pool_changed(world: &mut World, id: &str, before: &Json, after: &mut Json) -> Result<Json> {
    let vpc = pool(world, after)?;
    if world.vpc_of(id) != Some(vpc.as_str()) {
        return refuse(
            "InvalidParameterValue",
            "The new Subnets are not in the same Vpc as the existing subnet group",
        );
    }
    let stay = list(after, "subnet_ids");
    for subnet in list(before, "subnet_ids").into_iter().filter(|subnet| !stay.contains(subnet)) {
        let lives = |other: &Object| {
            text(&other.inputs, "db_subnet_group") == Some(id)
                && list(&other.outputs, "seats").contains(&subnet)
        };
        if world.all("db_instance").any(|(_, other)| lives(other)) {
            return refuse("SubnetAlreadyInUse", format!("a database lives in {subnet}"));
        }
    }
    Ok(json!({"vpc_id": vpc}))
}

pub fn pool_deleted(world: &mut World, id: &str) -> Result<()> {
    let users =
        world.all("db_instance").filter(|(_, other)| text(&other.inputs, "db_subnet_group") == Some(id));
    let users = users.map(|(id, _)| id.clone()).collect();
    world.held(id, users, "InvalidDBSubnetGroupStateFault")
}

/// Where it sits: in one zone of its group, or in two.
fn seats(world: &World, inputs: &Json, luck: usize) -> Json {
    let group = text(inputs, "db_subnet_group").unwrap_or_default();
    let mut subnets =
        world.objects.get(group).map(|group| list(&group.inputs, "subnet_ids")).unwrap_or_default();
    let start = luck % subnets.len().max(1);
    subnets.rotate_left(start);
    let mut zones: Vec<&str> = vec![];
    let mut seats: Vec<&str> = vec![];
    for subnet in subnets {
        let zone = world.zone(subnet);
        if !zones.contains(&zone) && zones.len() < if inputs["multi_az"] == true { 2 } else { 1 } {
            zones.push(zone);
            seats.push(subnet);
        }
    }
    json!({"availability_zones": zones, "seats": seats, "vpc_id": world.vpc_of(group)})
}

fn database_stands(world: &World, inputs: &Json) -> Result<()> {
    let group = text(inputs, "db_subnet_group").unwrap_or_default();
    there(world, "db_subnet_group", group, "DBSubnetGroupNotFoundFault")?;
    let groups = list(inputs, "security_group_ids");
    together(
        world,
        "security_group",
        &groups,
        world.vpc_of(group),
        ["InvalidParameterValue", "InvalidVPCNetworkStateFault"],
    )?;
    Ok(())
}

pub fn database_made(world: &mut World, inputs: &mut Json) -> Result<Json> {
    database_stands(world, inputs)?;
    Ok(seats(world, inputs, world.made))
}

pub fn database_changed(world: &mut World, id: &str, before: &Json, after: &mut Json) -> Result<Json> {
    database_stands(world, after)?;
    let outputs = world.objects[id].outputs.clone();
    if before["db_subnet_group"] != after["db_subnet_group"] {
        let group = text(after, "db_subnet_group").unwrap_or_default();
        if world.vpc_of(group) == text(&outputs, "vpc_id") {
            let same = "The specified DB subnet group and DB instance are in the same VPC";
            return refuse(
                "InvalidVPCNetworkStateFault",
                format!("You cannot move DB instance {id}. {same}"),
            );
        }
        if before["multi_az"] == true {
            return refuse("InvalidVPCNetworkStateFault", "a Multi-AZ instance stays in its VPC");
        }
        return Ok(seats(world, after, world.made));
    }
    if before["multi_az"] != after["multi_az"] {
        // The first seat stays.
        let first = list(&outputs, "seats").first().map(|seat| (*seat).to_owned()).unwrap_or_default();
        let group = text(after, "db_subnet_group").unwrap_or_default();
        let subnets = list(&world.objects[group].inputs, "subnet_ids");
        let at = subnets.iter().position(|subnet| *subnet == first).unwrap_or(0);
        return Ok(seats(world, after, at));
    }
    Ok(
        json!({"availability_zones": outputs["availability_zones"], "seats": outputs["seats"], "vpc_id": outputs["vpc_id"]}),
    )
}
