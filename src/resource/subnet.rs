//! `[subnet.NAME]`: a part of a VPC in one availability zone.

use super::ec2::{self, TAGGED, checks, enis};
use super::ec2::retries::NEW;
use super::{Actions, Change, Create, Holds, Id, Live, Owner, Profile, Resource, Retry, Status, Typical, Wait, Permit, When};
use crate::cloud::{Cloud, Gone, Remedy, aws};
use crate::error::Result;
use aws_sdk_ec2::types::{AttributeBooleanValue, Filter, ResourceType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};

pub struct Subnet;

/// A part of a VPC in one availability zone.
///
/// Which way its traffic goes is said by the `route_table` that lists it in `subnet_ids`; else by the VPC's main one.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// The VPC to be in.
    #[schemars(extend("x-replace" = true, "x-ref" = "vpc.id", "x-holds" = true, "x-unique" = true))]
    pub vpc_id: String,
    /// The IPv4 network, /16 to /28, inside the VPC's; AWS keeps five of its addresses to itself.
    #[schemars(extend("x-replace" = true, "x-unique" = "network", "x-inside" = {"of": "vpc_id", "is": "cidr_block"}))]
    pub cidr_block: String,
    /// Zone such as `eu-west-1a`; AWS picks one when neither this nor `availability_zone_id` is set.
    #[schemars(extend("x-replace" = true, "x-computed" = true, "x-fact" = "zone"))]
    pub availability_zone: Option<String>,
    /// Zone such as `euw1-az1`, which is the same place in every account; instead of `availability_zone`.
    #[schemars(extend("x-replace" = true, "x-computed" = true, "x-fact" = "zone_id"))]
    pub availability_zone_id: Option<String>,
    /// Whether network interfaces in it get a public IPv4 address.
    #[serde(default)]
    #[schemars(extend("x-widens" = {
        "true": "what is put into it gets addresses that the internet can reach; its security groups alone keep others out"
    }))]
    pub map_public_ip_on_launch: bool,
    /// Whether DNS answers the resource names of instances with their IPv4 addresses.
    #[serde(default)]
    pub enable_resource_name_dns_a_record_on_launch: bool,
    /// Tags. `Name` is what the AWS console shows.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// What AWS says about the subnet.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// ARN of the subnet.
    pub arn: String,
    /// Id of the VPC.
    pub vpc_id: String,
    /// The IPv4 network.
    pub cidr_block: String,
    /// Zone such as `eu-west-1a`.
    pub availability_zone: String,
    /// Account that owns the subnet.
    pub owner_id: String,
}

const GONE: &[&str] = &["InvalidSubnetID.NotFound"];

const SUBNET: &str = "ec2:{region}:{account}:subnet/*";

/// Its own errors that pass by themselves.
const OWN: &[Retry] = &[
    // The object itself is not known everywhere at once.
    Retry::secs("InvalidSubnetID.NotFound", "", 300),
    Retry::secs("InvalidSubnetId.NotFound", "", 300),
    Retry::secs("DependencyViolation", "", enis::WINDOW),
];
const RETRIES: [Retry; OWN.len() + NEW.len()] = Retry::joined(&[OWN, NEW]);

impl Resource for Subnet {
    const KIND: &'static str = "subnet";
    const PROFILE: Profile = Profile {
        create: Wait::secs(0, 1, 1, 600),
        update: Wait::secs(1, 2, 2, 300),
        delete: Wait::secs(0, 2, 1, 300),
        typical: Typical { create: 2, update: 4, delete: 3 },
        gone: GONE,
        retries: &RETRIES,
        fixed_name: true,
        identity: &["vpc_id", "cidr_block"],
        actions: Actions {
            arn: SUBNET,
            read: &[Permit::on(&["ec2:DescribeSubnets"], &["*"])],
            create: &[
                Permit::on(&["ec2:CreateSubnet"], &[SUBNET]).tagged(),
                Permit::on(&["ec2:CreateSubnet"], &["ec2:{region}:{account}:vpc/{vpc_id}"]).ours(),
                Permit::on(&["ec2:CreateTags"], &[SUBNET]).when(When::Creating(&["CreateSubnet"])).along(TAGGED),
            ],
            update: &[Permit::on(&["ec2:ModifySubnetAttribute", "ec2:CreateTags", "ec2:DeleteTags"], &[SUBNET]).ours()],
            delete: &[
                Permit::on(&["ec2:DeleteSubnet"], &[SUBNET]).ours(),
                enis::SEEN,
                enis::SWEPT,
            ],
        },
    };
    const HOLDS: Holds = Holds::Nothing;
    type Inputs = Inputs;
    type Outputs = Outputs;

    async fn create(ctx: &Create<'_>, inputs: &Inputs) -> Result<Id> {
        let call = ctx
            .cloud
            .ec2_once()
            .create_subnet()
            .vpc_id(&inputs.vpc_id)
            .cidr_block(&inputs.cidr_block)
            .set_availability_zone(inputs.availability_zone.clone())
            .set_availability_zone_id(inputs.availability_zone_id.clone())
            .tag_specifications(ec2::tagged(ResourceType::Subnet, ctx.tags(&inputs.tags)));
        let made = call.send().await.map_err(aws("ec2:CreateSubnet")).remedy(
            &["InvalidSubnet.Conflict"],
            "a subnet with some of these addresses exists already in the VPC; if this stack did not create it, choose other \
             addresses (`cidr_block`)",
        )?;
        Ok(Id(made.subnet.and_then(|subnet| subnet.subnet_id).unwrap_or_default()))
    }

