//! Block Public Access and object ownership.

use super::Id;
use crate::cloud::{Cloud, Gone, Remedy, aws, built};
use crate::error::Result;
use aws_sdk_s3::types::{
    ObjectOwnership, OwnershipControls, OwnershipControlsRule, PublicAccessBlockConfiguration,
};

const NO_BLOCK: &[&str] = &["NoSuchPublicAccessBlockConfiguration"];
const NO_OWNERSHIP: &[&str] = &["OwnershipControlsNotFoundError"];

/// Whether all four settings are on.
pub(super) async fn read_block(cloud: &Cloud, id: &Id) -> Result<bool> {
    let call = cloud.s3().get_public_access_block().bucket(&id.0);
    let found = call.send().await.map_err(aws("s3:GetPublicAccessBlock")).gone(NO_BLOCK)?;
    let found = found.and_then(|found| found.public_access_block_configuration);
    Ok(found.is_some_and(|on| {
        let all = [on.block_public_acls, on.ignore_public_acls, on.block_public_policy, on.restrict_public_buckets];
        all.iter().all(|one| *one == Some(true))
    }))
}

/// All four at once: one that is left out is off.
pub(super) async fn write_block(cloud: &Cloud, id: &Id, on: bool) -> Result<()> {
    let configuration = PublicAccessBlockConfiguration::builder()
        .block_public_acls(on)
        .ignore_public_acls(on)
        .block_public_policy(on)
        .restrict_public_buckets(on)
        .build();
    let call = cloud.s3().put_public_access_block().bucket(&id.0);
    let call = call.public_access_block_configuration(configuration);
    call.send().await.map_err(aws("s3:PutPublicAccessBlock")).map(|_| ())
}

/// Without controls it is as it was before there were any: the writer owns the object.
pub(super) async fn read_ownership(cloud: &Cloud, id: &Id) -> Result<String> {
    let call = cloud.s3().get_bucket_ownership_controls().bucket(&id.0);
    let found = call.send().await.map_err(aws("s3:GetBucketOwnershipControls")).gone(NO_OWNERSHIP)?;
    let rules = found.and_then(|found| found.ownership_controls).map(|controls| controls.rules);
    let rule = rules.unwrap_or_default().into_iter().next();
    Ok(rule.map_or(ObjectOwnership::ObjectWriter, |rule| rule.object_ownership).as_str().to_owned())
}

pub(super) async fn write_ownership(cloud: &Cloud, id: &Id, ownership: &str) -> Result<()> {
    let rule = OwnershipControlsRule::builder().object_ownership(ObjectOwnership::from(ownership)).build();
    let controls = built(OwnershipControls::builder().rules(built(rule)?).build())?;
    let call = cloud.s3().put_bucket_ownership_controls().bucket(&id.0).ownership_controls(controls);
    call.send().await.map_err(aws("s3:PutBucketOwnershipControls")).map(|_| ()).remedy(
        &["InvalidBucketAclWithObjectOwnership"],
        "the bucket's ACL gives rights to others: say them in `policy` and reset the ACL first",
    )
}
