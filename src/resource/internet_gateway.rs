//! `[internet_gateway.NAME]`: a VPC's way to the internet.

use super::ec2::{self, TAGGED};
use super::ec2::retries::NEW;
use super::{Actions, Change, Create, Holds, Id, Live, Owner, Profile, Resource, Retry, Status, Typical, Wait, Permit, When};
use crate::cloud::{Cloud, Gone, aws};
use crate::error::{Error, Result};
use aws_sdk_ec2::types::{Filter, InternetGateway as Found, ResourceType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

pub struct InternetGateway;

/// A VPC's way to the internet. Subnets use it through a `route_table` with a route to `0.0.0.0/0`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// The VPC that it is attached to; unset, to none. A VPC takes one internet gateway.
    #[schemars(extend("x-ref" = "vpc.id", "x-holds" = true, "x-unique" = true))]
    pub vpc_id: Option<String>,
    /// Tags. `Name` is what the AWS console shows.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// What AWS says about the internet gateway.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// ARN of the internet gateway.
    pub arn: String,
    /// Account that owns it.
    pub owner_id: String,
}

const GONE: &[&str] = &["InvalidInternetGatewayID.NotFound"];
const DETACHED: &[&str] = &["Gateway.NotAttached", "InvalidInternetGatewayID.NotFound", "InvalidVpcID.NotFound"];

const GATEWAY: &str = "ec2:{region}:{account}:internet-gateway/*";
const VPC: &str = "ec2:{region}:{account}:vpc/{vpc_id}";

/// Its own errors that pass by themselves.
const OWN: &[Retry] = &[
    // The object itself is not known everywhere at once.
    Retry::secs("InvalidInternetGatewayID.NotFound", "", 300),
    Retry::secs("InvalidInternetGatewayId.NotFound", "", 300),
    // Public addresses in the VPC hold it until they are gone.
    Retry::secs("DependencyViolation", "", 1200),
    // Two gateways change places, or one takes another's: that one lets go in the same apply.
    Retry::secs("InvalidParameterValue", "already has an internet gateway", 300),
    Retry::secs("Resource.AlreadyAssociated", "", 300),
];
const RETRIES: [Retry; OWN.len() + NEW.len()] = Retry::joined(&[OWN, NEW]);

impl Resource for InternetGateway {
    const KIND: &'static str = "internet_gateway";
    const PROFILE: Profile = Profile {
        create: Wait::secs(0, 1, 1, 300),
        update: Wait::secs(0, 2, 1, 1200),
        delete: Wait::secs(0, 2, 1, 1200),
        typical: Typical { create: 3, update: 3, delete: 5 },
        gone: GONE,
        // A VPC has one at most.
        identity: &["vpc_id"],
        retries: &RETRIES,
        actions: Actions {
            arn: GATEWAY,
            read: &[Permit::on(&["ec2:DescribeInternetGateways"], &["*"])],
            create: &[
                Permit::on(&["ec2:CreateInternetGateway"], &[GATEWAY]).tagged(),
                Permit::on(&["ec2:CreateTags"], &[GATEWAY])
                    .when(When::Creating(&["CreateInternetGateway"]))
                    .along(TAGGED),
            ],
            update: &[
                Permit::on(&["ec2:AttachInternetGateway", "ec2:DetachInternetGateway"], &[GATEWAY, VPC]).ours(),
                Permit::on(&["ec2:CreateTags", "ec2:DeleteTags"], &[GATEWAY]).ours(),
            ],
            delete: &[
                Permit::on(&["ec2:DetachInternetGateway"], &[GATEWAY, VPC]).ours(),
                Permit::on(&["ec2:DeleteInternetGateway"], &[GATEWAY]).ours(),
            ],
        },
        ..Profile::INSTANT
    };
    const HOLDS: Holds = Holds::Nothing;
    type Inputs = Inputs;
    type Outputs = Outputs;

    async fn create(ctx: &Create<'_>, inputs: &Inputs) -> Result<Id> {
        let tags = ec2::tagged(ResourceType::InternetGateway, ctx.tags(&inputs.tags));
        let call = ctx.cloud.ec2_once().create_internet_gateway().tag_specifications(tags);
        let made = call.send().await.map_err(aws("ec2:CreateInternetGateway"))?;
        Ok(Id(made.internet_gateway.and_then(|gateway| gateway.internet_gateway_id).unwrap_or_default()))
    }

    async fn find(cloud: &Cloud, owner: &Owner, _: &Inputs) -> Result<Option<Id>> {
        let found = describe(cloud, ec2::owned(owner)).await?;
        let ours = found.into_iter().filter(|gateway| ec2::owned_by(owner, gateway.tags()));
        owner.only(ours.filter_map(|gateway| gateway.internet_gateway_id))
    }

