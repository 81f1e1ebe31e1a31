use super::Id;
use crate::cloud::{Cloud, Gone, aws, built};
use crate::error::Result;
use aws_sdk_s3::types::{
    ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};

const NONE: &[&str] = &["ServerSideEncryptionConfigurationNotFoundError"];

/// The rule, as S3 has it.
async fn rule(cloud: &Cloud, id: &Id) -> Result<Option<ServerSideEncryptionRule>> {
    let call = cloud.s3().get_bucket_encryption().bucket(&id.0);
    let found = call.send().await.map_err(aws("s3:GetBucketEncryption")).gone(NONE)?;
    let rules = found.and_then(|found| found.server_side_encryption_configuration).map(|found| found.rules);
    Ok(rules.unwrap_or_default().into_iter().next())
}

/// Algorithm and key. AWS encrypts every bucket; where an emulator says that there is nothing, nothing is said.
pub(super) async fn read(cloud: &Cloud, id: &Id) -> Result<(String, Option<String>)> {
    Ok(match rule(cloud, id).await?.and_then(|rule| rule.apply_server_side_encryption_by_default) {
        Some(how) => (how.sse_algorithm.as_str().to_owned(), how.kms_master_key_id.filter(|key| !key.is_empty())),
        None => ("none".to_owned(), None),
    })
}

/// Which other encryptions S3 refuses (keys that come with each request, since 2026) is in the same rule, and stays as it is.
pub(super) async fn write(cloud: &Cloud, id: &Id, algorithm: &str, key: Option<&str>) -> Result<()> {
    let blocked = rule(cloud, id).await?.and_then(|rule| rule.blocked_encryption_types);
    let how = ServerSideEncryptionByDefault::builder()
        .sse_algorithm(ServerSideEncryption::from(algorithm))
        .set_kms_master_key_id(key.map(str::to_owned))
        .build();
    // A bucket key makes one KMS call do for many objects; without KMS it means nothing.
    let rule = ServerSideEncryptionRule::builder()
        .apply_server_side_encryption_by_default(built(how)?)
        .bucket_key_enabled(algorithm != "AES256")
        .set_blocked_encryption_types(blocked)
        .build();
    let configuration = built(ServerSideEncryptionConfiguration::builder().rules(rule).build())?;
    let call = cloud.s3().put_bucket_encryption().bucket(&id.0);
    let call = call.server_side_encryption_configuration(configuration);
    call.send().await.map_err(aws("s3:PutBucketEncryption")).map(|_| ())
}
