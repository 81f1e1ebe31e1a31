//! A bucket's tags are written as a whole.

use super::Id;
use crate::cloud::{Cloud, Gone, aws, built, tags};
use crate::error::Result;
use aws_sdk_s3::types::{Tag, Tagging};
use std::collections::BTreeMap;

pub(super) async fn read(cloud: &Cloud, id: &Id) -> Result<BTreeMap<String, String>> {
    let call = cloud.s3().get_bucket_tagging().bucket(&id.0);
    let found = call.send().await.map_err(aws("s3:GetBucketTagging")).gone(&["NoSuchTagSet"])?;
    let found = found.map(|found| found.tag_set).unwrap_or_default();
    Ok(found.into_iter().map(|tag| (tag.key, tag.value)).collect())
}

/// Replaces the user's tags; those of AWS and the ownership tags stay.
pub(super) async fn update(cloud: &Cloud, id: &Id, wanted: &BTreeMap<String, String>) -> Result<()> {
    let mut all = read(cloud, id).await?;
    for key in tags::user(&all).keys() {
        all.remove(key);
    }
    all.extend(wanted.clone());
    write(cloud, id, &all).await
}

pub(super) async fn write(cloud: &Cloud, id: &Id, all: &BTreeMap<String, String>) -> Result<()> {
    if all.is_empty() {
        let call = cloud.s3().delete_bucket_tagging().bucket(&id.0);
        return call.send().await.map_err(aws("s3:DeleteBucketTagging")).map(|_| ());
    }
    let tagging = built(Tagging::builder().set_tag_set(Some(s3_tags(all)?)).build())?;
    let call = cloud.s3().put_bucket_tagging().bucket(&id.0).tagging(tagging);
    call.send().await.map_err(aws("s3:PutBucketTagging")).map(|_| ())
}

pub(super) fn s3_tags(tags: &BTreeMap<String, String>) -> Result<Vec<Tag>> {
    tags.iter().map(|(key, value)| built(Tag::builder().key(key).value(value).build())).collect()
}
