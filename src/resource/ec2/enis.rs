//! Network interfaces that Lambda leaves behind, which hold subnets and security groups for up to 45 minutes.

use super::filter;
use crate::cloud::{Cloud, Gone, aws};
use crate::error::{AwsError, Error, Result};
use crate::resource::Permit;
use aws_sdk_ec2::types::NetworkInterface;

/// The window in which a deletion that they block is tried again (AWS's Lambda team: 35 minutes for 99 %).
pub const WINDOW: u64 = 2700;

/// What sweeping needs beside the deletion itself.
pub const SEEN: Permit = Permit::on(&["ec2:DescribeNetworkInterfaces"], &["*"]);
/// Lambda does not tag its interfaces; what is still attached, EC2 does not delete.
pub const SWEPT: Permit =
    Permit::on(&["ec2:DeleteNetworkInterface"], &["ec2:{region}:{account}:network-interface/*"]);

/// It is in use again, somebody else was faster, only Lambda may touch it, or these credentials may not: Lambda deletes it
/// itself in time, and the next attempt looks again.
const PASSING: &[&str] = &[
    "InvalidNetworkInterfaceID.NotFound",
    "InvalidNetworkInterface.InUse",
    "InvalidParameterValue",
    "OperationNotPermitted",
    "AuthFailure",
    "UnauthorizedOperation",
];

/// These credentials may not look: what holds the object stays unnamed, and its deletion is asked for all the same.
const UNSEEN: &[&str] = &["UnauthorizedOperation", "AuthFailure"];

/// The network interfaces that stay.
pub struct Holders(pub(super) Vec<String>);

impl Holders {
    /// Names them in AWS's complaint about a dependency, which does not.
    pub fn explain(self, error: Error) -> Error {
        match error {
            Error::Aws(aws) if !self.0.is_empty() && aws.code.as_deref() == Some("DependencyViolation") => {
                let message = format!("{}. In use by {}", aws.message, self.0.join(", "));
                Error::Aws(AwsError { message, ..aws })
            }
            other => other,
        }
    }
}

/// Deletes Lambda's interfaces that nothing is attached to any more, by the filter `subnet-id` or `group-id`. All
/// others are left to their owners. The engine repeats the deletion of the subnet or group, and with it this.
pub async fn sweep(cloud: &Cloud, by: &str, id: &str) -> Result<Holders> {
    let call = cloud.ec2().describe_network_interfaces().filters(filter(by, [id])).into_paginator();
    let found: std::result::Result<Vec<_>, _> = call.items().send().collect().await;
    let found = found.map_err(aws("ec2:DescribeNetworkInterfaces")).gone(UNSEEN)?.unwrap_or_default();
    let (left, held): (Vec<_>, Vec<_>) =
        found.into_iter().filter(|eni| belongs(eni, id)).partition(left_by_lambda);
    for eni in left {
        let call = cloud.ec2().delete_network_interface().set_network_interface_id(eni.network_interface_id);
        call.send().await.map_err(aws("ec2:DeleteNetworkInterface")).gone(PASSING)?;
    }
    Ok(Holders(held.iter().map(named).collect()))
}

/// Emulators may ignore the filter.
fn belongs(eni: &NetworkInterface, id: &str) -> bool {
    eni.subnet_id() == Some(id) || eni.groups().iter().any(|group| group.group_id() == Some(id))
}

fn left_by_lambda(eni: &NetworkInterface) -> bool {
    let detached = eni.attachment().is_none();
    let available = eni.status().is_some_and(|status| status.as_str() == "available");
    detached && available && eni.description().is_some_and(|text| text.starts_with("AWS Lambda VPC ENI"))
}

pub(super) fn named(eni: &NetworkInterface) -> String {
    let id = eni.network_interface_id().unwrap_or("a network interface");
    match eni.description().filter(|text| !text.is_empty()) {
        Some(text) => format!("{id} ({text})"),
        None => id.to_owned(),
    }
}
