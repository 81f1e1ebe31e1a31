//! `[trigger.NAME]`: a bucket calls a function for its objects. Two things in AWS: a statement in the function's policy
//! that lets the bucket call it, and one entry in the bucket's notification configuration.

mod notification;
mod permission;

use super::{Actions, Change, Create, Holds, Id, Live, Owner, Profile, Resource, Retry, Status, Typical, Wait, Permit};
use crate::cloud::{Cloud, naming};
use crate::error::{AwsError, Error, Result};
use futures::future::try_join_all;
use notification::Notification;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};

pub struct Trigger;

/// Calls a Lambda function for every object that comes into a bucket. Other notifications of the bucket stay as they
/// are, whoever made them.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// Name of the bucket.
    #[schemars(extend("x-replace" = true, "x-ref" = "bucket.name"))]
    pub bucket: String,
    /// ARN of the function.
    #[schemars(extend("x-replace" = true, "x-ref" = "lambda_function.arn"))]
    pub function: String,
    /// What happens to an object for the function to be called, in the words of S3.
    #[serde(default = "created")]
    #[schemars(length(min = 1), extend("x-set" = true))]
    pub events: Vec<String>,
    /// Only objects whose key starts like this, as in `"incoming/"`.
    #[schemars(length(min = 1, max = 1024))]
    pub prefix: Option<String>,
    /// Only objects whose key ends like this, as in `".csv"`.
    #[schemars(length(min = 1, max = 1024))]
    pub suffix: Option<String>,
}

fn created() -> Vec<String> {
    vec!["s3:ObjectCreated:*".to_owned()]
}

/// What a trigger is known by.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// Id of the entry in the bucket's notification configuration, and of the statement in the function's policy.
    pub entry: String,
}

/// Bucket, function and entry: everything that is needed to find both halves again.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Parts {
    bucket: String,
    function: String,
    entry: String,
}

impl Parts {
    /// Neither half has tags: the name of the entry says whose it is. Made from stack and address, which people read, and
    /// from the intent, so that what another create made at this address is never taken for ours.
    fn of(cloud: &Cloud, owner: &Owner, inputs: &Inputs) -> Self {
        let prefix = Self::prefix(cloud, owner);
        let intent = hex::encode(&Sha256::digest(&owner.intent)[..3]);
        Self {
            bucket: inputs.bucket.clone(),
            function: inputs.function.clone(),
            entry: format!("{prefix}{intent}"),
        }
    }

    /// How the entries of this address begin, whichever create made them.
    fn prefix(cloud: &Cloud, owner: &Owner) -> String {
        let scope = Some((cloud.account.as_str(), cloud.region.as_str()));
        format!("stackctl-{}-", naming::physical(&owner.stack, &owner.address, 80, scope))
    }

    fn id(&self) -> Id {
        Id(format!("{},{},{}", self.bucket, self.function, self.entry))
    }

    fn parse(id: &Id) -> Result<Self> {
        let refused = || {
            Error::Refused(format!("`{id}` is no id of a trigger: write BUCKET,FUNCTION_ARN,ENTRY"))
        };
        let [bucket, function, entry]: [&str; 3] =
            id.0.split(',').collect::<Vec<_>>().try_into().map_err(|_| refused())?;
        Ok(Self { bucket: bucket.to_owned(), function: function.to_owned(), entry: entry.to_owned() })
    }

    /// In the partition of the function, which is the bucket's too.
    fn bucket_arn(&self) -> String {
        let partition = self.function.split(':').nth(1).unwrap_or("aws");
        format!("arn:{partition}:s3:::{}", self.bucket)
    }
}

