//! VPCs, subnets, gateways and route tables.

use super::{there, together};
use crate::world::{World, list, refuse, text};
use ipnet::Ipv4Net;
use serde_json::{Value as Json, json};
use stackctl::error::Result;

pub fn vpc_deleted(world: &mut World, id: &str) -> Result<()> {
    let inside = ["subnet", "internet_gateway", "route_table", "security_group", "vpc_endpoint"];
    let users = world.objects.iter().filter(|(_, object)| inside.contains(&object.kind));
    let users: Vec<String> = users
        .filter(|(_, object)| text(&object.inputs, "vpc_id") == Some(id))
        .map(|(id, _)| id.clone())
        .collect();
    world.held(id, users, "DependencyViolation")
}

fn net(text: Option<&str>) -> Ipv4Net {
    text.unwrap_or_default().parse().expect("a network")
}

pub fn subnet_made(world: &mut World, inputs: &mut Json) -> Result<Json> {
    let vpc = text(inputs, "vpc_id").unwrap_or_default();
    there(world, "vpc", vpc, "InvalidVpcID.NotFound")?;
    let cidr = net(text(inputs, "cidr_block"));
    if !net(text(&world.objects[vpc].inputs, "cidr_block")).contains(&cidr) {
        return refuse("InvalidSubnet.Range", format!("{cidr} is not in {vpc}"));
    }
    for (id, other) in world.all("subnet").filter(|(_, other)| text(&other.inputs, "vpc_id") == Some(vpc)) {
        let its = net(text(&other.inputs, "cidr_block"));
        if its.contains(&cidr) || cidr.contains(&its) {
            return refuse("InvalidSubnet.Conflict", format!("{cidr} overlaps with that of {id}"));
        }
    }
    if inputs["availability_zone"].is_null() {
        inputs["availability_zone"] = json!(["eu-west-1a", "eu-west-1b", "eu-west-1c"][world.made % 3]);
    }
    Ok(json!({"availability_zone": inputs["availability_zone"]}))
}

/// Associations with route tables go with it, and RDS does not mind for an empty group.
pub fn subnet_deleted(world: &mut World, id: &str) -> Result<()> {
    let mut users: Vec<String> = vec![];
    for (user, object) in &world.objects {
        let named = matches!(object.kind, "vpc_endpoint" | "lambda_function")
            && list(&object.inputs, "subnet_ids").contains(&id);
        let seat = object.kind == "db_instance" && list(&object.outputs, "seats").contains(&id);
        if named || seat {
            users.push(user.clone());
        }
    }
    world.held(id, users, "DependencyViolation")?;
    for object in world.objects.values_mut().filter(|object| object.kind == "route_table") {
        if let Some(subnets) = object.inputs["subnet_ids"].as_array_mut() {
            subnets.retain(|subnet| subnet != id);
        }
    }
    Ok(())
}

pub fn gateway_changed(world: &mut World, id: &str, before: &Json, after: &mut Json) -> Result<Json> {
    if before["vpc_id"] == after["vpc_id"] {
        return Ok(json!({}));
    }
    // Detached first, in a call of its own.
    if let Some(object) = world.objects.get_mut(id) {
        object.inputs["vpc_id"] = Json::Null;
    }
    if let Some(vpc) = text(after, "vpc_id") {
        there(world, "vpc", vpc, "InvalidVpcID.NotFound")?;
        let taken =
            world.all("internet_gateway").any(|(_, other)| text(&other.inputs, "vpc_id") == Some(vpc));
        if taken {
            return refuse(
                "InvalidParameterValue",
                format!("Network {vpc} already has an internet gateway attached"),
            );
        }
    }
    Ok(json!({}))
}

pub fn table_made(world: &mut World, inputs: &mut Json) -> Result<Json> {
    there(world, "vpc", text(inputs, "vpc_id").unwrap_or_default(), "InvalidVpcID.NotFound")?;
    Ok(json!({}))
}

pub fn table_changed(world: &mut World, id: &str, before: &Json, after: &mut Json) -> Result<Json> {
    let vpc = text(before, "vpc_id").unwrap_or_default().to_owned();
    for route in after["routes"].as_array().into_iter().flatten() {
        let Some(gateway) = text(route, "gateway_id") else { continue };
        there(world, "internet_gateway", gateway, "InvalidGatewayID.NotFound")?;
        if world.vpc_of(gateway) != Some(vpc.as_str()) {
            return refuse(
                "InvalidParameterValue",
                format!("{id} and {gateway} belong to different networks"),
            );
        }
    }
    let wanted = list(after, "subnet_ids");
    let kept: Vec<&str> =
        list(before, "subnet_ids").into_iter().filter(|subnet| wanted.contains(subnet)).collect();
    if let Some(object) = world.objects.get_mut(id) {
        object.inputs["subnet_ids"] = json!(kept);
    }
    together(world, "subnet", &wanted, Some(&vpc), ["InvalidSubnetID.NotFound", "InvalidParameterValue"])?;
    for subnet in &wanted {
        let others = world.all("route_table").filter(|(other, _)| *other != id);
        let mut taken = others.filter(|(_, other)| list(&other.inputs, "subnet_ids").contains(subnet));
        if let Some((other, _)) = taken.next() {
            return refuse("Resource.AlreadyAssociated", format!("{subnet} is associated with {other}"));
        }
    }
    Ok(json!({}))
}

pub fn table_deleted(world: &mut World, id: &str) -> Result<()> {
    let users =
        world.all("vpc_endpoint").filter(|(_, other)| list(&other.inputs, "route_table_ids").contains(&id));
    let users = users.map(|(id, _)| id.clone()).collect();
    world.held(id, users, "DependencyViolation")
}
