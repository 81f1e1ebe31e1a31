//! What is in a VPC and keeps EC2 from deleting it, which EC2's complaint does not say.

use super::enis::{Holders, named};
use super::filter;
use crate::cloud::{Cloud, aws};
use crate::error::{Error, Result};
use crate::resource::Permit;
use aws_sdk_ec2::types::{NetworkInterface, SecurityGroup, VpcEndpoint};

/// What looking needs.
pub const SEEN: Permit = Permit::on(
    &["ec2:DescribeNetworkInterfaces", "ec2:DescribeVpcEndpoints", "ec2:DescribeSecurityGroups"],
    &["*"],
)
.along("what keeps EC2 from deleting a VPC is named");

/// GuardDuty's runtime monitoring puts an endpoint and this group into each VPC that it watches.
const GUARD: &str = "GuardDutyManagedSecurityGroup";

/// The complaint with what is there. Looking must not hide it: what cannot be seen is not named.
pub async fn explain(cloud: &Cloud, vpc: &str, error: Error) -> Error {
    if error.code() != Some("DependencyViolation") {
        return error;
    }
    match all(cloud, vpc).await {
        Ok(found) => Holders(found).explain(error),
        Err(unseen) => {
            tracing::warn!(%unseen, "what is in {vpc} is not known");
            error
        }
    }
}

async fn all(cloud: &Cloud, vpc: &str) -> Result<Vec<String>> {
    let ec2 = cloud.ec2();
    let by_vpc = || filter("vpc-id", [vpc]);
    let interfaces = ec2.describe_network_interfaces().filters(by_vpc()).into_paginator().items().send();
    let endpoints = ec2.describe_vpc_endpoints().filters(by_vpc()).into_paginator().items().send();
    let groups = ec2.describe_security_groups().filters(by_vpc()).into_paginator().items().send();
    let interfaces: std::result::Result<Vec<NetworkInterface>, _> = interfaces.collect().await;
    let endpoints: std::result::Result<Vec<VpcEndpoint>, _> = endpoints.collect().await;
    let groups: std::result::Result<Vec<SecurityGroup>, _> = groups.collect().await;
    let (interfaces, endpoints, groups) = (
        interfaces.map_err(aws("ec2:DescribeNetworkInterfaces"))?,
        endpoints.map_err(aws("ec2:DescribeVpcEndpoints"))?,
        groups.map_err(aws("ec2:DescribeSecurityGroups"))?,
    );
    let mut found: Vec<String> = vec![];
    let here = |there: Option<&str>| there == Some(vpc);
    let of = |endpoint: &VpcEndpoint| {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        format!("{} ({})", text(endpoint.vpc_endpoint_id()), text(endpoint.service_name()))
    };
    found.extend(endpoints.iter().filter(|endpoint| here(endpoint.vpc_id())).map(of));
    found.extend(groups.iter().filter(|group| here(group.vpc_id())).filter_map(group));
    found.extend(interfaces.iter().filter(|eni| here(eni.vpc_id())).map(named));
    Ok(found)
}

/// The default one goes with the VPC.
fn group(group: &SecurityGroup) -> Option<String> {
    let (id, name) = (group.group_id()?, group.group_name()?);
    let guard = "GuardDuty's runtime monitoring made it: exclude the VPC there, or delete its endpoint and this group";
    match name {
        "default" => None,
        name if name.starts_with(GUARD) => Some(format!("{id} ({name}: {guard})")),
        name => Some(format!("{id} ({name})")),
    }
}
