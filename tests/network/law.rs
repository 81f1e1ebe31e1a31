//! What AWS refuses, kind by kind, written down without a look at the schemas: from the API references, the error lists of
//! Terraform's provider and reports of what was seen. Nothing of it was seen by ourselves.

use crate::world::{World, list, refuse, text};
use ipnet::Ipv4Net;
use serde_json::{Value as Json, json};
use stackctl::error::Result;

/// The laws of one kind.
pub struct Law {
    pub kind: &'static str,
    /// The attribute that is its id; others get one.
    pub named: Option<&'static str>,
    /// What the create call cannot set, and whether that is a list.
    pub later: &'static [(&'static str, bool)],
    /// Seconds until it is ready, and until it is gone.
    pub slow: u64,
    pub fade: u64,
    /// May fill in what AWS decides; answers with outputs.
    pub create: fn(&mut World, &mut Json) -> Result<Json>,
    pub update: fn(&mut World, &str, &Json, &mut Json) -> Result<Json>,
    pub delete: fn(&mut World, &str) -> Result<()>,
}

const PLAIN: Law = Law {
    kind: "",
    named: None,
    later: &[],
    slow: 0,
    fade: 0,
    create: |_, _| Ok(json!({})),
    update: |_, _, _, _| Ok(json!({})),
    delete: |_, _| Ok(()),
};

pub static KINDS: &[Law] = &[
    Law { kind: "vpc", slow: 2, delete: vpc_deleted, ..PLAIN },
    Law { kind: "subnet", create: subnet_made, delete: subnet_deleted, ..PLAIN },
    Law { kind: "internet_gateway", later: &[("vpc_id", false)], update: gateway_changed, ..PLAIN },
    Law {
        kind: "route_table",
        later: &[("routes", true), ("subnet_ids", true)],
        create: table_made,
        update: table_changed,
        delete: table_deleted,
        ..PLAIN
    },
    Law {
        kind: "security_group",
        later: &[("ingress", true), ("egress", true)],
        create: group_made,
        update: group_changed,
        delete: group_deleted,
        ..PLAIN
    },
    Law { kind: "security_group_rule", create: rule_made, update: rule_changed, ..PLAIN },
    Law {
        kind: "vpc_endpoint",
        slow: 40,
        fade: 60,
        create: endpoint_made,
        update: endpoint_changed,
        ..PLAIN
    },
    Law {
        kind: "db_subnet_group",
        named: Some("name"),
        create: pool_made,
        update: pool_changed,
        delete: pool_deleted,
        ..PLAIN
    },
    Law {
        kind: "db_instance",
        named: Some("identifier"),
        slow: 400,
        fade: 300,
        create: database_made,
        update: database_changed,
        ..PLAIN
    },
    Law {
        kind: "lambda_function",
        named: Some("name"),
        slow: 5,
        create: function_made,
        update: function_changed,
        delete: function_deleted,
        ..PLAIN
    },
];

fn there(world: &World, kind: &str, id: &str, code: &str) -> Result<()> {
    match world.get(kind, id) {
        Some(object) if object.dying.is_none() => Ok(()),
        _ => refuse(code, format!("{id} does not exist")),
    }
}

/// All of these exist and lie in one VPC.
fn together(
    world: &World,
    kind: &str,
    ids: &[&str],
    vpc: Option<&str>,
    codes: [&str; 2],
) -> Result<Option<String>> {
    let mut vpc = vpc.map(str::to_owned);
    for id in ids {
        there(world, kind, id, codes[0])?;
        let here = world.vpc_of(id).unwrap_or_default().to_owned();
        match &vpc {
            Some(vpc) if *vpc != here => return refuse(codes[1], format!("{id} is in {here}, not in {vpc}")),
            _ => vpc = Some(here),
        }
    }
    Ok(vpc)
}

// VPC

fn vpc_deleted(world: &mut World, id: &str) -> Result<()> {
    let inside = ["subnet", "internet_gateway", "route_table", "security_group", "vpc_endpoint"];
    let users = world.objects.iter().filter(|(_, object)| inside.contains(&object.kind));
    let users: Vec<String> = users
        .filter(|(_, object)| text(&object.inputs, "vpc_id") == Some(id))
        .map(|(id, _)| id.clone())
        .collect();
    world.held(id, users, "DependencyViolation")
}

// Subnets

fn net(text: Option<&str>) -> Ipv4Net {
    text.unwrap_or_default().parse().expect("a network")
}

