use super::Refusal;
use crate::cloud::Call;

/// Service, operation, status, code and message of errors that pass by themselves once what was just made, or just
/// deleted, is known everywhere.
type Row = (&'static str, &'static str, u16, &'static str, &'static str);

const NO_VPC: &str = "The vpc ID does not exist";
const NO_SUBNET: &str = "The subnet ID does not exist";
const NO_GROUP: &str = "The security group does not exist";
const IN_USE: &str = "has dependencies and cannot be deleted";
const CONFLICT: &str =
    "The operation cannot be performed at this time. An update is in progress for resource";
const NOT_ASSUMED: &str =
    "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.";

const ROWS: &[Row] = &[
    ("ec2", "CreateSubnet", 400, "InvalidVpcID.NotFound", NO_VPC),
    ("ec2", "CreateSecurityGroup", 400, "InvalidVpcID.NotFound", NO_VPC),
    ("ec2", "CreateRouteTable", 400, "InvalidVpcID.NotFound", NO_VPC),
    ("ec2", "CreateVpcEndpoint", 400, "InvalidSubnetId.NotFound", NO_SUBNET),
    ("ec2", "ModifyVpcAttribute", 400, "InvalidVpcID.NotFound", NO_VPC),
    ("ec2", "ModifySubnetAttribute", 400, "InvalidSubnetID.NotFound", NO_SUBNET),
    ("ec2", "AssociateRouteTable", 400, "InvalidRouteTableID.NotFound", "The routeTable ID does not exist"),
    ("ec2", "AuthorizeSecurityGroupIngress", 400, "InvalidGroup.NotFound", NO_GROUP),
    ("ec2", "AuthorizeSecurityGroupEgress", 400, "InvalidGroup.NotFound", NO_GROUP),
    ("ec2", "RevokeSecurityGroupEgress", 400, "InvalidGroup.NotFound", NO_GROUP),
    ("ec2", "DeleteVpc", 400, "DependencyViolation", IN_USE),
    ("ec2", "DeleteSubnet", 400, "DependencyViolation", IN_USE),
    ("ec2", "DeleteSecurityGroup", 400, "DependencyViolation", IN_USE),
    ("ec2", "DeleteRouteTable", 400, "DependencyViolation", IN_USE),
    ("iam", "CreateRole", 400, "MalformedPolicyDocument", "Invalid principal in policy: \"SERVICE\""),
    ("iam", "PutRolePolicy", 409, "ConcurrentModification", "Another request is changing the role"),
    ("iam", "DeleteRole", 409, "DeleteConflict", "Cannot delete entity, must delete policies first."),
    (
        "lambda",
        "CreateFunction",
        400,
        "InvalidParameterValueException",
        "The role defined for the function cannot be assumed by Lambda.",
    ),
    ("lambda", "UpdateFunctionConfiguration", 409, "ResourceConflictException", CONFLICT),
    ("lambda", "UpdateFunctionCode", 409, "ResourceConflictException", CONFLICT),
    ("lambda", "Invoke", 409, "ResourceConflictException", CONFLICT),
    ("lambda", "TagResource", 404, "ResourceNotFoundException", "Function not found"),
    ("scheduler", "CreateSchedule", 400, "ValidationException", NOT_ASSUMED),
    ("scheduler", "UpdateSchedule", 400, "ValidationException", NOT_ASSUMED),
    ("lambda", "AddPermission", 404, "ResourceNotFoundException", "Function not found"),
    ("s3", "PutBucketVersioning", 404, "NoSuchBucket", "The specified bucket does not exist"),
    ("s3", "PutBucketEncryption", 404, "NoSuchBucket", "The specified bucket does not exist"),
    ("s3", "PutBucketOwnershipControls", 409, "OperationAborted", "A conflicting conditional operation"),
    ("s3", "PutBucketPolicy", 400, "MalformedPolicy", "Invalid principal in policy"),
    (
        "s3",
        "PutBucketNotificationConfiguration",
        400,
        "InvalidArgument",
        "Unable to validate the following destination configurations",
    ),
    (
        "secretsmanager",
        "CreateSecret",
        400,
        "InvalidRequestException",
        "You can't create this secret because a secret with this name is already scheduled for deletion.",
    ),
    (
        "rds",
        "ModifyDBInstance",
        400,
        "InvalidDBInstanceState",
        "Database instance is not in available state.",
    ),
    ("rds", "DeleteDBInstance", 400, "InvalidDBInstanceState", "Instance is not in available state."),
    (
        "sqs",
        "CreateQueue",
        400,
        "AWS.SimpleQueueService.QueueDeletedRecently",
        "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
    ),
    (
        "logs",
        "PutRetentionPolicy",
        400,
        "OperationAbortedException",
        "A conflicting operation is in progress",
    ),
    ("logs", "DeleteLogGroup", 400, "OperationAbortedException", "Please try again later."),
];

/// How this call fails while something is not known everywhere yet.
pub(super) fn refusal(call: &Call) -> Option<Refusal> {
    ROWS.iter()
        .find(|(service, operation, ..)| *service == call.service && *operation == call.operation)
        .map(|(_, _, status, code, message)| Refusal::new(*status, code, message))
}
