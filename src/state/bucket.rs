use super::{Condition, Object, Objects, PutError, Version};
use crate::cloud::{Cloud, Remedy, aws};
use crate::config::BucketPlace;
use crate::error::Error;
use crate::limits;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, ServerSideEncryption,
    VersioningConfiguration,
};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;
use futures::future::BoxFuture;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// An S3 bucket, in whatever region it is. Conditional writes:
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>
#[derive(Debug)]
pub struct Bucket {
    /// In the region of the bucket, as soon as S3 has said which that is.
    cloud: Mutex<Cloud>,
    name: String,
    /// With what writes are encrypted; none: as the bucket does it.
    sse: Option<ServerSideEncryption>,
    kms_key: Option<String>,
}

/// 412 by itself; 409 when two conditional writes met; 404 for `If-Match` on nothing.
const CONFLICTS: [&str; 3] = ["PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"];

const DENIED: &[&str] = &["AccessDenied"];
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>
const UNSEEN: &str = "without s3:ListBucket S3 says the same where there is no state yet; what a state in a bucket needs is in \
    docs/state.md, and `stackctl permissions` prints it";
const UNWRITTEN: &str = "the policy of the bucket may demand an encryption: `state = \"s3://BUCKET/KEY?sse=aws:kms\"`, or \
    `?kms_key=ARN`";

impl Bucket {
    pub fn new(cloud: &Cloud, name: &str) -> Self {
        Self::at(cloud, &BucketPlace { bucket: name.to_owned(), ..BucketPlace::default() })
    }

    /// Where `place` says, and as it says; its key is the caller's matter.
    pub fn at(cloud: &Cloud, place: &BucketPlace) -> Self {
        let cloud = cloud.clone();
        let cloud = match &place.region {
            Some(region) => cloud.in_region(region),
            None => cloud,
        };
        Self {
            cloud: Mutex::new(cloud),
            name: place.bucket.clone(),
            sse: place.sse.as_deref().map(ServerSideEncryption::from),
            kms_key: place.kms_key.clone(),
        }
    }

    fn cloud(&self) -> Cloud {
        self.cloud.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes a call in the region of the bucket: once more where S3 says that it is another one. Nothing was done then.
    async fn ask<T, E, F>(
        &self,
        call: impl Fn(Cloud) -> F,
    ) -> std::result::Result<T, SdkError<E, HttpResponse>>
    where
        F: Future<Output = std::result::Result<T, SdkError<E, HttpResponse>>>,
    {
        let cloud = self.cloud();
        let asked = cloud.region.clone();
        let answer = call(cloud).await;
        let Err(error) = &answer else { return answer };
        let Some(region) = error.raw_response().and_then(elsewhere).filter(|region| *region != asked) else {
            return answer;
        };
        tracing::info!(bucket = self.name, region, "the bucket is in another region");
        let cloud = self.cloud().in_region(&region);
        self.cloud.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&cloud);
        call(cloud).await
    }

    /// Makes the bucket, versioned, if it is missing: on the local cloud, whose owner need not prepare anything.
    pub async fn ensure(&self) -> Result<(), Error> {
        let (cloud, name) = (self.cloud(), &self.name);
        if cloud.s3().head_bucket().bucket(name).send().await.is_ok() {
            return Ok(());
        }
        // `us-east-1` is the one region that must not be named.
        let place = CreateBucketConfiguration::builder()
            .location_constraint(BucketLocationConstraint::from(cloud.region.as_str()))
            .build();
        let place = (cloud.region != "us-east-1").then_some(place);
        let call = cloud.s3().create_bucket().bucket(name).set_create_bucket_configuration(place);
        match call.send().await.map_err(aws("s3:CreateBucket")) {
            Ok(_) => {}
            Err(error) if error.is(&["BucketAlreadyOwnedByYou"]) => {}
            Err(error) => return Err(error),
        }
        let kept = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let call = cloud.s3().put_bucket_versioning().bucket(name).versioning_configuration(kept);
        call.send().await.map_err(aws("s3:PutBucketVersioning"))?;
        Ok(())
    }
}