    async fn find(cloud: &Cloud, owner: &Owner, _: &Inputs) -> Result<Option<Id>> {
        let found = describe(cloud, ec2::owned(owner)).await?;
        let ours = found.into_iter().filter(|subnet| ec2::owned_by(owner, subnet.tags()));
        owner.only(ours.filter_map(|subnet| subnet.subnet_id))
    }

    async fn read(cloud: &Cloud, ids: &[Id]) -> Result<HashMap<Id, Live<Self>>> {
        let found = ec2::by_ids("subnet-id", ids, |filters| describe(cloud, filters)).await?;
        let asked = |subnet: &aws_sdk_ec2::types::Subnet| ec2::asked(ids, subnet.subnet_id());
        Ok(found.iter().filter_map(|subnet| Some((asked(subnet)?, live(cloud, subnet)))).collect())
    }

    async fn update(cloud: &Cloud, id: &Id, change: Change<'_, Inputs>) -> Result<()> {
        let (before, after) = (change.before, change.after);
        // ModifySubnetAttribute takes one attribute a call.
        let modify = || cloud.ec2().modify_subnet_attribute().subnet_id(&id.0);
        let value = |value: bool| AttributeBooleanValue::builder().value(value).build();
        let mut calls = vec![];
        if before.map_public_ip_on_launch != after.map_public_ip_on_launch {
            calls.push(modify().map_public_ip_on_launch(value(after.map_public_ip_on_launch)));
        }
        let record = after.enable_resource_name_dns_a_record_on_launch;
        if before.enable_resource_name_dns_a_record_on_launch != record {
            calls.push(modify().enable_resource_name_dns_a_record_on_launch(value(record)));
        }
        for call in calls {
            call.send().await.map_err(aws("ec2:ModifySubnetAttribute"))?;
        }
        ec2::retag(cloud, id, &before.tags, &after.tags).await
    }

    async fn delete(cloud: &Cloud, id: &Id, _: &Live<Self>) -> Result<()> {
        let holders = enis::sweep(cloud, "subnet-id", &id.0).await?;
        let call = cloud.ec2().delete_subnet().subnet_id(&id.0);
        let deleted = call.send().await.map_err(aws("ec2:DeleteSubnet")).gone(GONE);
        deleted.map_err(|error| holders.explain(error))?;
        Ok(())
    }

    fn check(inputs: &Json) -> Vec<checks::Complaint> {
        let mut complaints = vec![];
        if let Some(text) = checks::text(inputs, "cidr_block").and_then(|cidr| checks::ipv4(cidr, 16..=28)) {
            complaints.push(("cidr_block".to_owned(), text));
        }
        if checks::which(inputs, &["availability_zone", "availability_zone_id"]).len() > 1 {
            let text = "a zone is named once: remove availability_zone or availability_zone_id";
            complaints.push(("availability_zone_id".to_owned(), text.to_owned()));
        }
        complaints
    }
}

async fn describe(cloud: &Cloud, filters: Vec<Filter>) -> Result<Vec<aws_sdk_ec2::types::Subnet>> {
    let call = cloud.ec2().describe_subnets().set_filters(Some(filters)).into_paginator();
    call.items().send().collect::<std::result::Result<_, _>>().await.map_err(aws("ec2:DescribeSubnets"))
}

fn live(cloud: &Cloud, subnet: &aws_sdk_ec2::types::Subnet) -> Live<Subnet> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let names = subnet.private_dns_name_options_on_launch();
    let inputs = Inputs {
        vpc_id: text(subnet.vpc_id()),
        cidr_block: text(subnet.cidr_block()),
        availability_zone: subnet.availability_zone.clone(),
        availability_zone_id: subnet.availability_zone_id.clone(),
        map_public_ip_on_launch: subnet.map_public_ip_on_launch.unwrap_or(false),
        enable_resource_name_dns_a_record_on_launch: names
            .and_then(|names| names.enable_resource_name_dns_a_record)
            .unwrap_or(false),
        tags: ec2::user_tags(subnet.tags()),
    };
    let state = subnet.state().map(|state| state.as_str().to_lowercase()).unwrap_or_default();
    let status = match state.as_str() {
        "available" | "" => Status::Ready,
        "failed" | "failed-insufficient-capacity" => Status::Lost(state),
        "unavailable" => Status::ailing(state, "wait until its zone is there again, or ask AWS"),
        _ => Status::Pending(state),
    };
    let id = subnet.subnet_id().unwrap_or_default();
    let made_up = || ec2::arn(cloud, subnet.owner_id(), &format!("subnet/{id}"));
    let outputs = Outputs {
        arn: subnet.subnet_arn.clone().unwrap_or_else(made_up),
        vpc_id: inputs.vpc_id.clone(),
        cidr_block: inputs.cidr_block.clone(),
        availability_zone: text(subnet.availability_zone()),
        owner_id: subnet.owner_id().unwrap_or(&cloud.account).to_owned(),
    };
    Live { inputs, outputs, status }
}
