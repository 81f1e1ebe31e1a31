//! What the EC2 kinds share: tags, filters, ARNs.
//!
//! EC2 is read by filter and never by id, since a lookup by ids fails as a whole when one of them is gone. Answers are
//! compared with the question again: AWS may answer for another object while a new one spreads, and emulators ignore
//! filters that they do not know.

pub mod checks;
pub mod contents;
pub mod enis;
pub mod lock;
pub mod ministack;
pub mod permission;
pub mod retries;
pub mod rules;

use super::{Id, Owner};
use crate::cloud::{Cloud, aws, naming, tags};
use crate::error::{AwsError, Error, Result};
use aws_sdk_ec2::types::{Filter, ResourceType, Tag, TagSpecification};
use std::collections::BTreeMap;
use std::future::Future;

/// Why a create needs CreateTags.
pub const TAGGED: &str = "the create call tags what it makes";

/// Ids per call; the limit of filter values.
const CHUNK: usize = 200;

/// Tags for a create call.
pub fn tagged(kind: ResourceType, tags: BTreeMap<String, String>) -> TagSpecification {
    let tags = tags.into_iter().map(|(key, value)| tag(key, value)).collect();
    TagSpecification::builder().resource_type(kind).set_tags(Some(tags)).build()
}

fn tag(key: String, value: String) -> Tag {
    Tag::builder().key(key).value(value).build()
}

/// All tags as read.
pub fn all_tags(tags: &[Tag]) -> BTreeMap<String, String> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    tags.iter().map(|tag| (text(tag.key()), text(tag.value()))).collect()
}

/// The user's tags as read.
pub fn user_tags(read: &[Tag]) -> BTreeMap<String, String> {
    tags::read(&all_tags(read))
}

/// Whether the tags as read say that this very intent made the object.
pub fn owned_by(owner: &Owner, read: &[Tag]) -> bool {
    owner.owns(&all_tags(read))
}

/// What to answer where another object has what this one wants, by the tags of both. One of the same stack takes from it in
/// the same apply: that is told as AWS tells it, which the engine asks again. Somebody else's never lets go by itself.
pub fn of_others(own: Option<&[Tag]>, there: &[Tag], operation: &'static str, message: String) -> Error {
    let stack = |tags: &[Tag]| all_tags(tags).remove(Owner::STACK);
    if own.is_some_and(|own| stack(own) != stack(there)) {
        return Error::Refused(message);
    }
    let code = Some("Resource.AlreadyAssociated".to_owned());
    Error::Aws(AwsError { operation, code, message, request_id: None, status: Some(400) })
}

/// Changes the tags of an object.
pub async fn retag(
    cloud: &Cloud,
    id: &Id,
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) -> Result<()> {
    let (removed, set) = tags::changes(before, after);
    if !removed.is_empty() {
        // A tag without a value matches any value.
        let keys = removed.into_iter().map(|key| Tag::builder().key(key).build()).collect();
        let call = cloud.ec2().delete_tags().resources(&id.0).set_tags(Some(keys));
        call.send().await.map_err(aws("ec2:DeleteTags"))?;
    }
    if !set.is_empty() {
        let set = set.into_iter().map(|(key, value)| tag(key, value)).collect();
        let call = cloud.ec2().create_tags().resources(&id.0).set_tags(Some(set));
        call.send().await.map_err(aws("ec2:CreateTags"))?;
    }
    Ok(())
}

/// A filter; the values are literal.
pub fn filter<T: AsRef<str>>(name: &str, values: impl IntoIterator<Item = T>) -> Filter {
    let values = values.into_iter().map(|value| literal(value.as_ref())).collect();
    Filter::builder().name(name).set_values(Some(values)).build()
}

/// `*`, `?` and `\` are wildcards in filters.
fn literal(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for c in value.chars() {
        if matches!(c, '*' | '?' | '\\') {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

/// The filters that find what an intent made.
pub fn owned(owner: &Owner) -> Vec<Filter> {
    owner.tags().into_iter().map(|(key, value)| filter(&format!("tag:{key}"), [value])).collect()
}

/// Describes by ids with as few calls as filters allow.
pub async fn by_ids<T, F>(
    name: &str,
    ids: &[Id],
    describe: impl Fn(Vec<Filter>) -> F + Send,
) -> Result<Vec<T>>
where
    F: Future<Output = Result<Vec<T>>> + Send,
{
    let mut all = vec![];
    for chunk in ids.chunks(CHUNK) {
        all.extend(describe(vec![filter(name, chunk.iter().map(|id| &id.0))]).await?);
    }
    Ok(all)
}

/// The id that was asked for, if this answer is about one.
pub fn asked(ids: &[Id], answered: Option<&str>) -> Option<Id> {
    let answered = answered?;
    ids.iter().find(|id| id.0 == answered).cloned()
}

/// `resource` is such as `vpc/vpc-0a1b`.
pub fn arn(cloud: &Cloud, owner: Option<&str>, resource: &str) -> String {
    let region = cloud.region.as_str();
    let partition = naming::partition(region);
    let owner = owner.filter(|owner| !owner.is_empty()).unwrap_or(&cloud.account);
    format!("arn:{partition}:ec2:{region}:{owner}:{resource}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filter_values_are_literal() {
        let filter = filter("tag:a", ["x*?\\y"]);
        assert_eq!(filter.values(), ["x\\*\\?\\\\y"]);
    }
}
