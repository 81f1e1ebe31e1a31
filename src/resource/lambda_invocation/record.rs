//! The record of a call: `stackctl:invocation:STACK-NAME-HASH` = `INTENT/FINGERPRINT` among the tags of the function.
//! There it goes with the function: one that was made anew has not been called.

use crate::cloud::{Cloud, Gone, aws, naming};
use crate::error::{Error, Result};
use crate::resource::{Id, Owner};
use futures::future::try_join_all;
use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, HashMap};

pub(super) const GONE: &[&str] = &["ResourceNotFoundException"];
/// Beginning with `stackctl:`, it is no tag that anybody else would see as drift, or remove.
const KEY: &str = "stackctl:invocation:";
/// The fingerprint of what has not been called yet; none has a `/`.
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
    pub fn of(cloud: &Cloud, owner: &Owner, function: &str) -> Self {
        let scope = Some((cloud.account.as_str(), cloud.region.as_str()));
        let key = format!("{KEY}{}", naming::physical(&owner.stack, &owner.address, 80, scope));
        Self { function: function.to_owned(), key }
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

/// What the tag says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// Which create took the place; see [`intent`].
    pub intent: String,
    /// Of the last call that was answered.
    pub fingerprint: Option<String>,
}

/// The intent of the owner as the record has it, short enough for people who look at tags.
pub(super) fn intent(owner: &Owner) -> String {
    hex::encode(&Sha256::digest(&owner.intent)[..6])
}

impl Record {
    /// Whatever somebody else wrote there is no record of a call.
    pub fn parse(text: &str) -> Self {
        let (intent, fingerprint) = text.split_once('/').unwrap_or((text, NONE));
        let fingerprint = (fingerprint != NONE).then(|| fingerprint.to_owned());
        Self { intent: intent.to_owned(), fingerprint }
    }

    fn text(&self) -> String {
        format!("{}/{}", self.intent, self.fingerprint.as_deref().unwrap_or(NONE))
    }
}

pub(super) async fn get(cloud: &Cloud, place: &Place) -> Result<Option<Record>> {
    let tags = tags(cloud, BTreeSet::from([place.function.as_str()])).await?;
    Ok(tags.get(&place.function).and_then(|tags| tags.get(&place.key)).map(|text| Record::parse(text)))
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

pub(super) async fn put(cloud: &Cloud, place: &Place, record: &Record) -> Result<()> {
    let call = cloud.lambda().tag_resource().resource(&place.function).tags(&place.key, record.text());
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
    fn ids_and_records_lead_back_to_what_they_were_made_of() {
        let function = "arn:aws:lambda:eu-west-1:123456789012:function:loader".to_owned();
        let place = Place { function, key: format!("{KEY}loans-setup-1a2b3c4d") };
        assert_eq!(Place::parse(&place.id()).unwrap(), place);
        for wrong in ["loader", "arn:aws:lambda:eu-west-1:1:function:f", "arn:aws:lambda:x,Name"] {
            assert!(Place::parse(&Id::from(wrong)).is_err(), "{wrong}");
        }
        for fingerprint in [None, Some("ab12".to_owned())] {
            let record = Record { intent: "0a1b".to_owned(), fingerprint };
            assert_eq!(Record::parse(&record.text()), record);
        }
        assert_eq!(Record::parse("by hand").fingerprint, None);
    }
}
