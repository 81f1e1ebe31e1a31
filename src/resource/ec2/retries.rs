//! The errors of EC2 that pass by themselves for every kind: new objects are not known everywhere at once. EC2 spells some of
//! its codes in two ways.

use crate::resource::Retry;

/// Of what another object names. The kind's own object may take longer: that stands before these.
pub const NEW: &[Retry] = &[
    Retry::secs("InvalidVpcID.NotFound", "", 60),
    Retry::secs("InvalidVpcId.NotFound", "", 60),
    Retry::secs("InvalidSubnetID.NotFound", "", 60),
    Retry::secs("InvalidSubnetId.NotFound", "", 60),
    Retry::secs("InvalidGroup.NotFound", "", 60),
    Retry::secs("InvalidSecurityGroupID.NotFound", "", 60),
    Retry::secs("InvalidSecurityGroupId.NotFound", "", 60),
    Retry::secs("InvalidRouteTableID.NotFound", "", 60),
    Retry::secs("InvalidRouteTableId.NotFound", "", 60),
    Retry::secs("InvalidInternetGatewayID.NotFound", "", 60),
    Retry::secs("InvalidInternetGatewayId.NotFound", "", 60),
    Retry::secs("InvalidGatewayID.NotFound", "", 60),
    Retry::secs("InvalidVpcEndpointId.NotFound", "", 60),
    Retry::secs("InvalidTransitGatewayID.NotFound", "", 60),
    Retry::secs("InvalidSecurityGroupRuleId.NotFound", "", 60),
];