/// The region of which S3 says that the bucket is in it: with 301, with 307 while the name is new, with 400 where the signature
/// is for another one. <https://docs.aws.amazon.com/AmazonS3/latest/userguide/Redirects.html>
fn elsewhere(response: &HttpResponse) -> Option<String> {
    if !matches!(response.status().as_u16(), 301 | 307 | 400) {
        return None;
    }
    let header = response.headers().get("x-amz-bucket-region").map(str::to_owned);
    header.or_else(|| {
        let text = std::str::from_utf8(response.body().bytes()?).ok()?;
        Some(text.split_once("<Region>")?.1.split('<').next()?.to_owned())
    })
}

impl Objects for Bucket {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Object>, Error>> {
        Box::pin(async move {
            let clock = Clock::default();
            let asked = self.ask(|cloud| {
                let call = cloud.s3().get_object().bucket(&self.name).key(key).customize();
                call.interceptor(clock.clone()).send()
            });
            let answer = match asked.await.map_err(aws("s3:GetObject")) {
                Ok(answer) => answer,
                Err(error) if error.is(&["NoSuchKey"]) => return Ok(None),
                Err(error) => return Err(error).remedy(DENIED, UNSEEN),
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
            let (absent, etag) = match condition {
                Condition::Absent => (Some("*".to_owned()), None),
                Condition::Match(etag) => (None, Some(etag)),
            };
            let body = SdkBody::from(bytes);
            let size = body.bytes().map_or(0, <[u8]>::len) as u64;
            let asked = self.ask(|cloud| {
                let call = cloud.s3_for(size).put_object().bucket(&self.name).key(key);
                call.body(ByteStream::new(body.try_clone().unwrap_or_else(SdkBody::taken)))
                    .set_if_none_match(absent.clone())
                    .set_if_match(etag.clone())
                    .set_server_side_encryption(self.sse.clone())
                    .set_ssekms_key_id(self.kms_key.clone())
                    .send()
            });
            let answer = asked.await.map_err(aws("s3:PutObject"));
            Ok(answer.remedy(DENIED, UNWRITTEN).map_err(conflict)?.e_tag.unwrap_or_default())
        })
    }

    fn delete<'a>(&'a self, key: &'a str, etag: &'a str) -> BoxFuture<'a, Result<(), PutError>> {
        Box::pin(async move {
            let asked = self
                .ask(|cloud| cloud.s3().delete_object().bucket(&self.name).key(key).if_match(etag).send());
            match asked.await.map_err(aws("s3:DeleteObject")) {
                Ok(_) => Ok(()),
                Err(error) if error.is(&["NoSuchKey"]) => Ok(()),
                Err(error) => Err(conflict(error)),
            }
        })
    }

    fn versions<'a>(&'a self, key: &'a str, most: usize) -> BoxFuture<'a, Result<Vec<Version>, Error>> {
        Box::pin(async move {
            let mut versions = vec![];
            let (mut next_key, mut next_version) = (None::<String>, None::<String>);
            loop {
                let asked = self.ask(|cloud| {
                    let call = cloud.s3().list_object_versions().bucket(&self.name).prefix(key);
                    let call = call.set_key_marker(next_key.clone());
                    call.set_version_id_marker(next_version.clone()).send()
                });
                let page = asked.await.map_err(aws("s3:ListObjectVersions"))?;
                let of_key = page.versions().iter().filter(|version| version.key() == Some(key));
                // `null` is the id of what was written before versioning was turned on.
                versions.extend(of_key.filter_map(|version| {
                    Some(Version {
                        id: version.version_id().filter(|id| *id != "null")?.to_owned(),
                        modified: version.last_modified()?.fmt(Format::DateTime).ok()?,
                        size: version.size().unwrap_or_default().try_into().unwrap_or_default(),
                    })
                }));
                // They come sorted by key: behind this one are its lock, which is written every few seconds, and its journal.
                let beyond = page.next_key_marker.as_deref() != Some(key);
                if beyond || versions.len() >= most {
                    versions.truncate(most);
                    return Ok(versions);
                }
                (next_key, next_version) = (page.next_key_marker, page.next_version_id_marker);
            }
        })
    }

    fn version<'a>(&'a self, key: &'a str, id: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, Error>> {
        Box::pin(async move {
            let asked =
                self.ask(|cloud| cloud.s3().get_object().bucket(&self.name).key(key).version_id(id).send());
            match asked.await.map_err(aws("s3:GetObjectVersion")) {
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
