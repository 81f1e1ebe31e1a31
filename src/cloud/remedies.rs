//! What to do about AWS's errors, by their codes. What a kind knows of its own errors it says itself (`Remedy`).

/// Codes and what to do. Codes as in the error references of the services; the same trouble has several names.
const REMEDIES: &[(&[&str], &str)] = &[
    (
        &["ExpiredToken", "ExpiredTokenException", "RequestExpired"],
        "Your credentials have expired: sign in again (for SSO: `aws sso login`).",
    ),
    (
        &[
            "AccessDenied",
            "AccessDeniedException",
            "UnauthorizedOperation",
            "AuthorizationError",
            "AuthorizationErrorException",
            "NotAuthorized",
            "Forbidden",
        ],
        "The credentials lack a permission, which AWS's message names; a permissions boundary, an SCP or the policy of the \
         resource may deny it too. Nothing was taken for gone because of it.",
    ),
    (
        &[
            "InvalidClientTokenId",
            "UnrecognizedClient",
            "UnrecognizedClientException",
            "SignatureDoesNotMatch",
            "InvalidAccessKeyId",
            "AuthFailure",
            "IncompleteSignature",
            "InvalidSignatureException",
        ],
        "AWS does not know these credentials: check the profile and its keys. If they are right, check the clock of this machine \
         and whether the region is enabled for the account.",
    ),
    (
        &["OptInRequired", "SubscriptionRequiredException"],
        "The account has not signed up for this service or region: enable it in the console.",
    ),
    (
        &[
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "RequestLimitExceeded",
            "RequestThrottled",
            "TooManyRequestsException",
            "SlowDown",
            "PriorRequestNotComplete",
            "BandwidthLimitExceeded",
        ],
        "AWS asked to go slower, also after several attempts: apply again, with a lower --parallelism.",
    ),
    (
        &[
            "LimitExceeded",
            "LimitExceededException",
            "ServiceQuotaExceededException",
            "ServiceQuotaExceeded",
            "ResourceLimitExceeded",
            "VpcLimitExceeded",
            "SubnetLimitExceeded",
            "SecurityGroupLimitExceeded",
            "RulesPerSecurityGroupLimitExceeded",
            "SecurityGroupsPerInterfaceLimitExceeded",
            "RouteTableLimitExceeded",
            "RouteLimitExceeded",
            "InternetGatewayLimitExceeded",
            "NatGatewayLimitExceeded",
            "AddressLimitExceeded",
            "VpcEndpointLimitExceeded",
            "InstanceQuotaExceeded",
            "StorageQuotaExceeded",
            "DBInstanceQuotaExceeded",
            "DBSubnetGroupQuotaExceeded",
            "SnapshotQuotaExceeded",
            "TooManyBuckets",
            "CodeStorageExceededException",
            "ResourceNumberLimitExceededException",
        ],
        "A quota of the account is used up: delete what nobody needs, or ask for more under Service Quotas.",
    ),
    (
        &["InsufficientDBInstanceCapacity", "InsufficientInstanceCapacity", "InsufficientCapacity"],
        "AWS has none of these left here at the moment: try another zone or instance class, or later.",
    ),
    (
        &[
            "DependencyViolation",
            "DeleteConflict",
            "ResourceInUseException",
            "ResourceInUse",
            "InvalidGroup.InUse",
        ],
        "Something that this stack did not make still uses it: find it in the console (for networks: its network interfaces), \
         remove it, and apply again.",
    ),
    (
        &["BucketAlreadyExists"],
        "Names of buckets are shared by all accounts of the world: set another `name`.",
    ),
    (
        &[
            "BucketAlreadyOwnedByYou",
            "EntityAlreadyExists",
            "ResourceExistsException",
            "AlreadyExistsException",
            "ResourceAlreadyExistsException",
            "ResourceConflictException",
            "DBInstanceAlreadyExists",
            "DBSubnetGroupAlreadyExists",
            "InvalidGroup.Duplicate",
            "QueueNameExists",
            "QueueAlreadyExists",
            "ConflictException",
        ],
        "This account has one of that name already, or it is being changed at this moment. Set another name, or delete the other \
         one if nobody needs it.",
    ),
    (
        &["BucketNotEmpty"],
        "Somebody has written to it meanwhile: empty it, versions included, and apply again.",
    ),
    (
        &["QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently"],
        "A queue of this name was deleted a moment ago: wait a minute and apply again.",
    ),
    (
        &[
            "KMSAccessDeniedException",
            "KmsAccessDenied",
            "KMS.AccessDeniedException",
            "KMSKeyNotAccessibleFault",
            "KMSKeyNotAccessible",
        ],
        "The key does not let these credentials, or the service, use it: its key policy must allow kms:Decrypt, \
         kms:GenerateDataKey and, for databases, kms:CreateGrant.",
    ),
    (
        &["KMSDisabledException", "KmsDisabled", "KMS.DisabledException", "DisabledException"],
        "The KMS key is disabled: enable it, or name another one in `kms_key`.",
    ),
    (
        &[
            "KMSInvalidStateException",
            "KmsInvalidState",
            "KMS.KMSInvalidStateException",
            "KMSInvalidState",
            "KMSNotFoundException",
            "KmsNotFound",
            "KMS.NotFoundException",
        ],
        "The KMS key is being deleted, or is not in this account and region: cancel its deletion, or name another one in `kms_key`.",
    ),
    (
        &[
            "MalformedPolicyDocument",
            "MalformedPolicy",
            "MalformedPolicyDocumentException",
            "InvalidPolicyDocument",
        ],
        "AWS does not take this policy; often a principal in it does not exist (yet).",
    ),
    (
        &["NoSuchBucket"],
        "The bucket is not there: it was deleted, or its name is another than stack.toml says.",
    ),
    (&["RequestTimeTooSkewed"], "The clock of this machine is wrong by more than AWS takes: set it (NTP)."),
    (
        &[
            "InternalFailure",
            "InternalError",
            "ServiceUnavailable",
            "InternalServerError",
            "InternalServiceError",
            "ServiceException",
        ],
        "AWS has trouble of its own: see https://health.aws.amazon.com, and apply again later.",
    ),
];

/// What to do about an error with this code.
pub fn remedy(code: &str) -> Option<&'static str> {
    let known = REMEDIES.iter().find(|(codes, _)| codes.contains(&code));
    known.map(|(_, remedy)| *remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_has_one_remedy_which_is_a_sentence() {
        let mut seen = BTreeSet::new();
        for (codes, remedy) in REMEDIES {
            assert!(remedy.ends_with('.') && remedy.starts_with(char::is_uppercase), "{remedy}");
            assert!(codes.iter().all(|code| seen.insert(*code)), "{codes:?} has a code of another remedy");
        }
        assert_eq!(remedy("Nonsense"), None);
        assert!(remedy("LimitExceeded").unwrap().contains("quota"));
    }
}
