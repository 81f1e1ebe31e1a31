use super::Id;
use crate::cloud::{Cloud, aws};
use crate::error::Result;
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};

pub(super) async fn read(cloud: &Cloud, id: &Id) -> Result<bool> {
    let found = cloud.s3().get_bucket_versioning().bucket(&id.0).send().await;
    Ok(found.map_err(aws("s3:GetBucketVersioning"))?.status == Some(BucketVersioningStatus::Enabled))
}

/// Off means suspended: what was versioned once stays so.
pub(super) async fn write(cloud: &Cloud, id: &Id, on: bool) -> Result<()> {
    let status = if on { BucketVersioningStatus::Enabled } else { BucketVersioningStatus::Suspended };
    let configuration = VersioningConfiguration::builder().status(status).build();
    let call = cloud.s3().put_bucket_versioning().bucket(&id.0).versioning_configuration(configuration);
    call.send().await.map_err(aws("s3:PutBucketVersioning")).map(|_| ())
}
