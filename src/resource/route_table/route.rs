//! One route: a destination and where it leads.

use crate::cloud::{Cloud, Gone, aws};
use crate::error::Result;
use crate::resource::Id;
use aws_sdk_ec2::types;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A destination and exactly one target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// IPv4 or IPv6 network such as `0.0.0.0/0` or `::/0`, or the id of a prefix list (`pl-…`).
    pub destination: String,
    /// Internet gateway (`igw-…`) or VPN gateway (`vgw-…`).
    #[schemars(extend("x-ref" = "internet_gateway.id", "x-within" = {"place": "vpc_id"}))]
    pub gateway_id: Option<String>,
    /// NAT gateway (`nat-…`).
    pub nat_gateway_id: Option<String>,
    /// Gateway Load Balancer endpoint (`vpce-…`). Endpoints of type Gateway add their routes themselves.
    #[schemars(extend("x-ref" = "vpc_endpoint.id"))]
    pub vpc_endpoint_id: Option<String>,
    /// Network interface (`eni-…`).
    pub network_interface_id: Option<String>,
    /// Transit gateway (`tgw-…`).
    pub transit_gateway_id: Option<String>,
    /// VPC peering connection (`pcx-…`).
    pub vpc_peering_connection_id: Option<String>,
    /// Egress-only internet gateway (`eigw-…`): the way out of private subnets with IPv6.
    pub egress_only_gateway_id: Option<String>,
    /// Carrier gateway (`cagw-…`) of a Wavelength zone.
    pub carrier_gateway_id: Option<String>,
    /// Local gateway (`lgw-…`) of an Outpost.
    pub local_gateway_id: Option<String>,
    /// ARN of a core network of Cloud WAN.
    pub core_network_arn: Option<String>,
}

pub(super) const TARGETS: &[&str] = &[
    "gateway_id",
    "nat_gateway_id",
    "vpc_endpoint_id",
    "network_interface_id",
    "transit_gateway_id",
    "vpc_peering_connection_id",
    "egress_only_gateway_id",
    "carrier_gateway_id",
    "local_gateway_id",
    "core_network_arn",
];

/// The SDK has a call for each destination; this sets the one that fits.
macro_rules! destination {
    ($call:expr, $destination:expr) => {
        match $destination {
            list if list.starts_with("pl-") => $call.destination_prefix_list_id(list),
            v6 if v6.contains(':') => $call.destination_ipv6_cidr_block(v6),
            v4 => $call.destination_cidr_block(v4),
        }
    };
}

/// CreateRoute and ReplaceRoute take the same targets.
macro_rules! target {
    ($call:expr, $route:expr) => {
        $call
            .set_gateway_id($route.gateway_id.clone())
            .set_nat_gateway_id($route.nat_gateway_id.clone())
            .set_vpc_endpoint_id($route.vpc_endpoint_id.clone())
            .set_network_interface_id($route.network_interface_id.clone())
            .set_transit_gateway_id($route.transit_gateway_id.clone())
            .set_vpc_peering_connection_id($route.vpc_peering_connection_id.clone())
            .set_egress_only_internet_gateway_id($route.egress_only_gateway_id.clone())
            .set_carrier_gateway_id($route.carrier_gateway_id.clone())
            .set_local_gateway_id($route.local_gateway_id.clone())
            .set_core_network_arn($route.core_network_arn.clone())
    };
}

pub(super) async fn create(cloud: &Cloud, id: &Id, route: &Route) -> Result<()> {
    let call = target!(cloud.ec2().create_route().route_table_id(&id.0), route);
    let call = destination!(call, route.destination.as_str());
    match call.send().await.map_err(aws("ec2:CreateRoute")) {
        // By an earlier attempt, or by somebody else since the last read: the table is ours.
        Err(error) if error.is(&["RouteAlreadyExists"]) => replace(cloud, id, route).await,
        Err(error) => Err(error),
        Ok(_) => Ok(()),
    }
}

pub(super) async fn replace(cloud: &Cloud, id: &Id, route: &Route) -> Result<()> {
    let call = target!(cloud.ec2().replace_route().route_table_id(&id.0), route);
    let call = destination!(call, route.destination.as_str());
    call.send().await.map_err(aws("ec2:ReplaceRoute"))?;
    Ok(())
}

pub(super) async fn delete(cloud: &Cloud, id: &Id, destination: &str) -> Result<()> {
    let call = destination!(cloud.ec2().delete_route().route_table_id(&id.0), destination);
    call.send().await.map_err(aws("ec2:DeleteRoute")).gone(&["InvalidRoute.NotFound"])?;
    Ok(())
}

/// Whether a route is one that somebody wrote, and not one that AWS looks after.
pub(super) fn is_ours(route: &types::Route, owner: Option<&str>) -> bool {
    let gateway = route.gateway_id().unwrap_or_default();
    let made_by_aws = matches!(gateway, "local" | "VpcLattice");
    // By a VPN gateway, or by a VPC Route Server.
    let propagated =
        route.origin().is_some_and(|origin| matches!(origin.as_str(), "EnableVgwRoutePropagation" | "Advertisement"));
    let of_an_endpoint = route.destination_prefix_list_id().is_some() && gateway.starts_with("vpce-");
    let of_a_service = route.network_interface_id().is_some()
        && route.instance_owner_id().zip(owner).is_some_and(|(instance, owner)| instance != owner);
    !(made_by_aws || propagated || of_an_endpoint || of_a_service)
}

pub(super) fn read(route: &types::Route) -> Route {
    let destination = route
        .destination_cidr_block()
        .or(route.destination_ipv6_cidr_block())
        .or(route.destination_prefix_list_id())
        .unwrap_or_default();
    // A Gateway Load Balancer endpoint is answered as a gateway.
    let (endpoint, gateway) = match route.gateway_id.clone() {
        Some(gateway) if gateway.starts_with("vpce-") => (Some(gateway), None),
        gateway => (None, gateway),
    };
    Route {
        destination: destination.to_owned(),
        gateway_id: gateway,
        nat_gateway_id: route.nat_gateway_id.clone(),
        vpc_endpoint_id: endpoint,
        network_interface_id: route.network_interface_id.clone(),
        transit_gateway_id: route.transit_gateway_id.clone(),
        vpc_peering_connection_id: route.vpc_peering_connection_id.clone(),
        egress_only_gateway_id: route.egress_only_internet_gateway_id.clone(),
        carrier_gateway_id: route.carrier_gateway_id.clone(),
        local_gateway_id: route.local_gateway_id.clone(),
        core_network_arn: route.core_network_arn.clone(),
    }
}
