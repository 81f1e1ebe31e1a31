//! `[route_table.NAME]`: which way the traffic of subnets goes.

mod route;

use super::ec2::{self, TAGGED, checks};
use super::ec2::retries::NEW;
use super::{Actions, Change, Create, Holds, Id, Live, Owner, Profile, Resource, Retry, Status, Typical, Wait, Permit, When};
use crate::cloud::{Cloud, Gone, aws};
use crate::error::Result;
use aws_sdk_ec2::types::{self, Filter, ResourceType, RouteTableAssociation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};

pub use route::Route;
use route::TARGETS;

pub struct RouteTable;

/// Which way the traffic of subnets goes. Traffic inside the VPC needs no route.
///
/// `routes` is all there is: others are removed. Untouched stay what AWS looks after: the `local` route, routes that
/// VPN gateways and route servers propagate, and those that a `vpc_endpoint` of type Gateway adds for its service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// The VPC to be in.
    #[schemars(extend("x-replace" = true, "x-ref" = "vpc.id", "x-holds" = true))]
    pub vpc_id: String,
    /// Ways out of the VPC.
    #[serde(default)]
    #[schemars(extend("x-set" = true, "x-traffic" = "route"))]
    pub routes: Vec<Route>,
    /// The subnets whose traffic it routes. A subnet belongs to one route table; those that none lists use the main one
    /// of the VPC.
    #[serde(default)]
    #[schemars(extend("x-ref" = "subnet.id", "x-set" = true, "x-unique" = "each", "x-within" = {"place": "vpc_id"}))]
    pub subnet_ids: Vec<String>,
    /// Tags. `Name` is what the AWS console shows.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// What AWS says about the route table.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// ARN of the route table.
    pub arn: String,
    /// Id of the VPC.
    pub vpc_id: String,
    /// Account that owns it.
    pub owner_id: String,
    /// Destinations whose target no longer exists: their traffic is dropped.
    #[schemars(extend("x-volatile" = ["routes"]))]
    pub blackholes: Vec<String>,
}

const GONE: &[&str] = &["InvalidRouteTableID.NotFound", "InvalidRouteTableId.NotFound"];

const TABLE: &str = "ec2:{region}:{account}:route-table/*";
const SUBNETS: &str = "ec2:{region}:{account}:subnet/{subnet_ids}";

/// Its own errors that pass by themselves.
const OWN: &[Retry] = &[
    // The object itself is not known everywhere at once.
    Retry::secs("InvalidRouteTableID.NotFound", "", 300),
    Retry::secs("InvalidRouteTableId.NotFound", "", 300),
    Retry::secs("InvalidTransitGatewayID.NotFound", "", 300),
    Retry::secs("DependencyViolation", "", 300),
    Retry::secs("InvalidParameterException", "", 300),
    // A subnet that moves between two tables of the stack: the other one lets it go in the same apply.
    Retry::secs("Resource.AlreadyAssociated", "", 60),
];
const RETRIES: [Retry; OWN.len() + NEW.len()] = Retry::joined(&[OWN, NEW]);

impl Resource for RouteTable {
    const KIND: &'static str = "route_table";
    const PROFILE: Profile = Profile {
        create: Wait::secs(0, 1, 2, 300),
        update: Wait::secs(0, 1, 2, 300),
        delete: Wait::secs(0, 1, 2, 300),
        typical: Typical { create: 4, update: 3, delete: 3 },
        gone: GONE,
        retries: &RETRIES,
        actions: Actions {
            arn: TABLE,
            read: &[Permit::on(&["ec2:DescribeRouteTables"], &["*"])],
            create: &[
                Permit::on(&["ec2:CreateRouteTable"], &[TABLE]).tagged(),
                Permit::on(&["ec2:CreateRouteTable"], &["ec2:{region}:{account}:vpc/{vpc_id}"]).ours(),
                Permit::on(&["ec2:CreateTags"], &[TABLE]).when(When::Creating(&["CreateRouteTable"])).along(TAGGED),
            ],
            update: &[
                Permit::on(&["ec2:CreateRoute", "ec2:ReplaceRoute", "ec2:DeleteRoute"], &[TABLE]).ours(),
                Permit::on(&["ec2:CreateTags", "ec2:DeleteTags"], &[TABLE]).ours(),
                Permit::on(&["ec2:AssociateRouteTable", "ec2:DisassociateRouteTable"], &[TABLE, SUBNETS]).ours(),
            ],
            delete: &[
                Permit::on(&["ec2:DisassociateRouteTable"], &[TABLE, SUBNETS]).ours(),
                Permit::on(&["ec2:DeleteRouteTable"], &[TABLE]).ours(),
            ],
        },
        ..Profile::INSTANT
    };
    const HOLDS: Holds = Holds::Nothing;
    type Inputs = Inputs;
    type Outputs = Outputs;

