//! `[bucket.NAME]`: an S3 bucket. One file for each part that S3 keeps as a configuration of its own.

mod access;
mod empty;
mod encryption;
mod lifecycle;
mod permits;
mod policy;
mod tagging;
mod versioning;

pub use lifecycle::Rule;

use super::{Change, Create, Holds, Id, Live, Owner, Profile, Resource, Retry, Status, Typical, Wait};
use crate::cloud::{Cloud, Gone, Remedy, aws, naming, tags};
use crate::error::{Error, Result};
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration, ObjectOwnership};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};

pub struct Bucket;

/// An S3 bucket: versioned, encrypted, private and reachable by TLS only, unless told otherwise.
///
/// What its objects set off is the business of the kind `trigger`, which owns the bucket's notification configuration.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// Name of the bucket, unique in the world; from stack, address, account and region when unset.
    #[schemars(
        length(min = 3, max = 63),
        regex(pattern = r"^[a-z0-9][a-z0-9.-]*[a-z0-9]$"),
        extend("x-replace" = true, "x-name" = {"max": 63, "global": true}, "examples" = ["loans-files"])
    )]
    pub name: Option<String>,
    /// Keeps what is overwritten or deleted as older versions. Once on, it can only be suspended: older versions stay.
    #[serde(default = "yes")]
    pub versioning: bool,
    /// How new objects are encrypted: `AES256` (keys of S3) or `aws:kms`.
    #[serde(default = "aes")]
    #[schemars(extend("enum" = ["AES256", "aws:kms"]))]
    pub encryption: String,
    /// ARN of the KMS key for `aws:kms`, spelled as it shall be stored; the account's `aws/s3` key when unset.
    #[schemars(extend("x-key" = true))]
    pub kms_key: Option<String>,
    /// Refuses every ACL and policy that makes objects public. All four settings of S3 together.
    #[serde(default = "yes")]
    #[schemars(extend("x-widens" = { "false": "its objects may be made public" }))]
    pub block_public_access: bool,
    /// Refuses requests without TLS, by a statement that is added to `policy`.
    #[serde(default = "yes")]
    #[schemars(extend("x-widens" = { "false": "requests without TLS are let through" }))]
    pub tls_only: bool,
    /// Resource policy, without the statement of `tls_only`. At most 20 KB.
    #[schemars(extend("x-policy" = true))]
    pub policy: Option<Json>,
    /// Who owns what others upload. With `BucketOwnerEnforced` ACLs are off.
    #[serde(default = "enforced")]
    #[schemars(extend("enum" = ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"], "x-widens" = {
        "\"BucketOwnerPreferred\"": "ACLs count again: who writes an object may open it to others",
        "\"ObjectWriter\"": "ACLs count again: who writes an object may open it to others"
    }))]
    pub ownership: String,
    /// Days after which an upload in parts that was never completed is thrown away; 0 keeps the parts, unseen and paid.
    #[serde(default = "week")]
    #[schemars(range(min = 0, max = 3650))]
    pub abort_incomplete_multipart_days: u32,
    /// When objects move to other storage and when they go.
    #[serde(default)]
    #[schemars(extend("x-set" = true))]
    pub lifecycle_rules: Vec<Rule>,
    /// Empties the bucket when it is destroyed, all versions included. Must be applied before the destroy.
    #[serde(default)]
    #[schemars(extend("x-local" = true))]
    pub force_destroy: bool,
    /// Tags of the bucket.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

fn yes() -> bool {
    true
}
fn aes() -> String {
    "AES256".to_owned()
}
fn enforced() -> String {
    "BucketOwnerEnforced".to_owned()
}
fn week() -> u32 {
    7
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    pub arn: String,
    pub name: String,
    /// Regional host name: `NAME.s3.REGION.amazonaws.com`.
    pub domain_name: String,
    pub region: String,
}

/// Where only the bucket itself can be missing. A bucket of somebody else (403) or elsewhere (301) is not gone.
const GONE: &[&str] = &["NoSuchBucket", "NotFound", "404"];
const TAKEN: &str = "it exists, and this stack did not create it (bucket names are unique in the world): take it over if it is yours (docs/state.md says how), else set another `name`";

impl Resource for Bucket {
    const KIND: &'static str = "bucket";
    const PROFILE: Profile = Profile {
        // A lifecycle configuration is answered old and new in turn for a while, and every bucket has one. Terraform's
        // provider waits for ten equal answers, too.
        create: Wait::secs(0, 1, 2, 1200).equal(10, 5),
        update: Wait::secs(0, 2, 2, 300).equal(10, 5),
        delete: Wait::secs(0, 1, 2, 300),
        typical: Typical { create: 50, update: 50, delete: 3 },
        gone: GONE,
        retries: &[
            Retry::secs("OperationAborted", "", 1200),
            // Parts are written in other places than the bucket was.
            Retry::secs("NoSuchBucket", "", 120),
            // The policy names a role that is too new; other mistakes in it do not pass.
            Retry::secs("MalformedPolicy", "Invalid principal in policy", 120),
            // Somebody wrote while it was being emptied; without force_destroy the kind answers no code.
            Retry::secs("BucketNotEmpty", "", 60),
        ],
        fixed_name: true,
        identity: &["name"],
        actions: permits::ACTIONS,
    };
    const HOLDS: Holds = Holds::Data("its objects");
    type Inputs = Inputs;
    type Outputs = Outputs;

