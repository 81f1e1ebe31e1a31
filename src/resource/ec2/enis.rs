//! Network interfaces that Lambda leaves behind, which hold subnets and security groups for up to 45 minutes.

use super::filter;
use crate::cloud::{Cloud, Gone, aws};
use crate::error::Result;
use aws_sdk_ec2::types::NetworkInterface;

/// The window in which a deletion that they block is tried again (AWS's Lambda team: 35 minutes for 99 %).
pub const WINDOW: u64 = 2700;

/// What sweeping needs beside the deletion itself.
pub const ACTIONS: [&str; 2] = ["ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface"];

/// It is in use again, somebody else was faster, or only Lambda may touch it: the next attempt looks again.
const PASSING: &[&str] = &[
    "InvalidNetworkInterfaceID.NotFound",
    "InvalidNetworkInterface.InUse",
    "InvalidParameterValue",
    "OperationNotPermitted",
    "AuthFailure",
];

/// Deletes Lambda's interfaces that nothing is attached to any more, by the filter `subnet-id` or `group-id`. All
/// others are left to their owners. The engine repeats the deletion of the subnet or group, and with it this.
pub async fn sweep(cloud: &Cloud, by: &str, id: &str) -> Result<()> {
    let filters = vec![filter(by, [id]), filter("status", ["available"])];
    let call = cloud.ec2().describe_network_interfaces().set_filters(Some(filters));
    let found: Vec<NetworkInterface> = call
        .into_paginator()
        .items()
        .send()
        .collect::<std::result::Result<_, _>>()
        .await
        .map_err(aws("ec2:DescribeNetworkInterfaces"))?;
    for eni in found.iter().filter(|eni| left_by_lambda(eni)) {
        let call =
            cloud.ec2().delete_network_interface().set_network_interface_id(eni.network_interface_id.clone());
        call.send().await.map_err(aws("ec2:DeleteNetworkInterface")).gone(PASSING)?;
    }
    Ok(())
}

fn left_by_lambda(eni: &NetworkInterface) -> bool {
    let detached = eni.attachment().is_none();
    let available = eni.status().is_some_and(|status| status.as_str() == "available");
    detached && available && eni.description().is_some_and(|text| text.starts_with("AWS Lambda VPC ENI"))
}
