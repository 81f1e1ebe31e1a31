//! The record of a call: `stackctl:invocation:STACK-NAME-HASH-INTENT` = FINGERPRINT among the tags of the function. There it
//! goes with the function: one that was made anew has not been called.

use crate::cloud::{Cloud, Gone, aws, naming};
use crate::error::{Error, Result};
use crate::resource::{Id, Owner};
use futures::future::try_join_all;
use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, HashMap};

pub(super) const GONE: &[&str] = &["ResourceNotFoundException"];
/// Beginning with `stackctl:`, it is no tag that anybody else would see as drift, or remove.
const KEY: &str = "stackctl:invocation:";
/// Of what has not been called yet.
const NONE: &str = "none";

/// Where a record is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// ARN.
    pub function: String,
    /// Of the tag.
    pub key: String,
}

impl Place {
    /// Made from stack and address, which people read, and from the intent, so that what another create made at this
    /// address is never taken for ours.
    pub fn of(cloud: &Cloud, owner: &Owner, function: &str) -> Self {
        let intent = hex::encode(&Sha256::digest(&owner.intent)[..3]);
        let key = format!("{}{intent}", Self::prefix(cloud, owner));
        Self { function: function.to_owned(), key }
    }

    /// How the keys of this address begin, whichever create made them.
    pub fn prefix(cloud: &Cloud, owner: &Owner) -> String {
        let scope = Some((cloud.account.as_str(), cloud.region.as_str()));
        format!("{KEY}{}-", naming::physical(&owner.stack, &owner.address, 80, scope))
    }

    pub fn id(&self) -> Id {
        Id(format!("{},{}", self.function, self.key))
    }

    pub fn parse(id: &Id) -> Result<Self> {
        match id.0.split_once(',') {
            Some((function, key)) if function.starts_with("arn:") && key.starts_with(KEY) => {
                Ok(Self { function: function.to_owned(), key: key.to_owned() })
            }
            _ => Err(Error::Refused(format!(
                "`{id}` is no id of a lambda_invocation: write FUNCTION_ARN,{KEY}NAME"
            ))),
        }
    }
}

/// What the tag says: none of a call that has not been answered yet.
pub(super) fn fingerprint(value: &str) -> Option<String> {
    (value != NONE).then(|| value.to_owned())
}

/// The value of the record; `None` if there is none.
pub(super) async fn get(cloud: &Cloud, place: &Place) -> Result<Option<String>> {
    let mut tags = tags(cloud, BTreeSet::from([place.function.as_str()])).await?;
    Ok(tags.get_mut(&place.function).and_then(|tags| tags.remove(&place.key)))
}

/// The tags of those functions that exist, by ARN.
pub(super) async fn tags(
    cloud: &Cloud,
    functions: BTreeSet<&str>,
) -> Result<HashMap<String, HashMap<String, String>>> {
    let reads = functions.into_iter().map(|function| async move {
        let call = cloud.lambda().list_tags().resource(function);
        let found = call.send().await.map_err(aws("lambda:ListTags")).gone(GONE)?;
        Ok::<_, Error>(found.map(|found| (function.to_owned(), found.tags.unwrap_or_default())))
    });
    Ok(try_join_all(reads).await?.into_iter().flatten().collect())
}

pub(super) async fn put(cloud: &Cloud, place: &Place, fingerprint: Option<&str>) -> Result<()> {
    let value = fingerprint.unwrap_or(NONE);
    let call = cloud.lambda().tag_resource().resource(&place.function).tags(&place.key, value);
    call.send().await.map_err(aws("lambda:TagResource"))?;
    Ok(())
}

pub(super) async fn remove(cloud: &Cloud, place: &Place) -> Result<()> {
    let call = cloud.lambda().untag_resource().resource(&place.function).tag_keys(&place.key);
    call.send().await.map_err(aws("lambda:UntagResource")).gone(GONE)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_lead_back_to_what_they_were_made_of() {
        let function = "arn:aws:lambda:eu-west-1:123456789012:function:loader".to_owned();
        let place = Place { function, key: format!("{KEY}loans-setup-1a2b3c4d-0a1b2c") };
        assert_eq!(Place::parse(&place.id()).unwrap(), place);
        for wrong in ["loader", "arn:aws:lambda:eu-west-1:1:function:f", "arn:aws:lambda:x,Name"] {
            assert!(Place::parse(&Id::from(wrong)).is_err(), "{wrong}");
        }
    }
}
