//! AWS's regions. Source: `endpoints.json` of botocore 1.44.8.

use super::Finding;

pub(super) const AS_OF: &str = "2026-11-28";

/// With the last letters of their zones, where AWS's "Availability Zones" page (2026-11) lists them. Held against what an account
/// was shown (`DescribeAvailabilityZones`, as moto 5.2.5 keeps it in `availability_zones_and_regions.py`): 34 of its 38 regions are
/// the same, and in `ap-northeast-1`, `ca-central-1`, `cn-north-1` and `us-west-1` that account sees a part of them only, as
/// accounts do. The isolated partitions and `eusc-de-east-1` are not in it.
pub(super) const REGIONS: [(&str, &str); 46] = [
    ("af-south-1", "abc"),
    ("ap-east-1", "abc"),
    ("ap-east-2", "abc"),
    ("ap-northeast-1", "abcd"),
    ("ap-northeast-2", "abcd"),
    ("ap-northeast-3", "abc"),
    ("ap-south-1", "abc"),
    ("ap-south-2", "abc"),
    ("ap-southeast-1", "abc"),
    ("ap-southeast-2", "abc"),
    ("ap-southeast-3", "abc"),
    ("ap-southeast-4", "abc"),
    ("ap-southeast-5", "abc"),
    ("ap-southeast-6", "abc"),
    ("ap-southeast-7", "abc"),
    ("ca-central-1", "abcd"),
    ("ca-west-1", "abc"),
    ("cn-north-1", "abcd"),
    ("cn-northwest-1", "abc"),
    ("eu-central-1", "abc"),
    ("eu-central-2", "abc"),
    ("eu-isoe-west-1", "abc"),
    ("eu-north-1", "abc"),
    ("eu-south-1", "abc"),
    ("eu-south-2", "abc"),
    ("eu-west-1", "abc"),
    ("eu-west-2", "abc"),
    ("eu-west-3", "abc"),
    ("eusc-de-east-1", "abc"),
    ("il-central-1", "abc"),
    ("me-central-1", "abc"),
    ("me-south-1", "abc"),
    ("mx-central-1", "abc"),
    ("sa-east-1", "abc"),
    ("us-east-1", "abcdef"),
    ("us-east-2", "abc"),
    ("us-gov-east-1", "abc"),
    ("us-gov-west-1", "abc"),
    ("us-iso-east-1", "abc"),
    ("us-iso-west-1", "abc"),
    ("us-isob-east-1", "abc"),
    ("us-isob-west-1", "abc"),
    ("us-isof-east-1", "abc"),
    ("us-isof-south-1", "abc"),
    ("us-west-1", "abc"),
    ("us-west-2", "abcd"),
];

/// What is wrong with a region.
pub fn region(name: &str) -> Option<Finding> {
    let names: Vec<&str> = REGIONS.iter().map(|(name, _)| *name).collect();
    (!names.contains(&name)).then(|| Finding::unknown("region", name, &names, AS_OF))
}
