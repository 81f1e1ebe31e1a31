//! `[vpc.NAME]`: a virtual private cloud.

use super::ec2::{self, TAGGED, checks, contents};
use super::ec2::retries::NEW;
use super::{Actions, Change, Create, Holds, Id, Live, Owner, Profile, Resource, Retry, Status, Typical, Wait, Permit, When};
use crate::cloud::{Cloud, Gone, aws};
use crate::error::Result;
use aws_sdk_ec2::types::{AttributeBooleanValue, Filter, ResourceType, VpcAttributeName};
use futures::stream::{self, StreamExt, TryStreamExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};

pub struct Vpc;

/// A virtual private cloud: one IPv4 network in one region, that subnets divide.
///
/// AWS makes a default security group, a main route table and a default network ACL with it, which vanish with it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// The IPv4 network, /16 to /28, such as `10.0.0.0/16`. Another one replaces the VPC and all that is in it.
    #[schemars(extend("x-replace" = true))]
    pub cidr_block: String,
    /// Whether instances share hardware with other customers (`default`) or never do (`dedicated`, at a price).
    #[serde(default)]
    #[schemars(extend("x-replace" = true))]
    pub instance_tenancy: Tenancy,
    /// Whether AWS's DNS server answers inside the VPC.
    #[serde(default = "yes")]
    pub enable_dns_support: bool,
    /// Whether instances get DNS names. On unless told otherwise, other than in AWS: the private DNS names of
    /// `vpc_endpoint` need it.
    #[serde(default = "yes")]
    pub enable_dns_hostnames: bool,
    /// Tags. `Name` is what the AWS console shows.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// Who else may run on the hardware.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tenancy {
    #[default]
    Default,
    Dedicated,
}

impl Tenancy {
    fn wire(self) -> aws_sdk_ec2::types::Tenancy {
        match self {
            Self::Default => aws_sdk_ec2::types::Tenancy::Default,
            Self::Dedicated => aws_sdk_ec2::types::Tenancy::Dedicated,
        }
    }
}

fn yes() -> bool {
    true
}

/// What AWS says about the VPC.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// ARN of the VPC.
    pub arn: String,
    /// The IPv4 network.
    pub cidr_block: String,
    /// Account that owns the VPC.
    pub owner_id: String,
    /// Id of the security group that AWS made with the VPC; it cannot be deleted.
    pub default_security_group_id: String,
    /// Id of the route table of all subnets that no `route_table` names.
    pub main_route_table_id: String,
}

const GONE: &[&str] = &["InvalidVpcID.NotFound"];

const VPC: &str = "ec2:{region}:{account}:vpc/*";

/// Its own errors that pass by themselves.
const OWN: &[Retry] = &[
    // The object itself is not known everywhere at once.
    Retry::secs("InvalidVpcID.NotFound", "", 300),
    Retry::secs("InvalidVpcId.NotFound", "", 300),
    Retry::secs("DependencyViolation", "", 300),
];
const RETRIES: [Retry; OWN.len() + NEW.len()] = Retry::joined(&[OWN, NEW]);

