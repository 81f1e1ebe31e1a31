//! What the RDS kinds share: tags, the errors that pass, the role that RDS makes for itself.

pub mod retries;
pub mod role;

use crate::cloud::{Cloud, aws};
use crate::error::Result;
use aws_sdk_rds::types::Tag;
use std::collections::BTreeMap;

/// Tags for a create call.
pub fn tagged(tags: BTreeMap<String, String>) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// All tags as read.
pub fn all_tags(tags: Vec<Tag>) -> BTreeMap<String, String> {
    tags.into_iter().filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))).collect()
}

/// Changes the tags of an object.
pub async fn retag(
    cloud: &Cloud,
    arn: &str,
    removed: Vec<String>,
    set: BTreeMap<String, String>,
) -> Result<()> {
    if !removed.is_empty() {
        let call = cloud.rds().remove_tags_from_resource().resource_name(arn).set_tag_keys(Some(removed));
        call.send().await.map_err(aws("rds:RemoveTagsFromResource"))?;
    }
    if !set.is_empty() {
        let call = cloud.rds().add_tags_to_resource().resource_name(arn).set_tags(Some(tagged(set)));
        call.send().await.map_err(aws("rds:AddTagsToResource"))?;
    }
    Ok(())
}