impl Resource for Trigger {
    const KIND: &'static str = "trigger";
    const PROFILE: Profile = Profile {
        // Notification configurations become consistent late.
        create: Wait::secs(0, 2, 2, 300).equal(3, 2),
        update: Wait::secs(0, 2, 2, 300).equal(3, 2),
        delete: Wait::secs(0, 2, 2, 300),
        typical: Typical { create: 6, update: 4, delete: 4 },
        gone: &["NoSuchBucket", "ResourceNotFoundException"],
        retries: &[
            // S3 asks the function whether it may be called, and the answer may be older than the permission.
            Retry::secs("InvalidArgument", "Unable to validate the following destination configurations", 120),
            // A trigger of a stack, which may move away at this moment.
            Retry::secs("InvalidArgument", OURS, 60),
            Retry::secs("OperationAborted", "", 120),
            Retry::secs("NoSuchBucket", "", 120),
            Retry::secs("ResourceNotFoundException", "", 120),
            Retry::secs("ResourceConflictException", "", 300),
            Retry::secs("PreconditionFailedException", "", 120),
        ],
        fixed_name: true,
        identity: &["bucket", "function", "events", "prefix", "suffix"],
        actions: Actions {
            arn: "",
            read: &[
                Permit::on(&["lambda:GetPolicy"], &["={function}"]),
                Permit::on(&["s3:GetBucketNotification"], &["s3:::{bucket}"]),
            ],
            create: &[
                Permit::on(&["lambda:AddPermission"], &["={function}"]),
                Permit::on(&["s3:PutBucketNotification"], &["s3:::{bucket}"]),
            ],
            update: &[
                Permit::on(&["lambda:AddPermission", "lambda:RemovePermission"], &["={function}"]),
                Permit::on(&["s3:PutBucketNotification"], &["s3:::{bucket}"]),
            ],
            delete: &[
                Permit::on(&["lambda:RemovePermission"], &["={function}"]),
                Permit::on(&["s3:PutBucketNotification"], &["s3:::{bucket}"]),
            ],
        },
    };
    const HOLDS: Holds = Holds::Nothing;
    type Inputs = Inputs;
    type Outputs = Outputs;

    async fn create(ctx: &Create<'_>, inputs: &Inputs) -> Result<Id> {
        let parts = Parts::of(ctx.cloud, ctx.owner, inputs);
        put(ctx.cloud, &parts, inputs).await?;
        Ok(parts.id())
    }

    async fn find(cloud: &Cloud, owner: &Owner, inputs: &Inputs) -> Result<Option<Id>> {
        if owner.intent.is_empty() {
            let prefix = Parts::prefix(cloud, owner);
            let whole = notification::get(cloud, &inputs.bucket).await?.unwrap_or_default();
            return owner.only(whole.starting_with(&prefix).map(|(entry, function)| {
                Parts { bucket: inputs.bucket.clone(), function, entry }.id().0
            }));
        }
        let id = Parts::of(cloud, owner, inputs).id();
        let found = Self::read(cloud, std::slice::from_ref(&id)).await?;
        Ok(found.contains_key(&id).then_some(id))
    }

    /// One call for each bucket and one for each function, however many triggers they share.
    async fn read(cloud: &Cloud, ids: &[Id]) -> Result<HashMap<Id, Live<Self>>> {
        let all = ids.iter().map(|id| Ok((id, Parts::parse(id)?))).collect::<Result<Vec<_>>>()?;
        let buckets: BTreeSet<&str> = all.iter().map(|(_, parts)| parts.bucket.as_str()).collect();
        let functions: BTreeSet<&str> = all.iter().map(|(_, parts)| parts.function.as_str()).collect();
        let notifications = buckets
            .into_iter()
            .map(|bucket| async move { Ok::<_, Error>((bucket, notification::get(cloud, bucket).await?)) });
        let policies = functions
            .into_iter()
            .map(|function| async move { Ok::<_, Error>((function, permission::all(cloud, function).await?)) });
        let (notifications, policies) = futures::try_join!(try_join_all(notifications), try_join_all(policies))?;
        let (notifications, policies) = (BTreeMap::from_iter(notifications), BTreeMap::from_iter(policies));
        let mut found = HashMap::new();
        for (id, parts) in &all {
            let entry = notifications[parts.bucket.as_str()].as_ref().and_then(|all| all.entry(&parts.entry));
            let source = policies[parts.function.as_str()].get(&parts.entry);
            if entry.is_none() && source.is_none() {
                continue;
            }
            // Half a trigger reads as one without events, which `update` completes and `delete` clears away.
            let whole = source == Some(&parts.bucket_arn());
            let entry = entry.filter(|entry| whole && entry.lambda_function_arn == parts.function);
            let inputs = Inputs {
                bucket: parts.bucket.clone(),
                function: parts.function.clone(),
                events: entry.map(notification::events).unwrap_or_default(),
                prefix: entry.and_then(|entry| notification::filter(entry, "prefix")),
                suffix: entry.and_then(|entry| notification::filter(entry, "suffix")),
            };
            let outputs = Outputs { entry: parts.entry.clone() };
            found.insert((*id).clone(), Live { inputs, outputs, status: Status::Ready });
        }
        Ok(found)
    }

