use super::{Condition, Object, Objects, PutError, Version};
use crate::cloud::{Cloud, aws};
use crate::error::Error;
use crate::limits;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, VersioningConfiguration,
};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;
use futures::future::BoxFuture;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// An S3 bucket. Conditional writes: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>
#[derive(Debug)]
pub struct Bucket {
    client: aws_sdk_s3::Client,
    name: String,
    region: String,
}

/// 412 by itself; 409 when two conditional writes met; 404 for `If-Match` on nothing.
const CONFLICTS: [&str; 3] = ["PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"];

impl Bucket {
    pub fn new(cloud: &Cloud, name: &str) -> Self {
        Self { client: cloud.s3(), name: name.to_owned(), region: cloud.region.clone() }
    }

    /// Makes the bucket, versioned, if it is missing: on the local cloud, whose owner need not prepare anything.
    pub async fn ensure(&self) -> Result<(), Error> {
        if self.client.head_bucket().bucket(&self.name).send().await.is_ok() {
            return Ok(());
        }
        // `us-east-1` is the one region that must not be named.
        let place = CreateBucketConfiguration::builder()
            .location_constraint(BucketLocationConstraint::from(self.region.as_str()))
            .build();
        let place = (self.region != "us-east-1").then_some(place);
        let call = self.client.create_bucket().bucket(&self.name).set_create_bucket_configuration(place);
        match call.send().await.map_err(aws("s3:CreateBucket")) {
            Ok(_) => {}
            Err(error) if error.is(&["BucketAlreadyOwnedByYou"]) => {}
            Err(error) => return Err(error),
        }
        let kept = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let call = self.client.put_bucket_versioning().bucket(&self.name).versioning_configuration(kept);
        call.send().await.map_err(aws("s3:PutBucketVersioning"))?;
        Ok(())
    }
}

impl Objects for Bucket {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Object>, Error>> {
        Box::pin(async move {
            let clock = Clock::default();
            let call = self.client.get_object().bucket(&self.name).key(key).customize();
            let answer = match call.interceptor(clock.clone()).send().await.map_err(aws("s3:GetObject")) {
                Ok(answer) => answer,
                Err(error) if error.is(&["NoSuchKey"]) => return Ok(None),
                Err(error) => return Err(error),
            };
            let modified = answer.last_modified().copied();
            let etag = answer.e_tag().unwrap_or_default().to_owned();
            let bytes = content(answer.body, "s3:GetObject", key).await?;
            Ok(Some(Object { bytes, etag, age: clock.since(modified) }))
        })
    }

    fn put<'a>(
        &'a self,
        key: &'a str,
        bytes: Vec<u8>,
        condition: Condition,
    ) -> BoxFuture<'a, Result<String, PutError>> {
        Box::pin(async move {
            let call = self.client.put_object().bucket(&self.name).key(key).body(ByteStream::from(bytes));
            let call = match condition {
                Condition::Absent => call.if_none_match("*"),
                Condition::Match(etag) => call.if_match(etag),
            };
            let answer = call.send().await.map_err(aws("s3:PutObject")).map_err(conflict)?;
            Ok(answer.e_tag.unwrap_or_default())
        })
    }

    fn delete<'a>(&'a self, key: &'a str, etag: &'a str) -> BoxFuture<'a, Result<(), PutError>> {
        Box::pin(async move {
            let call = self.client.delete_object().bucket(&self.name).key(key).if_match(etag);
            match call.send().await.map_err(aws("s3:DeleteObject")) {
                Ok(_) => Ok(()),
                Err(error) if error.is(&["NoSuchKey"]) => Ok(()),
                Err(error) => Err(conflict(error)),
            }
        })
    }

    fn versions<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Vec<Version>, Error>> {
        Box::pin(async move {
            let mut versions = vec![];
            let (mut next_key, mut next_version) = (None, None);
            loop {
                let call = self.client.list_object_versions().bucket(&self.name).prefix(key);
                let call = call.set_key_marker(next_key.take()).set_version_id_marker(next_version.take());
                let page = call.send().await.map_err(aws("s3:ListObjectVersions"))?;
                let of_key = page.versions().iter().filter(|version| version.key() == Some(key));
                // `null` is the id of what was written before versioning was turned on.
                versions.extend(of_key.filter_map(|version| {
                    Some(Version {
                        id: version.version_id().filter(|id| *id != "null")?.to_owned(),
                        modified: version.last_modified()?.fmt(Format::DateTime).ok()?,
                        size: version.size().unwrap_or_default().try_into().unwrap_or_default(),
                    })
                }));
                (next_key, next_version) = (page.next_key_marker, page.next_version_id_marker);
                if next_key.is_none() {
                    return Ok(versions);
                }
            }
        })
    }

    fn version<'a>(&'a self, key: &'a str, id: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, Error>> {
        Box::pin(async move {
            let call = self.client.get_object().bucket(&self.name).key(key).version_id(id);
            match call.send().await.map_err(aws("s3:GetObjectVersion")) {
                Ok(answer) => content(answer.body, "s3:GetObjectVersion", key).await.map(Some),
                Err(error) if error.is(&["NoSuchVersion", "NoSuchKey", "InvalidArgument"]) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }
}

async fn content(mut body: ByteStream, call: &str, key: &str) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![];
    while let Some(chunk) = body.next().await {
        bytes.extend_from_slice(&chunk.map_err(|error| Error::Refused(format!("{call} {key}: {error}")))?);
        if bytes.len() as u64 > limits::STATE {
            let limit = limits::size(limits::STATE);
            return Err(Error::Refused(format!(
                "{call} {key}: it is larger than {limit}, the most that is read of a state"
            )));
        }
    }
    Ok(bytes)
}

fn conflict(error: Error) -> PutError {
    if error.is(&CONFLICTS) { PutError::Conflict } else { PutError::Failed(error) }
}

/// Reads the time of the service from its answer, so that the age of a lease does not depend on this machine's clock.
#[derive(Debug, Clone, Default)]
struct Clock {
    date: Arc<Mutex<Option<DateTime>>>,
}

impl Clock {
    fn since(&self, modified: Option<DateTime>) -> Duration {
        let answered = *self.date.lock().unwrap_or_else(PoisonError::into_inner);
        let now = answered.unwrap_or_else(|| DateTime::from(std::time::SystemTime::now()));
        let seconds = modified.map_or(0.0, |modified| now.as_secs_f64() - modified.as_secs_f64());
        Duration::try_from_secs_f64(seconds).unwrap_or_default()
    }
}

impl Intercept for Clock {
    fn name(&self) -> &'static str {
        "Clock"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let date = date.and_then(|date| DateTime::from_str(date, Format::HttpDate).ok());
        *self.date.lock().unwrap_or_else(PoisonError::into_inner) = date;
        Ok(())
    }
}
