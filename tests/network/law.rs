//! What AWS refuses, kind by kind, written down without a look at the schemas: from the API references, the error lists of
//! Terraform's provider and reports of what was seen. Nothing of it was seen by ourselves.

mod database;
mod endpoint;
mod firewall;
mod function;
mod network;

use crate::world::{World, refuse};
use database::{database_changed, database_made, pool_changed, pool_deleted, pool_made};
use endpoint::{endpoint_changed, endpoint_made};
use firewall::{group_changed, group_deleted, group_made, rule_changed, rule_made};
use function::{function_changed, function_deleted, function_made};
use network::{
    gateway_changed, subnet_deleted, subnet_made, table_changed, table_deleted, table_made, vpc_deleted,
};
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