    async fn update(cloud: &Cloud, id: &Id, change: Change<'_, Inputs>) -> Result<()> {
        put(cloud, &Parts::parse(id)?, change.after).await
    }

    /// The entry first: S3 would refuse the next change of a configuration that names a function it may not call.
    async fn delete(cloud: &Cloud, id: &Id, _: &Live<Self>) -> Result<()> {
        let parts = Parts::parse(id)?;
        notification::change(cloud, &parts.bucket, &parts.entry, None).await?;
        permission::remove(cloud, &parts).await
    }

    fn check(inputs: &serde_json::Value) -> Vec<(String, String)> {
        let events = inputs["events"].as_array().into_iter().flatten().enumerate();
        let wrong = events.filter_map(|(i, event)| Some((i, event.as_str()?))).filter(|(_, event)| {
            !event.starts_with("s3:")
        });
        wrong
            .map(|(i, event)| {
                let text = format!("`{event}` is no event of S3: they start with `s3:`, as in s3:ObjectCreated:*");
                (format!("events.{i}"), text)
            })
            .collect()
    }
}

/// Permission first: S3 refuses an entry for a function that it may not call.
async fn put(cloud: &Cloud, parts: &Parts, inputs: &Inputs) -> Result<()> {
    permission::add(cloud, parts).await?;
    let entry = notification::build(parts, inputs)?;
    match notification::change(cloud, &parts.bucket, &parts.entry, Some(entry.clone())).await {
        Err(error) if error.is(&["InvalidArgument"]) && overlaps(&error) => {
            let there = notification::get(cloud, &parts.bucket).await?.unwrap_or_default();
            let text = collision(&there, parts, inputs, &error);
            let ours = there.overlapping(&parts.entry, inputs).iter().any(|other| other.starts_with("`stackctl-"));
            match error {
                Error::Aws(error) if ours => Err(Error::Aws(AwsError { message: format!("{text} ({OURS})"), ..error })),
                _ => Err(Error::Refused(text)),
            }
        }
        other => other,
    }
}

/// Two triggers that change side by side get in each other's way for a moment: who comes first still sees the other where it was.
const OURS: &str = "the other one is a trigger, too";

fn overlaps(error: &Error) -> bool {
    let text = error.to_string().to_lowercase();
    text.contains("overlap") || text.contains("ambiguously")
}

/// AWS says only that something overlaps; this says with what.
fn collision(there: &Notification, parts: &Parts, inputs: &Inputs, error: &Error) -> String {
    let others = there.overlapping(&parts.entry, inputs);
    let others = if others.is_empty() { "another notification".to_owned() } else { others.join(", ") };
    format!(
        "the bucket {} cannot send an object to two places, and {others} of its notifications also takes some of the \
         objects of {} (prefix `{}`, suffix `{}`): choose a prefix, suffix or events that keep them apart, or let one \
         function do both ({error})",
        parts.bucket,
        parts.entry,
        inputs.prefix.as_deref().unwrap_or_default(),
        inputs.suffix.as_deref().unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_id_leads_back_to_its_parts() {
        let parts = Parts {
            bucket: "loans.incoming".to_owned(),
            function: "arn:aws-cn:lambda:cn-north-1:123456789012:function:loader".to_owned(),
            entry: "stackctl-loans-ingest-0a1b2c3d-4e5f60".to_owned(),
        };
        assert_eq!(Parts::parse(&parts.id()).unwrap(), parts);
        assert_eq!(parts.bucket_arn(), "arn:aws-cn:s3:::loans.incoming");
        assert!(Parts::parse(&Id::from("loans")).is_err());
    }

    #[test]
    fn events_are_those_of_s3() {
        assert_eq!(Trigger::check(&json!({"events": ["s3:ObjectCreated:*"]})), []);
        let wrong = Trigger::check(&json!({"events": ["s3:ObjectRemoved:*", "ObjectCreated", {"$unknown": "a.b.c"}]}));
        assert_eq!(wrong.len(), 1);
        assert_eq!(wrong[0].0, "events.1");
    }
}