impl Resource for Vpc {
    const KIND: &'static str = "vpc";
    const PROFILE: Profile = Profile {
        create: Wait::secs(0, 1, 1, 600),
        // Attributes may read back stale.
        update: Wait::secs(1, 2, 2, 300),
        delete: Wait::secs(0, 2, 1, 300),
        typical: Typical { create: 5, update: 4, delete: 2 },
        gone: GONE,
        retries: &RETRIES,
        actions: Actions {
            arn: "ec2:{region}:{account}:vpc/*",
            read: &[
                Permit::on(&["ec2:DescribeVpcs", "ec2:DescribeSecurityGroups", "ec2:DescribeRouteTables"], &["*"]),
                Permit::on(&["ec2:DescribeVpcAttribute"], &[VPC]),
            ],
            create: &[
                Permit::on(&["ec2:CreateVpc"], &[VPC]).tagged(),
                Permit::on(&["ec2:CreateTags"], &[VPC]).when(When::Creating(&["CreateVpc"])).along(TAGGED),
            ],
            update: &[Permit::on(&["ec2:ModifyVpcAttribute", "ec2:CreateTags", "ec2:DeleteTags"], &[VPC]).ours()],
            delete: &[
                Permit::on(&["ec2:DeleteVpc"], &[VPC]).ours(),
                contents::SEEN,
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
            .create_vpc()
            .cidr_block(&inputs.cidr_block)
            .instance_tenancy(inputs.instance_tenancy.wire())
            .tag_specifications(ec2::tagged(ResourceType::Vpc, ctx.tags(&inputs.tags)));
        let made = call.send().await.map_err(aws("ec2:CreateVpc"))?;
        Ok(Id(made.vpc.and_then(|vpc| vpc.vpc_id).unwrap_or_default()))
    }

    async fn find(cloud: &Cloud, owner: &Owner, _: &Inputs) -> Result<Option<Id>> {
        let found = describe(cloud, ec2::owned(owner)).await?;
        let ours = found.into_iter().filter(|vpc| ec2::owned_by(owner, vpc.tags()));
        owner.only(ours.filter_map(|vpc| vpc.vpc_id))
    }

    async fn read(cloud: &Cloud, ids: &[Id]) -> Result<HashMap<Id, Live<Self>>> {
        let (vpcs, groups, tables) = futures::try_join!(
            ec2::by_ids("vpc-id", ids, |filters| describe(cloud, filters)),
            ec2::by_ids("vpc-id", ids, |filters| default_groups(cloud, filters)),
            ec2::by_ids("vpc-id", ids, |filters| main_tables(cloud, filters)),
        )?;
        let (groups, tables) = (HashMap::from_iter(groups), HashMap::from_iter(tables));
        let mut reads = vec![];
        for vpc in vpcs {
            if let Some(id) = ec2::asked(ids, vpc.vpc_id()) {
                reads.push(live(cloud, id, vpc, &groups, &tables));
            }
        }
        let read: Vec<_> = stream::iter(reads).buffer_unordered(8).try_collect().await?;
        Ok(read.into_iter().flatten().collect())
    }

    async fn update(cloud: &Cloud, id: &Id, change: Change<'_, Inputs>) -> Result<()> {
        let (before, after) = (change.before, change.after);
        let modify = || cloud.ec2().modify_vpc_attribute().vpc_id(&id.0);
        let value = |value: bool| AttributeBooleanValue::builder().value(value).build();
        let mut calls = vec![];
        if before.enable_dns_support != after.enable_dns_support {
            calls.push(modify().enable_dns_support(value(after.enable_dns_support)));
        }
        if before.enable_dns_hostnames != after.enable_dns_hostnames {
            calls.push(modify().enable_dns_hostnames(value(after.enable_dns_hostnames)));
        }
        // Host names need DNS support: it goes on first and off last.
        if !after.enable_dns_support {
            calls.reverse();
        }
        for call in calls {
            call.send().await.map_err(aws("ec2:ModifyVpcAttribute"))?;
        }
        ec2::retag(cloud, id, &before.tags, &after.tags).await
    }

    async fn delete(cloud: &Cloud, id: &Id, _: &Live<Self>) -> Result<()> {
        let call = cloud.ec2().delete_vpc().vpc_id(&id.0);
        match call.send().await.map_err(aws("ec2:DeleteVpc")).gone(GONE) {
            Err(error) => Err(contents::explain(cloud, &id.0, error).await),
            Ok(_) => Ok(()),
        }
    }

    fn check(inputs: &Json) -> Vec<checks::Complaint> {
        let mut complaints = vec![];
        if let Some(text) = checks::text(inputs, "cidr_block").and_then(|cidr| checks::ipv4(cidr, 16..=28)) {
            complaints.push(("cidr_block".to_owned(), text));
        }
        let off = inputs.get("enable_dns_support") == Some(&Json::Bool(false));
        if off && inputs.get("enable_dns_hostnames") != Some(&Json::Bool(false)) {
            let text = "host names need DNS support: set enable_dns_hostnames = false too, or leave enable_dns_support on";
            complaints.push(("enable_dns_hostnames".to_owned(), text.to_owned()));
        }
        complaints
    }
}

async fn describe(cloud: &Cloud, filters: Vec<Filter>) -> Result<Vec<aws_sdk_ec2::types::Vpc>> {
    let call = cloud.ec2().describe_vpcs().set_filters(Some(filters)).into_paginator();
    call.items().send().collect::<std::result::Result<_, _>>().await.map_err(aws("ec2:DescribeVpcs"))
}

/// Of each VPC, the security group that came with it.
async fn default_groups(cloud: &Cloud, mut filters: Vec<Filter>) -> Result<Vec<(String, String)>> {
    filters.push(ec2::filter("group-name", ["default"]));
    let call = cloud.ec2().describe_security_groups().set_filters(Some(filters)).into_paginator();
    let found: std::result::Result<Vec<_>, _> = call.items().send().collect().await;
    let found = found.map_err(aws("ec2:DescribeSecurityGroups"))?;
    let ours = found.into_iter().filter(|group| group.group_name() == Some("default"));
    Ok(ours.filter_map(|group| Some((group.vpc_id?, group.group_id?))).collect())
}

/// Of each VPC, the main route table.
async fn main_tables(cloud: &Cloud, mut filters: Vec<Filter>) -> Result<Vec<(String, String)>> {
    filters.push(ec2::filter("association.main", ["true"]));
    let call = cloud.ec2().describe_route_tables().set_filters(Some(filters)).into_paginator();
    let found: std::result::Result<Vec<_>, _> = call.items().send().collect().await;
    let found = found.map_err(aws("ec2:DescribeRouteTables"))?;
    let main = found.into_iter().filter(|table| table.associations().iter().any(|a| a.main == Some(true)));
    Ok(main.filter_map(|table| Some((table.vpc_id?, table.route_table_id?))).collect())
}

async fn live(
    cloud: &Cloud,
    id: Id,
    vpc: aws_sdk_ec2::types::Vpc,
    groups: &HashMap<String, String>,
    tables: &HashMap<String, String>,
) -> Result<Option<(Id, Live<Vpc>)>> {
    let ask = |name: VpcAttributeName| {
        let call = cloud.ec2().describe_vpc_attribute().vpc_id(&id.0).attribute(name);
        async { call.send().await.map_err(aws("ec2:DescribeVpcAttribute")).gone(GONE) }
    };
    let (support, hostnames) = futures::try_join!(
        ask(VpcAttributeName::EnableDnsSupport),
        ask(VpcAttributeName::EnableDnsHostnames)
    )?;
    let (Some(support), Some(hostnames)) = (support, hostnames) else { return Ok(None) };
    let on = |value: Option<AttributeBooleanValue>| value.and_then(|value| value.value).unwrap_or(false);
    let inputs = Inputs {
        cidr_block: vpc.cidr_block().unwrap_or_default().to_owned(),
        instance_tenancy: match vpc.instance_tenancy() {
            Some(aws_sdk_ec2::types::Tenancy::Dedicated) => Tenancy::Dedicated,
            _ => Tenancy::Default,
        },
        enable_dns_support: on(support.enable_dns_support),
        enable_dns_hostnames: on(hostnames.enable_dns_hostnames),
        tags: ec2::user_tags(vpc.tags()),
    };
    let (group, table) = (groups.get(&id.0), tables.get(&id.0));
    let state = vpc.state().map(|state| state.as_str().to_lowercase()).unwrap_or_default();
    let status = match state.as_str() {
        word if !matches!(word, "available" | "") => Status::Pending(state),
        _ if group.is_none() => Status::Pending("its default security group does not show yet".to_owned()),
        _ if table.is_none() => Status::Pending("its main route table does not show yet".to_owned()),
        _ => Status::Ready,
    };
    let outputs = Outputs {
        arn: ec2::arn(cloud, vpc.owner_id(), &format!("vpc/{id}")),
        cidr_block: inputs.cidr_block.clone(),
        owner_id: vpc.owner_id().unwrap_or(&cloud.account).to_owned(),
        default_security_group_id: group.cloned().unwrap_or_default(),
        main_route_table_id: table.cloned().unwrap_or_default(),
    };
    Ok(Some((id, Live { inputs, outputs, status })))
}
