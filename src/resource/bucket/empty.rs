//! Emptying, for `force_destroy`: every version, every delete marker, every unfinished upload.
//!
//! What a lock keeps (Object Lock, a legal hold) stays, and is named: the lock is somebody's word, too.

use super::{GONE, Id};
use crate::cloud::{Cloud, Gone, aws, built};
use crate::error::{AwsError, Error, Result};
use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput as Page;
use aws_sdk_s3::types::{Delete, EncodingType, ObjectIdentifier};
use futures::stream::{FuturesUnordered, StreamExt};
use percent_encoding::percent_decode_str;

/// Deletions under way while the next page is listed: a bucket of millions takes minutes so, and hours one by one.
const AT_ONCE: usize = 8;
/// S3 takes so many in one call, which is a page of versions and markers together.
const CHUNK: usize = 1000;

/// Not only what blocks DeleteBucket: unfinished uploads would be lost without a word.
pub(super) async fn all(cloud: &Cloud, id: &Id) -> Result<()> {
    uploads(cloud, id).await?;
    versions(cloud, id).await
}

/// One pass; what somebody writes meanwhile is the next attempt's.
async fn versions(cloud: &Cloud, id: &Id) -> Result<()> {
    let (mut key, mut version) = (None, None);
    let mut under_way = FuturesUnordered::new();
    loop {
        let call = cloud.s3().list_object_versions().bucket(&id.0).encoding_type(EncodingType::Url);
        let call = call.set_key_marker(key).set_version_id_marker(version);
        let found = call.send().await.map_err(aws("s3:ListObjectVersions")).gone(GONE)?;
        let Some(page) = found else { break };
        let encoded = page.encoding_type == Some(EncodingType::Url);
        let (plain, odd): (Vec<_>, Vec<_>) = doomed(&page)?.into_iter().partition(|object| fits_xml(&object.key));
        for chunk in plain.chunks(CHUNK).map(<[_]>::to_vec).chain(odd.into_iter().map(|one| vec![one])) {
            if under_way.len() >= AT_ONCE
                && let Some(ended) = under_way.next().await
            {
                ended?;
            }
            under_way.push(remove(cloud, id, chunk));
        }
        if page.is_truncated != Some(true) || page.next_key_marker.is_none() {
            break;
        }
        key = page.next_key_marker.map(|key| plain_key(&key, encoded));
        version = page.next_version_id_marker;
    }
    while let Some(ended) = under_way.next().await {
        ended?;
    }
    Ok(())
}

fn doomed(page: &Page) -> Result<Vec<ObjectIdentifier>> {
    let encoded = page.encoding_type == Some(EncodingType::Url);
    let versions = page.versions().iter().map(|one| (one.key(), one.version_id()));
    let markers = page.delete_markers().iter().map(|one| (one.key(), one.version_id()));
    let object = |(key, version): (Option<&str>, Option<&str>)| {
        let key = key.map(|key| plain_key(key, encoded));
        built(ObjectIdentifier::builder().set_key(key).set_version_id(version.map(str::to_owned)).build())
    };
    versions.chain(markers).map(object).collect()
}

/// Keys are asked for encoded, since XML has no place for some characters that they may have. Not every emulator minds.
fn plain_key(key: &str, encoded: bool) -> String {
    match encoded {
        // A space is a plus there.
        true => percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy().into_owned(),
        false => key.to_owned(),
    }
}

/// XML 1.0 has no control characters but these three, not even escaped.
fn fits_xml(key: &str) -> bool {
    key.chars().all(|c| !c.is_ascii_control() || matches!(c, '\t' | '\n' | '\r') || c == '\u{7f}')
        && !key.contains(['\u{fffe}', '\u{ffff}'])
}

async fn remove(cloud: &Cloud, id: &Id, objects: Vec<ObjectIdentifier>) -> Result<()> {
    match objects.as_slice() {
        [one] if !fits_xml(&one.key) => remove_one(cloud, id, one).await,
        _ => remove_all(cloud, id, objects).await,
    }
}

async fn remove_one(cloud: &Cloud, id: &Id, object: &ObjectIdentifier) -> Result<()> {
    let call = cloud.s3().delete_object().bucket(&id.0).key(&object.key);
    let call = call.set_version_id(object.version_id.clone());
    call.send().await.map_err(aws("s3:DeleteObject")).gone(GONE).map(drop)
}

/// Answers 200 also where single objects stay: those are in the answer.
async fn remove_all(cloud: &Cloud, id: &Id, objects: Vec<ObjectIdentifier>) -> Result<()> {
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
        let call = cloud.s3().list_multipart_uploads().bucket(&id.0).encoding_type(EncodingType::Url);
        let call = call.set_key_marker(key).set_upload_id_marker(upload);
        let found = call.send().await.map_err(aws("s3:ListMultipartUploads")).gone(GONE)?;
        let Some(page) = found else { return Ok(()) };
        let encoded = page.encoding_type == Some(EncodingType::Url);
        for one in page.uploads.unwrap_or_default() {
            let call = cloud.s3().abort_multipart_upload().bucket(&id.0);
            let call = call.set_key(one.key.map(|key| plain_key(&key, encoded))).set_upload_id(one.upload_id);
            call.send().await.map_err(aws("s3:AbortMultipartUpload")).gone(&["NoSuchUpload"])?;
        }
        if page.is_truncated != Some(true) || page.next_key_marker.is_none() {
            return Ok(());
        }
        key = page.next_key_marker.map(|key| plain_key(&key, encoded));
        upload = page.next_upload_id_marker;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_as_they_were() {
        assert_eq!(plain_key("in+coming/%2B%01%C3%A4", true), "in coming/+\u{1}ä");
        assert_eq!(plain_key("a+b%41", false), "a+b%41");
        assert!(fits_xml("a\tb/ä+ <&>") && !fits_xml("a\u{1}") && !fits_xml("a\u{1f}"));
    }
}
