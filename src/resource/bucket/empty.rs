//! Emptying, for `force_destroy`: every version, every delete marker, every unfinished upload.

use super::{GONE, Id};
use crate::cloud::{Cloud, Gone, aws, built};
use crate::error::{AwsError, Error, Result};
use aws_sdk_s3::types::{Delete, ObjectIdentifier};

/// Not only what blocks DeleteBucket: unfinished uploads would be lost without a word.
pub(super) async fn all(cloud: &Cloud, id: &Id) -> Result<()> {
    uploads(cloud, id).await?;
    versions(cloud, id).await
}

/// One pass; what somebody writes meanwhile is the next attempt's.
async fn versions(cloud: &Cloud, id: &Id) -> Result<()> {
    let (mut key, mut version) = (None, None);
    loop {
        let call = cloud.s3().list_object_versions().bucket(&id.0);
        let call = call.set_key_marker(key).set_version_id_marker(version);
        let found = call.send().await.map_err(aws("s3:ListObjectVersions")).gone(GONE)?;
        let Some(page) = found else { return Ok(()) };
        let versions = page.versions.unwrap_or_default().into_iter().map(|one| (one.key, one.version_id));
        let markers = page.delete_markers.unwrap_or_default().into_iter().map(|one| (one.key, one.version_id));
        let mut doomed = vec![];
        for (key, version) in versions.chain(markers) {
            let object = ObjectIdentifier::builder().set_key(key).set_version_id(version).build();
            doomed.push(built(object)?);
        }
        // S3 takes 1000 at once, which is a page of versions and markers together.
        for chunk in doomed.chunks(1000) {
            remove(cloud, id, chunk.to_vec()).await?;
        }
        if page.is_truncated != Some(true) || page.next_key_marker.is_none() {
            return Ok(());
        }
        (key, version) = (page.next_key_marker, page.next_version_id_marker);
    }
}

/// Answers 200 also where single objects stay: those are in the answer.
async fn remove(cloud: &Cloud, id: &Id, objects: Vec<ObjectIdentifier>) -> Result<()> {
    let delete = built(Delete::builder().set_objects(Some(objects)).quiet(true).build())?;
    let call = cloud.s3().delete_objects().bucket(&id.0).delete(delete);
    let found = call.send().await.map_err(aws("s3:DeleteObjects")).gone(GONE)?;
    let errors = found.and_then(|found| found.errors).unwrap_or_default();
    let stays = |code: Option<&str>| !matches!(code, Some("NoSuchKey" | "NoSuchVersion"));
    match errors.into_iter().find(|error| stays(error.code.as_deref())) {
        None => Ok(()),
        Some(error) => Err(Error::Aws(AwsError {
            operation: "s3:DeleteObjects",
            message: format!(
                "{} stays in the bucket: {}",
                error.key.unwrap_or_default(),
                error.message.unwrap_or_default()
            ),
            code: error.code,
            request_id: None,
            status: Some(200),
        })),
    }
}

async fn uploads(cloud: &Cloud, id: &Id) -> Result<()> {
    let (mut key, mut upload) = (None, None);
    loop {
        let call = cloud.s3().list_multipart_uploads().bucket(&id.0);
        let call = call.set_key_marker(key).set_upload_id_marker(upload);
        let found = call.send().await.map_err(aws("s3:ListMultipartUploads")).gone(GONE)?;
        let Some(page) = found else { return Ok(()) };
        for one in page.uploads.unwrap_or_default() {
            let call = cloud.s3().abort_multipart_upload().bucket(&id.0);
            let call = call.set_key(one.key).set_upload_id(one.upload_id);
            call.send().await.map_err(aws("s3:AbortMultipartUpload")).gone(&["NoSuchUpload"])?;
        }
        if page.is_truncated != Some(true) || page.next_key_marker.is_none() {
            return Ok(());
        }
        (key, upload) = (page.next_key_marker, page.next_upload_id_marker);
    }
}