    async fn create(ctx: &Create<'_>, inputs: &Inputs) -> Result<Id> {
        let (cloud, id) = (ctx.cloud, Id(inputs.name.clone().unwrap_or_default()));
        // There CreateBucket on a bucket of one's own answers 200 and resets its ACL.
        if cloud.region == "us-east-1" && region(cloud, &id).await.map_err(elsewhere)?.is_some() {
            return match Self::find(cloud, ctx.owner, inputs).await? {
                Some(id) => Ok(id),
                None => Err(Error::Refused(format!("the bucket {id} is there: {TAKEN}"))),
            };
        }
        let wanted = ctx.tags(&inputs.tags);
        match make(cloud, &id, inputs, Some(&wanted)).await {
            Ok(()) => {}
            // The answer to an earlier attempt got lost.
            Err(error) if error.is(&["BucketAlreadyOwnedByYou"]) => {
                let earlier = Self::find(cloud, ctx.owner, inputs).await?;
                return earlier.ok_or(error).remedy(&[], TAKEN);
            }
            Err(error) if tags_refused(&error) => {
                make(cloud, &id, inputs, None).await?;
                tagging::write(cloud, &id, &wanted).await?;
            }
            Err(error) => return Err(error),
        }
        // Emulators take tags in CreateBucket and drop them.
        if cloud.emulated {
            tagging::write(cloud, &id, &wanted).await?;
        }
        Ok(id)
    }

    async fn find(cloud: &Cloud, owner: &Owner, inputs: &Inputs) -> Result<Option<Id>> {
        let id = Id(inputs.name.clone().unwrap_or_default());
        // A bucket of that name that is somebody else's is no find; the create call will say so.
        let all = match tagging::read(cloud, &id).await {
            Err(error) if error.is(&["AccessDenied", "PermanentRedirect"]) => return Ok(None),
            other => other.gone(GONE)?,
        };
        Ok(all.is_some_and(|all| owner.owns(&all)).then_some(id))
    }

    async fn read(cloud: &Cloud, ids: &[Id]) -> Result<HashMap<Id, Live<Self>>> {
        super::each(cloud, ids, |id| read_one(cloud, id)).await
    }

    /// One part after the other: S3 refuses two configurations at once. The policy comes after the access block, which
    /// may forbid it.
    async fn update(cloud: &Cloud, id: &Id, change: Change<'_, Inputs>) -> Result<()> {
        let (before, after) = (change.before, change.after);
        if before.versioning != after.versioning {
            versioning::write(cloud, id, after.versioning).await?;
        }
        if (&before.encryption, &before.kms_key) != (&after.encryption, &after.kms_key) {
            encryption::write(cloud, id, &after.encryption, after.kms_key.as_deref()).await?;
        }
        if before.ownership != after.ownership {
            access::write_ownership(cloud, id, &after.ownership).await?;
        }
        if before.block_public_access != after.block_public_access {
            access::write_block(cloud, id, after.block_public_access).await?;
        }
        policy::update(cloud, id, before, after).await?;
        lifecycle::update(cloud, id, before, after).await?;
        if before.tags != after.tags {
            tagging::update(cloud, id, &after.tags).await?;
        }
        Ok(())
    }

    async fn delete(cloud: &Cloud, id: &Id, live: &Live<Self>) -> Result<()> {
        let remove = async || {
            let call = cloud.s3().delete_bucket().bucket(&id.0);
            call.send().await.map_err(aws("s3:DeleteBucket")).gone(GONE).map(|_| ())
        };
        match remove().await {
            Err(error) if error.is(&["BucketNotEmpty"]) && live.inputs.force_destroy => {
                empty::all(cloud, id).await?;
                remove().await
            }
            Err(error) if error.is(&["BucketNotEmpty"]) => Err(Error::Refused(format!(
                "the bucket {id} is not empty: set force_destroy = true, apply, and destroy again; or empty it, older \
                 versions included"
            ))),
            other => other,
        }
    }

    fn check(inputs: &Json) -> Vec<(String, String)> {
        let mut complaints = vec![];
        let name = inputs["name"].as_str().unwrap_or_default();
        if name.contains("..") || name.parse::<std::net::Ipv4Addr>().is_ok() {
            let text = "S3 takes no two dots in a row and no IP address: use letters, digits and hyphens";
            complaints.push(("name".to_owned(), text.to_owned()));
        }
        if !inputs["kms_key"].is_null() && inputs["encryption"].as_str().is_none_or(|how| how == "AES256") {
            let text = "is used with encryption = \"aws:kms\" only: set that, or remove the key";
            complaints.push(("kms_key".to_owned(), text.to_owned()));
        }
        complaints.extend(policy::check(&inputs["policy"]));
        complaints.extend(lifecycle::check(&inputs["lifecycle_rules"]));
        complaints
    }
}