fn subnet_made(world: &mut World, inputs: &mut Json) -> Result<Json> {
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
fn subnet_deleted(world: &mut World, id: &str) -> Result<()> {
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

// Internet gateways

fn gateway_changed(world: &mut World, id: &str, before: &Json, after: &mut Json) -> Result<Json> {
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

// Route tables

fn table_made(world: &mut World, inputs: &mut Json) -> Result<Json> {
    there(world, "vpc", text(inputs, "vpc_id").unwrap_or_default(), "InvalidVpcID.NotFound")?;
    Ok(json!({}))
}

fn table_changed(world: &mut World, id: &str, before: &Json, after: &mut Json) -> Result<Json> {
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

fn table_deleted(world: &mut World, id: &str) -> Result<()> {
    let users =
        world.all("vpc_endpoint").filter(|(_, other)| list(&other.inputs, "route_table_ids").contains(&id));
    let users = users.map(|(id, _)| id.clone()).collect();
    world.held(id, users, "DependencyViolation")
}

// Security groups and their rules

fn group_made(world: &mut World, inputs: &mut Json) -> Result<Json> {
    let vpc = text(inputs, "vpc_id").unwrap_or_default();
    there(world, "vpc", vpc, "InvalidVpcID.NotFound")?;
    let same = |other: &Json| other["vpc_id"] == inputs["vpc_id"] && other["name"] == inputs["name"];
    if world.all("security_group").any(|(_, other)| same(&other.inputs)) {
        return refuse("InvalidGroup.Duplicate", format!("{} exists in {vpc}", inputs["name"]));
    }
    Ok(json!({}))
}

fn group_changed(world: &mut World, id: &str, before: &Json, after: &mut Json) -> Result<Json> {
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

fn group_deleted(world: &mut World, id: &str) -> Result<()> {
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
    let its = |object: &crate::world::Object| {
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

fn rule_made(world: &mut World, inputs: &mut Json) -> Result<Json> {
    rule_stands(world, None, inputs)?;
    Ok(json!({}))
}

fn rule_changed(world: &mut World, id: &str, before: &Json, after: &mut Json) -> Result<Json> {
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

// Endpoints

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

fn endpoint_made(world: &mut World, inputs: &mut Json) -> Result<Json> {
    endpoint_stands(world, None, inputs)?;
    Ok(json!({}))
}

fn endpoint_changed(world: &mut World, id: &str, _: &Json, after: &mut Json) -> Result<Json> {
    endpoint_stands(world, Some(id), after)?;
    Ok(json!({}))
}

// Databases

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

fn pool_made(world: &mut World, inputs: &mut Json) -> Result<Json> {
    Ok(json!({"vpc_id": pool(world, inputs)?}))
}

fn pool_changed(world: &mut World, id: &str, before: &Json, after: &mut Json) -> Result<Json> {
    let vpc = pool(world, after)?;
    if world.vpc_of(id) != Some(vpc.as_str()) {
        return refuse(
            "InvalidParameterValue",
            "The new Subnets are not in the same Vpc as the existing subnet group",
        );
    }
    let stay = list(after, "subnet_ids");
    for subnet in list(before, "subnet_ids").into_iter().filter(|subnet| !stay.contains(subnet)) {
        let lives = |other: &crate::world::Object| {
            text(&other.inputs, "db_subnet_group") == Some(id)
                && list(&other.outputs, "seats").contains(&subnet)
        };
        if world.all("db_instance").any(|(_, other)| lives(other)) {
            return refuse("SubnetAlreadyInUse", format!("a database lives in {subnet}"));
        }
    }
    Ok(json!({"vpc_id": vpc}))
}

fn pool_deleted(world: &mut World, id: &str) -> Result<()> {
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

fn database_made(world: &mut World, inputs: &mut Json) -> Result<Json> {
    database_stands(world, inputs)?;
    Ok(seats(world, inputs, world.made))
}

fn database_changed(world: &mut World, id: &str, before: &Json, after: &mut Json) -> Result<Json> {
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

// Functions

fn function_stands(world: &World, inputs: &Json) -> Result<()> {
    let (subnets, groups) = (list(inputs, "subnet_ids"), list(inputs, "security_group_ids"));
    let codes = ["InvalidParameterValueException", "InvalidParameterValueException"];
    let vpc = together(world, "subnet", &subnets, None, codes)?;
    together(world, "security_group", &groups, vpc.as_deref(), codes)?;
    Ok(())
}

fn function_made(world: &mut World, inputs: &mut Json) -> Result<Json> {
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

fn function_changed(world: &mut World, _: &str, before: &Json, after: &mut Json) -> Result<Json> {
    function_stands(world, after)?;
    if interfaces(before) != interfaces(after) {
        world.leave(interfaces(before));
    }
    Ok(json!({}))
}

fn function_deleted(world: &mut World, id: &str) -> Result<()> {
    let uses = interfaces(&world.objects[id].inputs);
    world.leave(uses);
    Ok(())
}