    async fn create(ctx: &Create<'_>, inputs: &Inputs) -> Result<Id> {
        let call = ctx
            .cloud
            .ec2_once()
            .create_route_table()
            .vpc_id(&inputs.vpc_id)
            .client_token(ctx.token())
            .tag_specifications(ec2::tagged(ResourceType::RouteTable, ctx.tags(&inputs.tags)));
        let made = call.send().await.map_err(aws("ec2:CreateRouteTable"))?;
        Ok(Id(made.route_table.and_then(|table| table.route_table_id).unwrap_or_default()))
    }

    async fn find(cloud: &Cloud, owner: &Owner, _: &Inputs) -> Result<Option<Id>> {
        let found = describe(cloud, ec2::owned(owner)).await?;
        let ours = found.into_iter().filter(|table| ec2::owned_by(owner, table.tags()));
        owner.only(ours.filter_map(|table| table.route_table_id))
    }

    async fn read(cloud: &Cloud, ids: &[Id]) -> Result<HashMap<Id, Live<Self>>> {
        let found = ec2::by_ids("route-table-id", ids, |filters| describe(cloud, filters)).await?;
        let asked = |table: &types::RouteTable| ec2::asked(ids, table.route_table_id());
        Ok(found.iter().filter_map(|table| Some((asked(table)?, live(cloud, table)))).collect())
    }

    async fn update(cloud: &Cloud, id: &Id, change: Change<'_, Inputs>) -> Result<()> {
        let (before, after) = (change.before, change.after);
        for route in &after.routes {
            match before.routes.iter().find(|old| old.destination == route.destination) {
                Some(old) if old == route => {}
                Some(_) => route::replace(cloud, id, route).await?,
                None => route::create(cloud, id, route).await?,
            }
        }
        for old in &before.routes {
            if !after.routes.iter().any(|route| route.destination == old.destination) {
                route::delete(cloud, id, &old.destination).await?;
            }
        }
        associate(cloud, id, before, after).await?;
        ec2::retag(cloud, id, &before.tags, &after.tags).await
    }

    async fn delete(cloud: &Cloud, id: &Id, _: &Live<Self>) -> Result<()> {
        for association in associations(cloud, id).await? {
            disassociate(cloud, &association).await?;
        }
        let call = cloud.ec2().delete_route_table().route_table_id(&id.0);
        call.send().await.map_err(aws("ec2:DeleteRouteTable")).gone(GONE)?;
        Ok(())
    }

    fn check(inputs: &Json) -> Vec<checks::Complaint> {
        let routes = inputs.get("routes").and_then(Json::as_array);
        let mut complaints = vec![];
        let mut seen: Vec<&str> = vec![];
        for (index, route) in routes.into_iter().flatten().enumerate() {
            let mut complain = |name: &str, text: String| complaints.push((format!("routes.{index}.{name}"), text));
            if let Some(destination) = checks::text(route, "destination") {
                if let Some(text) = (!destination.starts_with("pl-"))
                    .then(|| checks::any_network(destination))
                    .flatten()
                {
                    complain("destination", text);
                }
                if seen.contains(&destination) {
                    complain("destination", format!("a second route to {destination}: keep one"));
                }
                seen.push(destination);
            }
            match checks::which(route, TARGETS).as_slice() {
                [_] => {}
                [] => complain(TARGETS[0], format!("a route needs a target: set one of {}", TARGETS.join(", "))),
                [_, second, ..] => complain(second, format!("a route has one target: remove {second}")),
            }
            if checks::text(route, "gateway_id") == Some("local") {
                let text = "AWS makes the local route itself and it stays untouched: remove this one";
                complain("gateway_id", text.to_owned());
            }
        }
        complaints
    }
}

async fn describe(cloud: &Cloud, filters: Vec<Filter>) -> Result<Vec<types::RouteTable>> {
    let call = cloud.ec2().describe_route_tables().set_filters(Some(filters)).into_paginator();
    call.items().send().collect::<std::result::Result<_, _>>().await.map_err(aws("ec2:DescribeRouteTables"))
}

/// All but the main one, which cannot be removed.
async fn associations(cloud: &Cloud, id: &Id) -> Result<Vec<RouteTableAssociation>> {
    let found = describe(cloud, vec![ec2::filter("route-table-id", [&id.0])]).await?;
    let table = found.into_iter().find(|table| table.route_table_id() == Some(&id.0));
    let all = table.and_then(|table| table.associations).unwrap_or_default();
    Ok(all.into_iter().filter(|association| association.main != Some(true)).collect())
}

async fn disassociate(cloud: &Cloud, association: &RouteTableAssociation) -> Result<()> {
    let id = association.route_table_association_id.clone();
    let call = cloud.ec2().disassociate_route_table().set_association_id(id);
    call.send().await.map_err(aws("ec2:DisassociateRouteTable")).gone(&["InvalidAssociationID.NotFound"])?;
    Ok(())
}

