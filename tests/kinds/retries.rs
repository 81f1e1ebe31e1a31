//! AWS's own words for what passes by itself, and for what never does under the same code.

use stackctl::resource;

/// Kind, code, message, and whether it passes. Each message as it was seen, with where.
const SEEN: &[(&str, &str, &str, bool)] = &[
    // hashicorp/terraform-provider-aws#25208
    (
        "db_instance",
        "InvalidDBInstanceState",
        "The status for the test DB instance is modifying. The DB instance is not available for s3Import feature.",
        true,
    ),
    // hashicorp/terraform-provider-aws#31594
    ("db_instance", "InvalidDBInstanceState", "Database instance is not in available state.", true),
    // cloud-custodian/cloud-custodian#1687
    ("db_instance", "InvalidDBInstanceState", "Instance -dev is not in available state.", true),
    // ministryofjustice/cloud-platform-user-guide#1842, of DeleteDBInstance
    (
        "db_instance",
        "InvalidDBInstanceState",
        "Cannot create a snapshot because the database instance loans is not currently in the available state.",
        true,
    ),
    // terraform-provider-aws, internal/service/rds/instance.go
    (
        "db_instance",
        "InvalidDBInstanceState",
        "RDS is configuring Enhanced Monitoring or Performance Insights for this DB instance. Try your request later.",
        true,
    ),
    // hashicorp/terraform#29976
    (
        "db_instance",
        "InvalidDBInstanceState",
        "Instance cannot currently reboot due to an in-progress management operation.",
        true,
    ),
    // cloud-custodian/cloud-custodian#178
    (
        "db_instance",
        "InvalidDBInstanceState",
        "DB Backups not supported on a read replica for engine postgres",
        false,
    ),
    ("db_instance", "InvalidDBInstanceState", "Instance loans is already being deleted.", false),
    // aws-samples/eks-workshop-v2#1609, hashicorp/terraform-provider-aws#10100
    (
        "db_instance",
        "InvalidParameterValue",
        "Unable to create the resource. Verify that you have permission to create service linked role. Otherwise wait and try again later",
        true,
    ),
    (
        "db_subnet_group",
        "InvalidParameterValue",
        "Unable to create the resource. Verify that you have permission to create service linked role. Otherwise wait and try again later",
        true,
    ),
    // terraform-aws-modules/terraform-aws-rds#364: the role may not be made
    ("db_subnet_group", "InvalidParameterValue", "Missing necessary credentials", false),
    (
        "db_instance",
        "InvalidParameterValue",
        "IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING",
        true,
    ),
    (
        "db_instance",
        "InvalidParameterValue",
        "Invalid storage size for engine name postgres and storage type gp3: 21",
        false,
    ),
    // hashicorp/terraform#22462
    ("db_instance", "InvalidParameterCombination", "Cannot upgrade postgres from 15.5 to 15.4", false),
    ("db_instance", "InvalidParameterCombination", "No modifications were requested", false),
    ("db_instance", "DBSubnetGroupNotFoundFault", "DB Subnet Group not found.", true),
    ("db_instance", "InvalidSubnet", "Some input subnets in :[subnet-1] are invalid.", true),
    ("db_subnet_group", "InvalidSubnet", "Some input subnets in :[subnet-1] are invalid.", true),
    ("security_group", "InvalidSecurityGroupID.NotFound", "The security group 'sg-1' does not exist", true),
    ("security_group", "InvalidGroup.NotFound", "The security group 'sg-1' does not exist", true),
    (
        "security_group_rule",
        "InvalidSecurityGroupID.NotFound",
        "The security group 'sg-1' does not exist",
        true,
    ),
    ("vpc_endpoint", "InvalidGroup.NotFound", "The security group 'sg-1' does not exist", true),
    ("vpc_endpoint", "InvalidSecurityGroupID.NotFound", "The security group 'sg-1' does not exist", true),
    ("route_table", "InvalidRouteTableId.NotFound", "The routeTable ID 'rtb-1' does not exist", true),
    ("internet_gateway", "InvalidVpcId.NotFound", "The vpc ID 'vpc-1' does not exist", true),
];

#[test]
fn what_passes_is_tried_again_and_what_does_not_is_told() {
    for (kind, code, message, passes) in SEEN {
        let retries = resource::kind(kind).unwrap().profile().retries;
        let found = retries.iter().any(|retry| retry.code == *code && message.contains(retry.message));
        assert_eq!(found, *passes, "{kind}: {code}: {message}");
    }
}

/// AWS spells some codes in two ways: whoever knows one of them knows the other.
#[test]
fn whoever_knows_a_code_knows_its_other_spelling() {
    const TWINS: &[&[&str]] = &[
        &["InvalidVpcID.NotFound", "InvalidVpcId.NotFound"],
        &["InvalidSubnetID.NotFound", "InvalidSubnetId.NotFound"],
        &["InvalidRouteTableID.NotFound", "InvalidRouteTableId.NotFound"],
        &["InvalidGroup.NotFound", "InvalidSecurityGroupID.NotFound", "InvalidSecurityGroupId.NotFound"],
        &["InvalidDBInstanceState", "InvalidDBInstanceStateFault"],
    ];
    for kind in resource::registry() {
        let codes: Vec<&str> = kind.profile().retries.iter().map(|retry| retry.code).collect();
        for twins in TWINS.iter().filter(|twins| twins.iter().any(|code| codes.contains(code))) {
            let missing: Vec<_> = twins.iter().filter(|code| !codes.contains(code)).collect();
            assert!(missing.is_empty(), "{}: {missing:?}", kind.name());
        }
    }
}
