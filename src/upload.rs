//! Uploads a file to S3: in one piece when small, else in parts, several at a time.

use crate::cloud::aws;
use crate::error::{Error, Result};
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::{ByteStream, Length};
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use futures::stream::{self, StreamExt, TryStreamExt};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of a file up to which it goes in one piece.
const ONE_PIECE: u64 = 16 * 1024 * 1024;
/// S3 takes at most this many parts.
const MOST_PARTS: u64 = 10_000;
const AT_ONCE: usize = 4;

/// How far an upload is, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    pub sent: u64,
    pub total: u64,
}

/// How many bytes of a file of `total` are sent at once, at most.
pub fn piece(total: u64) -> u64 {
    total.div_ceil(MOST_PARTS).max(ONE_PIECE)
}

/// Uploads and returns the number of bytes. A multipart upload that fails is aborted: its parts would cost money
/// unseen.
pub async fn upload(
    s3: &Client,
    from: &Path,
    bucket: &str,
    key: &str,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<u64> {
    let meta = std::fs::metadata(from).map_err(Error::io(from.display().to_string()))?;
    if !meta.is_file() {
        return Err(Error::Refused(format!("{} is not a file", from.display())));
    }
    let total = meta.len();
    if total <= ONE_PIECE {
        let body = body(from, 0, total).await?;
        let call = s3.put_object().bucket(bucket).key(key).body(body);
        call.send().await.map_err(aws("s3:PutObject"))?;
        progress(Progress { sent: total, total });
        return Ok(total);
    }
    let started = s3.create_multipart_upload().bucket(bucket).key(key);
    let started = started.send().await.map_err(aws("s3:CreateMultipartUpload"))?;
    let id = started.upload_id.unwrap_or_default();
    match parts(s3, from, bucket, key, &id, total, progress).await {
        Ok(()) => Ok(total),
        Err(error) => {
            // The first error is the one that matters; a bucket's lifecycle ends what cannot be aborted now.
            let abort = s3.abort_multipart_upload().bucket(bucket).key(key).upload_id(&id);
            let _ = abort.send().await;
            Err(error)
        }
    }
}

async fn parts(
    s3: &Client,
    from: &Path,
    bucket: &str,
    key: &str,
    id: &str,
    total: u64,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<()> {
    let size = piece(total);
    let sent = AtomicU64::new(0);
    let sent = &sent;
    let pieces = (0..total.div_ceil(size)).map(|index| async move {
        let (offset, number) = (index * size, i32::try_from(index + 1).unwrap_or(i32::MAX));
        let length = size.min(total - offset);
        let body = body(from, offset, length).await?;
        let call = s3.upload_part().bucket(bucket).key(key).upload_id(id).part_number(number).body(body);
        let part = call.send().await.map_err(aws("s3:UploadPart"))?;
        let now = sent.fetch_add(length, Ordering::Relaxed) + length;
        progress(Progress { sent: now, total });
        Ok::<_, Error>(CompletedPart::builder().part_number(number).set_e_tag(part.e_tag).build())
    });
    let mut done: Vec<CompletedPart> = stream::iter(pieces).buffer_unordered(AT_ONCE).try_collect().await?;
    done.sort_by_key(CompletedPart::part_number);
    let whole = CompletedMultipartUpload::builder().set_parts(Some(done)).build();
    let call = s3.complete_multipart_upload().bucket(bucket).key(key).upload_id(id).multipart_upload(whole);
    call.send().await.map_err(aws("s3:CompleteMultipartUpload"))?;
    Ok(())
}

async fn body(from: &Path, offset: u64, length: u64) -> Result<ByteStream> {
    let stream =
        ByteStream::read_from().path(from).offset(offset).length(Length::Exact(length)).build().await;
    stream.map_err(|error| Error::Refused(format!("{} cannot be read: {error}", from.display())))
}
