//! The errors of RDS that pass by themselves: each code with every message that RDS has for it, since most of these codes
//! also say what never passes.

use crate::resource::Retry;

/// A backup, a snapshot or the change before may take so long.
const BUSY: u64 = 1800;

pub const RETRIES: &[Retry] = &[
    // "Database instance is not in available state.", "Instance x is not in available state.", and of a final snapshot
    // "… because the database instance x is not currently in the available state."
    Retry::secs("InvalidDBInstanceState", "available state", BUSY),
    Retry::secs("InvalidDBInstanceStateFault", "available state", BUSY),
    // "The status for the x DB instance is modifying. The DB instance is not available for s3Import feature."
    Retry::secs("InvalidDBInstanceState", "is not available for", BUSY),
    Retry::secs("InvalidDBInstanceStateFault", "is not available for", BUSY),
    // "RDS is configuring Enhanced Monitoring or Performance Insights for this DB instance. Try your request later."
    Retry::secs("InvalidDBInstanceState", "your request later", BUSY),
    Retry::secs("InvalidDBInstanceStateFault", "your request later", BUSY),
    // "Instance cannot currently reboot due to an in-progress management operation."
    Retry::secs("InvalidDBInstanceState", "in-progress management operation", BUSY),
    Retry::secs("InvalidDBInstanceStateFault", "in-progress management operation", BUSY),
    // The protection was lifted a moment ago; where it is on, the kind does not even ask.
    Retry::secs("InvalidParameterCombination", "disable deletion pro", 300),
    // "Unable to create the resource. Verify that you have permission to create service linked role. Otherwise wait and
    // try again later": the first call of an account has made the role a moment ago.
    Retry::secs("InvalidParameterValue", "service linked role", 120),
    // The role was made a moment ago. "IAM role ARN value is invalid or does not include the required permissions for: …"
    Retry::secs("InvalidParameterValue", "IAM role ARN value is invalid or", 120),
    // New subnet groups, subnets and security groups are not known everywhere at once.
    Retry::secs("DBSubnetGroupNotFoundFault", "", 60),
    Retry::secs("InvalidSubnet", "", 60),
    Retry::secs("InvalidGroup.NotFound", "", 60),
    Retry::secs("InvalidSecurityGroupID.NotFound", "", 60),
    Retry::secs("InvalidSecurityGroupId.NotFound", "", 60),
    Retry::secs("InvalidParameterValue", "Invalid security group", 60),
    Retry::secs("InvalidVPCNetworkStateFault", "does not exist", 60),
    // Secrets Manager: the secret is there, its value not everywhere yet.
    Retry::secs("ResourceNotFoundException", "secret value", 60),
];