    async fn read(cloud: &Cloud, ids: &[Id]) -> Result<HashMap<Id, Live<Self>>> {
        let found = ec2::by_ids("internet-gateway-id", ids, |filters| describe(cloud, filters)).await?;
        let asked = |gateway: &Found| {
            ec2::asked(ids, gateway.internet_gateway_id())
        };
        Ok(found.iter().filter_map(|gateway| Some((asked(gateway)?, live(cloud, gateway)))).collect())
    }

    async fn update(cloud: &Cloud, id: &Id, change: Change<'_, Inputs>) -> Result<()> {
        let (before, after) = (change.before, change.after);
        if before.vpc_id != after.vpc_id {
            if let Some(vpc) = &before.vpc_id {
                detach(cloud, id, vpc).await?;
            }
            if let Some(vpc) = &after.vpc_id {
                attach(cloud, id, vpc).await?;
            }
        }
        ec2::retag(cloud, id, &before.tags, &after.tags).await
    }

    async fn delete(cloud: &Cloud, id: &Id, live: &Live<Self>) -> Result<()> {
        if let Some(vpc) = &live.inputs.vpc_id {
            detach(cloud, id, vpc).await?;
        }
        let call = cloud.ec2().delete_internet_gateway().internet_gateway_id(&id.0);
        call.send().await.map_err(aws("ec2:DeleteInternetGateway")).gone(GONE)?;
        Ok(())
    }
}

/// A VPC has one gateway at most. Emulators take a second one, so somebody looks first.
async fn attach(cloud: &Cloud, id: &Id, vpc: &str) -> Result<()> {
    let there = describe(cloud, vec![ec2::filter("attachment.vpc-id", [vpc])]).await?;
    let attached = |gateway: &&Found| gateway.attachments().iter().any(|a| a.vpc_id() == Some(vpc));
    match there.iter().find(attached) {
        // By an earlier attempt.
        Some(there) if there.internet_gateway_id() == Some(&id.0) => return Ok(()),
        Some(there) => return Err(occupied(cloud, id, vpc, there).await?),
        None => {}
    }
    let call = cloud.ec2().attach_internet_gateway().internet_gateway_id(&id.0).vpc_id(vpc);
    call.send().await.map_err(aws("ec2:AttachInternetGateway"))?;
    Ok(())
}

/// One of the stack lets go in the same apply, so it is asked again, as after AWS's own answer; somebody else's never does.
async fn occupied(cloud: &Cloud, id: &Id, vpc: &str, there: &Found) -> Result<Error> {
    let found = describe(cloud, vec![ec2::filter("internet-gateway-id", [&id.0])]).await?;
    let own = found.iter().find(|gateway| gateway.internet_gateway_id() == Some(&id.0));
    let message = format!(
        "{vpc} has an internet gateway, {}, which exists already, and a VPC has one at most. If this stack did not create it, \
         take it over (docs/state.md says how), or take this block out",
        there.internet_gateway_id().unwrap_or_default()
    );
    Ok(ec2::of_others(own.map(Found::tags), there.tags(), "ec2:AttachInternetGateway", message))
}

async fn detach(cloud: &Cloud, id: &Id, vpc: &str) -> Result<()> {
    let call = cloud.ec2().detach_internet_gateway().internet_gateway_id(&id.0).vpc_id(vpc);
    call.send().await.map_err(aws("ec2:DetachInternetGateway")).gone(DETACHED)?;
    Ok(())
}

async fn describe(cloud: &Cloud, filters: Vec<Filter>) -> Result<Vec<Found>> {
    let call = cloud.ec2().describe_internet_gateways().set_filters(Some(filters)).into_paginator();
    let found: std::result::Result<_, _> = call.items().send().collect().await;
    found.map_err(aws("ec2:DescribeInternetGateways"))
}

fn live(cloud: &Cloud, gateway: &Found) -> Live<InternetGateway> {
    // On the wire an attached gateway is `available`, which the SDK's enum does not know: compare text.
    let state = |a: &aws_sdk_ec2::types::InternetGatewayAttachment| {
        a.state().map(|state| state.as_str().to_lowercase()).unwrap_or_default()
    };
    let attachment = gateway.attachments().iter().find(|a| state(a) != "detached");
    let status = match attachment.map(state).as_deref() {
        None | Some("attached" | "available" | "") => Status::Ready,
        Some(word) => Status::Pending(word.to_owned()),
    };
    let inputs = Inputs {
        vpc_id: attachment.and_then(|a| a.vpc_id.clone()),
        tags: ec2::user_tags(gateway.tags()),
    };
    let id = gateway.internet_gateway_id().unwrap_or_default();
    let outputs = Outputs {
        arn: ec2::arn(cloud, gateway.owner_id(), &format!("internet-gateway/{id}")),
        owner_id: gateway.owner_id().unwrap_or(&cloud.account).to_owned(),
    };
    Live { inputs, outputs, status }
}