async fn associate(cloud: &Cloud, id: &Id, before: &Inputs, after: &Inputs) -> Result<()> {
    let moves = |from: &Inputs, to: &Inputs| from.subnet_ids.iter().any(|s| !to.subnet_ids.contains(s));
    if !moves(before, after) && !moves(after, before) {
        return Ok(());
    }
    // Read again rather than trust `before`: an earlier attempt may have got half-way, and removing needs ids.
    let present = associations(cloud, id).await?;
    for association in &present {
        let wanted = association.subnet_id.as_ref().is_none_or(|subnet| after.subnet_ids.contains(subnet));
        if !wanted && !is_leaving(association) {
            disassociate(cloud, association).await?;
        }
    }
    let missing = |subnet: &&String| !present.iter().any(|association| association.subnet_id() == Some(subnet));
    let missing: Vec<&String> = after.subnet_ids.iter().filter(missing).collect();
    free(cloud, id, &missing).await?;
    for subnet in &after.subnet_ids {
        let here = |association: &&RouteTableAssociation| {
            association.subnet_id() == Some(subnet) && !is_leaving(association)
        };
        if present.iter().find(here).is_none() {
            let call = cloud.ec2().associate_route_table().route_table_id(&id.0).subnet_id(subnet);
            call.send().await.map_err(aws("ec2:AssociateRouteTable"))?;
        }
    }
    Ok(())
}

/// A subnet has one route table. Emulators take it from another one without a word, so somebody looks first: a table of
/// the stack lets it go in the same apply, so it is asked again, as after AWS's own answer; somebody else's never does.
async fn free(cloud: &Cloud, id: &Id, subnets: &[&String]) -> Result<()> {
    if subnets.is_empty() {
        return Ok(());
    }
    let (own, there) = (ec2::filter("route-table-id", [&id.0]), ec2::filter("association.subnet-id", subnets));
    let (own, there) = futures::try_join!(describe(cloud, vec![own]), describe(cloud, vec![there]))?;
    let own = own.iter().find(|table| table.route_table_id() == Some(&id.0));
    for table in there.iter().filter(|table| table.route_table_id() != Some(&id.0)) {
        let held = table.associations().iter().filter(|association| !is_leaving(association));
        let mut held = held.filter_map(|association| association.subnet_id.as_ref());
        if let Some(subnet) = held.find(|subnet| subnets.contains(subnet)) {
            let message = format!(
                "{subnet} is associated with {}, and a subnet has one route table: that association exists already. Remove it \
                 from the subnet_ids of that table, or, if this stack did not create it, there by hand, then apply again",
                table.route_table_id().unwrap_or("another route table")
            );
            let own = own.map(types::RouteTable::tags);
            return Err(ec2::of_others(own, table.tags(), "ec2:AssociateRouteTable", message));
        }
    }
    Ok(())
}

fn state(association: &RouteTableAssociation) -> &str {
    let state = association.association_state().and_then(|state| state.state());
    state.map_or("associated", |state| state.as_str())
}

fn is_leaving(association: &RouteTableAssociation) -> bool {
    matches!(state(association), "disassociating" | "disassociated" | "failed")
}

fn live(cloud: &Cloud, table: &types::RouteTable) -> Live<RouteTable> {
    let associations = || table.associations().iter().filter(|association| association.main != Some(true));
    let ours = |route: &&types::Route| route::is_ours(route, table.owner_id());
    let blackholes = table.routes().iter().filter(ours).filter(|route| {
        route.state().is_some_and(|state| state.as_str() == "blackhole")
    });
    let inputs = Inputs {
        vpc_id: table.vpc_id().unwrap_or_default().to_owned(),
        routes: table.routes().iter().filter(ours).map(route::read).collect(),
        subnet_ids: associations()
            .filter(|association| !is_leaving(association))
            .filter_map(|association| association.subnet_id.clone())
            .collect(),
        tags: ec2::user_tags(table.tags()),
    };
    let id = table.route_table_id().unwrap_or_default();
    let outputs = Outputs {
        arn: ec2::arn(cloud, table.owner_id(), &format!("route-table/{id}")),
        vpc_id: inputs.vpc_id.clone(),
        owner_id: table.owner_id().unwrap_or(&cloud.account).to_owned(),
        blackholes: blackholes.map(|route| route::read(route).destination).collect(),
    };
    let mut status = Status::Ready;
    for association in associations() {
        match state(association) {
            "associated" | "disassociated" | "" => {}
            // It is no association: the subnet counts as one that is not there, and is associated again.
            "failed" => {
                let reason = association.association_state().and_then(|state| state.status_message());
                let subnet = association.subnet_id().unwrap_or_default();
                let reason = reason.unwrap_or("AWS gives no reason");
                let help = "the next apply associates it again; where that fails too, look at the subnet";
                if status == Status::Ready {
                    status = Status::ailing(format!("the association with {subnet} failed: {reason}"), help);
                }
            }
            word => status = Status::Pending(word.to_owned()),
        }
    }
    Live { inputs, outputs, status }
}

