//! Physical names: the same for the same address at every run, so that what was created can be found again.

use crate::address::Address;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

/// `loans-incoming`, at most `max` bytes of lower-case letters, digits and hyphens; what does not fit is cut and gets a
/// hash. `global` adds account and region as a hash, for names that the whole world shares (buckets).
pub fn physical(stack: &str, address: &Address, max: usize, global: Option<(&str, &str)>) -> String {
    let key = address.key.as_deref().map(|key| format!("-{key}")).unwrap_or_default();
    let plain = format!("{stack}-{}{key}", address.name);
    let mut name: String = plain
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' })
        .collect();
    let suffix = match global {
        Some((account, region)) => Some(hash(&[account, region, stack, &address.to_string()])),
        None if name.len() > max || name != plain => Some(hash(&[stack, &address.to_string()])),
        None => None,
    };
    if let Some(suffix) = suffix {
        name.truncate(max - suffix.len() - 1);
        name = format!("{}-{suffix}", name.trim_end_matches('-'));
    }
    name
}

/// The name that the rule `x-name` makes of an address: `{"max": 63, "global": true, "underscores": true}`. `place` is
/// account and region, without which a name for the whole world is not known. `single` is for services that take no two hyphens
/// in a row.
pub fn derived(stack: &str, address: &Address, rule: &Json, place: Option<(&str, &str)>) -> Option<String> {
    let global = if rule["global"] == true { Some(place?) } else { None };
    let mut name = physical(stack, address, longest(rule), global);
    if rule["single"] == true && name.contains("--") {
        // Two that differ in hyphens alone stay two.
        while name.contains("--") {
            name = name.replace("--", "-");
        }
        name = successor(&name, longest(rule), 0, '-');
    }
    Some(if rule["underscores"] == true { name.replace('-', "_") } else { name })
}

/// Bytes that a name may have.
pub fn longest(rule: &Json) -> usize {
    rule["max"].as_u64().and_then(|max| usize::try_from(max).ok()).unwrap_or(64)
}

/// The name of the object that stands beside the one called `name` until it has taken its place. The suffix is a hash,
/// since a number could be the end of another address.
pub fn successor(name: &str, max: usize, number: usize, separator: char) -> String {
    let suffix = hash(&[name, &number.to_string()]);
    let mut start = name.to_owned();
    start.truncate(max - suffix.len() - 1);
    format!("{}{separator}{suffix}", start.trim_end_matches(separator))
}

/// How the names of regions begin, the partition that they are in, and the domain of its services, as AWS's SDKs have them.
/// Every other region is in `aws`.
const PARTITIONS: [(&str, &str, &str); 7] = [
    ("cn-", "aws-cn", "amazonaws.com.cn"),
    ("us-gov-", "aws-us-gov", "amazonaws.com"),
    ("us-iso-", "aws-iso", "c2s.ic.gov"),
    ("us-isob-", "aws-iso-b", "sc2s.sgov.gov"),
    ("eu-isoe-", "aws-iso-e", "cloud.adc-e.uk"),
    ("us-isof-", "aws-iso-f", "csp.hci.ic.gov"),
    ("eusc-", "aws-eusc", "amazonaws.eu"),
];

/// Partition and domain of a region.
fn ground(region: &str) -> (&'static str, &'static str) {
    let found = PARTITIONS.iter().find(|(start, ..)| region.starts_with(start));
    found.map_or(("aws", "amazonaws.com"), |(_, partition, domain)| (*partition, *domain))
}

/// Where the services of a region have their names.
pub fn domain(region: &str) -> &'static str {
    ground(region).1
}

/// The partition that a region is in, as in ARNs: `aws`, `aws-cn`, `aws-us-gov`.
pub fn partition(region: &str) -> &'static str {
    ground(region).0
}

/// Of a bucket, which has neither account nor region in it.
pub fn bucket_arn(region: &str, name: &str) -> String {
    format!("arn:{}:s3:::{name}", partition(region))
}

/// Whether a host is one of AWS's own, by its name.
pub fn is_aws(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let domains = PARTITIONS.iter().map(|(.., domain)| *domain).chain(["amazonaws.com", "api.aws"]);
    let mut domains = domains.chain(["api.amazonwebservices.com.cn", "api.amazonwebservices.eu"]);
    domains.any(|domain| host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')))
}

fn hash(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    hex::encode(&hasher.finalize()[..4])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn short_names_stay_plain_and_long_ones_get_a_hash() {
        let plain = physical("loans", &Address::new("queue", "dead"), 80, None);
        assert_eq!(plain, "loans-dead");
        let long = physical("loans", &Address::new("queue", &"x".repeat(90)), 40, None);
        assert_eq!(long.len(), 40);
        let bucket =
            physical("loans", &Address::new("bucket", "raw"), 63, Some(("123456789012", "eu-west-1")));
        assert!(bucket.starts_with("loans-raw-") && bucket.len() == 18, "{bucket}");
    }

    #[test]
    fn a_successor_fits_and_has_another_name() {
        let second = successor("loans-db", 80, 2, '-');
        assert!(second.starts_with("loans-db-") && second.len() == 17, "{second}");
        assert_ne!(second, successor("loans-db", 80, 3, '-'));
        assert_eq!(successor(&"x".repeat(40), 40, 2, '_').len(), 40);
    }

    #[test]
    fn two_hyphens_in_a_row_become_one_where_a_service_takes_no_more() {
        let rule = json!({"max": 63, "single": true});
        let name = |stack: &str, key: &str| {
            derived(stack, &Address::keyed("db_instance", "loans", key), &rule, None).unwrap()
        };
        for (stack, key) in [("a--b", "c"), ("a", "x__y"), ("a-", "b"), ("a", "__"), ("a", &"_".repeat(80))] {
            let made = name(stack, key);
            assert!(!made.contains("--") && !made.ends_with('-') && made.len() <= 63, "{made}");
        }
        assert_ne!(name("a--b", "c"), name("a-b", "c"));
        assert_eq!(name("a", "b"), "a-loans-b");
    }

    #[test]
    fn two_addresses_never_share_a_name() {
        let a = physical("loans", &Address::keyed("queue", "d", "a_b"), 80, None);
        let b = physical("loans", &Address::keyed("queue", "d", "a-b"), 80, None);
        assert_ne!(a, b);
    }

    /// The SDK resolves each service's own endpoint; a region of every partition that it knows.
    #[tokio::test]
    async fn partitions_and_domains_are_those_of_the_sdk() {
        use aws_sdk_sts::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
        for (region, partition) in [
            ("eu-west-1", "aws"),
            ("us-east-1", "aws"),
            ("il-central-1", "aws"),
            ("mx-central-1", "aws"),
            ("cn-north-1", "aws-cn"),
            ("cn-northwest-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eu-isoe-west-1", "aws-iso-e"),
            ("us-isof-south-1", "aws-iso-f"),
            ("eusc-de-east-1", "aws-eusc"),
        ] {
            let params = Params::builder().region(region).build().unwrap();
            let endpoint = DefaultResolver::new().resolve_endpoint(&params).await.unwrap();
            assert_eq!(endpoint.url(), format!("https://sts.{region}.{}", domain(region)));
            assert_eq!(super::partition(region), partition);
            assert!(is_aws(&format!("sts.{region}.{}", domain(region))), "{region}");
        }
        for other in ["amazonaws.com", "amazonaws.com.evil.test", "xamazonaws.com", "localhost", "10.0.0.1"] {
            assert!(!is_aws(other), "{other}");
        }
    }
}