async fn make(cloud: &Cloud, id: &Id, inputs: &Inputs, tags: Option<&BTreeMap<String, String>>) -> Result<()> {
    // us-east-1 is the one region that must not be named.
    let place = (cloud.region != "us-east-1").then(|| BucketLocationConstraint::from(cloud.region.as_str()));
    let tags = tags.map(tagging::s3_tags).transpose()?;
    let configuration = (place.is_some() || tags.is_some()).then(|| {
        CreateBucketConfiguration::builder().set_location_constraint(place).set_tags(tags).build()
    });
    let call = cloud
        .s3()
        .create_bucket()
        .bucket(&id.0)
        .object_ownership(ObjectOwnership::from(inputs.ownership.as_str()))
        .set_create_bucket_configuration(configuration);
    let made = call.send().await.map_err(aws("s3:CreateBucket"));
    made.remedy(&["BucketAlreadyExists"], TAKEN).map(|_| ())
}

/// Endpoints and permissions from before S3 took tags with the bucket.
fn tags_refused(error: &Error) -> bool {
    error.is(&["UnsupportedArgument"]) || error.to_string().contains("not authorized to perform: s3:TagResource")
}

/// The region that the bucket is in; none if there is no such bucket.
async fn region(cloud: &Cloud, id: &Id) -> Result<Option<String>> {
    let found = cloud.s3().head_bucket().bucket(&id.0).send().await.map_err(aws("s3:HeadBucket"));
    match found {
        Ok(found) => Ok(Some(found.bucket_region.unwrap_or_else(|| cloud.region.clone()))),
        // HEAD has no body, so the status is all there is.
        Err(Error::Aws(error)) if error.status == Some(404) => Ok(None),
        Err(error) => Err(spoken(error)),
    }
}

/// What a status means, where there is nothing else.
const SPOKEN: &[(u16, &str, &str)] = &[
    (301, "PermanentRedirect", "the bucket is in another region"),
    (400, "BadRequest", "S3 does not say why: mostly the credentials have expired"),
    (403, "Forbidden", "the bucket is of another account, or s3:ListBucket on it is not allowed"),
];

/// An error without a body says nothing, not even a code.
fn spoken(error: Error) -> Error {
    let Error::Aws(mut error) = error else { return error };
    let known = SPOKEN.iter().find(|(status, ..)| error.code.is_none() && error.status == Some(*status));
    if let Some((status, code, text)) = known {
        (error.code, error.message) = (Some((*code).to_owned()), format!("{text} (HTTP {status})"));
    }
    Error::Aws(error)
}

/// A bucket of that name which is not ours to make.
fn elsewhere(error: Error) -> Error {
    match error.is(&["PermanentRedirect", "Forbidden"]) {
        true => Error::Refused(format!("{error}: {TAKEN}")),
        false => error,
    }
}

async fn read_one(cloud: &Cloud, id: Id) -> Result<Option<Live<Bucket>>> {
    let Some(region) = region(cloud, &id).await? else { return Ok(None) };
    let parts = futures::try_join!(
        versioning::read(cloud, &id),
        encryption::read(cloud, &id),
        access::read_block(cloud, &id),
        access::read_ownership(cloud, &id),
        policy::read(cloud, &id),
        lifecycle::read(cloud, &id),
        tagging::read(cloud, &id),
    );
    // HEAD may still find a bucket that was just deleted.
    let Some((versioning, encryption, block, ownership, policy, lifecycle, all)) = parts.gone(GONE)? else {
        return Ok(None);
    };
    let inputs = Inputs {
        name: Some(id.0.clone()),
        versioning,
        encryption: encryption.0,
        kms_key: encryption.1,
        block_public_access: block,
        tls_only: policy.0,
        policy: policy.1,
        ownership,
        abort_incomplete_multipart_days: lifecycle.0,
        lifecycle_rules: lifecycle.1,
        force_destroy: false,
        tags: tags::read(&all),
    };
    let outputs = Outputs {
        arn: policy::arn(cloud, &id),
        name: id.0.clone(),
        domain_name: format!("{id}.s3.{region}.{}", naming::domain(&region)),
        region,
    };
    Ok(Some(Live { inputs, outputs, status: Status::Ready }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_empty_block_is_a_safe_bucket() {
        let inputs: Inputs = serde_json::from_value(json!({})).unwrap();
        assert!(inputs.versioning && inputs.block_public_access && inputs.tls_only && !inputs.force_destroy);
        assert_eq!((inputs.encryption.as_str(), inputs.abort_incomplete_multipart_days), ("AES256", 7));
    }

    #[test]
    fn contradictions_are_refused() {
        let paths = |json: Json| Bucket::check(&json).into_iter().map(|(path, _)| path).collect::<Vec<_>>();
        assert_eq!(paths(json!({"name": "a..b", "kms_key": "k"})), ["name", "kms_key"]);
        assert_eq!(paths(json!({"name": "10.0.0.1"})), ["name"]);
        assert_eq!(paths(json!({"kms_key": {"$unknown": "kms.k.arn"}, "encryption": "aws:kms"})), [""; 0]);
    }
}
