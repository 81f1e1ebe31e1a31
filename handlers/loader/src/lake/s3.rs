//! A lake in S3. Files are uploaded in parts and show, whole, when the upload is completed.

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use bytes::{Bytes, BytesMut};

use super::store::{Content, Listing, Ticket};
use crate::aws::{self, Aws};
use crate::error::Error;

/// Size of a part. S3 takes 10,000 of them: 80 GB a file.
const PART: usize = 8 << 20;

/// A bucket, and what all keys begin with, without a slash at its end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Bucket {
    /// The bucket.
    pub bucket: String,
    /// The prefix.
    pub prefix: String,
}

/// An upload in parts.
pub struct Multipart<'a> {
    place: &'a Bucket,
    aws: &'a Aws,
    key: String,
    upload: String,
    buffer: BytesMut,
    parts: Vec<(String, String)>,
}

impl Bucket {
    fn key(&self, path: &str) -> String {
        format!("{}/{path}", self.prefix)
    }

    fn failed(&self, doing: &'static str, key: &str, message: String) -> Error {
        Error::S3 { doing, bucket: self.bucket.clone(), key: key.to_owned(), message }
    }

    pub(super) async fn list(&self, aws: &Aws, table: &str) -> Result<Listing, Error> {
        let mut listing = Listing::default();
        let prefix = format!("{}/", self.key(table));
        let client = aws.s3().await;
        let mut pages = client.list_objects_v2().bucket(&self.bucket).prefix(&prefix).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| self.failed("list", &prefix, aws::explain(&error)))?;
            for object in page.contents() {
                let path = object.key().and_then(|key| key.strip_prefix(&prefix));
                let size = object.size().unwrap_or_default().unsigned_abs();
                listing.files.extend(path.map(|path| (path.to_owned(), size)));
            }
        }
        let (mut key_marker, mut upload_marker) = (None, None);
        loop {
            let page = client
                .list_multipart_uploads()
                .bucket(&self.bucket)
                .prefix(&prefix)
                .set_key_marker(key_marker)
                .set_upload_id_marker(upload_marker)
                .send()
                .await
                .map_err(|error| self.failed("list the uploads of", &prefix, aws::explain(&error)))?;
            for upload in page.uploads() {
                if let (Some(path), Some(id)) =
                    (upload.key().and_then(|key| key.strip_prefix(&prefix)), upload.upload_id())
                {
                    let ticket = Ticket { upload: Some(id.to_owned()), parts: Vec::new() };
                    listing.unfinished.push((path.to_owned(), ticket));
                }
            }
            if page.is_truncated() != Some(true) {
                return Ok(listing);
            }
            key_marker = page.next_key_marker().map(ToOwned::to_owned);
            upload_marker = page.next_upload_id_marker().map(ToOwned::to_owned);
        }
    }

    pub(super) async fn read(&self, aws: &Aws, path: &str) -> Result<Option<Content>, Error> {
        let key = self.key(path);
        let answer = match aws.s3().await.get_object().bucket(&self.bucket).key(&key).send().await {
            Ok(answer) => answer,
            Err(error) if error.as_service_error().is_some_and(|error| error.is_no_such_key()) => {
                return Ok(None);
            }
            Err(error) => return Err(self.failed("read", &key, aws::explain(&error))),
        };
        let etag = answer.e_tag().map(ToOwned::to_owned);
        let bytes = answer.body.collect().await;
        let bytes = bytes.map_err(|error| self.failed("read", &key, crate::error::chain(&error)))?;
        Ok(Some(Content { bytes: bytes.to_vec(), etag }))
    }

    /// `before`: nothing to be asked; else the ETag of what the object replaces, or none where there must be no object.
    pub(super) async fn put(
        &self,
        aws: &Aws,
        path: &str,
        bytes: Vec<u8>,
        before: Option<Option<&str>>,
    ) -> Result<(), Error> {
        let key = self.key(path);
        let body = Bytes::from(bytes);
        let request = aws
            .s3()
            .await
            .put_object()
            .bucket(&self.bucket)
            .key(&key)
            .content_type("application/json")
            .body(ByteStream::from(body.clone()));
        let request = match before {
            None => request,
            Some(None) => request.if_none_match("*"),
            Some(Some(etag)) => request.if_match(etag),
        };
        let Err(error) = request.send().await else { return Ok(()) };
        let replaced =
            before.is_some() && error.raw_response().is_some_and(|raw| raw.status().as_u16() == 412);
        if !replaced {
            return Err(self.failed("write", &key, aws::explain(&error)));
        }
        // The answer to the first try may have been lost, and the second found what the first had written.
        match self.read(aws, path).await? {
            Some(found) if found.bytes == body => Ok(()),
            _ => Err(self.failed(
                "write",
                &key,
                "another export has written it meanwhile; export again".to_owned(),
            )),
        }
    }

    pub(super) async fn remove(&self, aws: &Aws, path: &str) -> Result<(), Error> {
        let key = self.key(path);
        let answer = aws.s3().await.delete_object().bucket(&self.bucket).key(&key).send().await;
        answer.map(|_| ()).map_err(|error| self.failed("remove", &key, aws::explain(&error)))
    }

    pub(super) async fn begin<'a>(&'a self, aws: &'a Aws, path: &str) -> Result<Multipart<'a>, Error> {
        let key = self.key(path);
        let request = aws.s3().await.create_multipart_upload().bucket(&self.bucket).key(&key);
        let request = request
            .checksum_algorithm(ChecksumAlgorithm::Crc32)
            .content_type("application/vnd.apache.parquet");
        let answer = request.send().await;
        let answer = answer.map_err(|error| self.failed("begin to upload", &key, aws::explain(&error)))?;
        let upload = answer.upload_id().unwrap_or_default().to_owned();
        Ok(Multipart { place: self, aws, key, upload, buffer: BytesMut::new(), parts: Vec::new() })
    }

    pub(super) async fn publish(
        &self,
        aws: &Aws,
        path: &str,
        ticket: &Ticket,
    ) -> Result<Option<String>, Error> {
        let key = self.key(path);
        let parts = ticket.parts.iter().zip(1..).map(|((etag, crc32), number)| {
            let part = CompletedPart::builder().e_tag(etag).part_number(number);
            part.set_checksum_crc32(Some(crc32.clone()).filter(|sum| !sum.is_empty())).build()
        });
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build();
        let client = aws.s3().await;
        let answer = client
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(&key)
            .set_upload_id(ticket.upload.clone())
            .multipart_upload(parts)
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(version(answer.version_id())),
            Err(error) if error.code() == Some("NoSuchUpload") => {
                // It was completed, and the answer lost: the object is there under a name that tells its content.
                let found = client.head_object().bucket(&self.bucket).key(&key).send().await;
                let found = found.map_err(|_| self.failed("publish", &key, aws::explain(&error)))?;
                Ok(version(found.version_id()))
            }
            Err(error) => Err(self.failed("publish", &key, aws::explain(&error))),
        }
    }

    pub(super) async fn abandon(&self, aws: &Aws, path: &str, ticket: &Ticket) -> Result<(), Error> {
        let key = self.key(path);
        let request = aws.s3().await.abort_multipart_upload().bucket(&self.bucket).key(&key);
        match request.set_upload_id(ticket.upload.clone()).send().await {
            Err(error) if error.code() != Some("NoSuchUpload") => {
                Err(self.failed("abort the upload of", &key, aws::explain(&error)))
            }
            _ => Ok(()),
        }
    }
}

impl Multipart<'_> {
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.buffer.extend_from_slice(bytes);
        while self.buffer.len() >= PART {
            let part = self.buffer.split_to(PART).freeze();
            self.send(part).await?;
        }
        Ok(())
    }

    pub(super) async fn end(mut self) -> Result<Ticket, Error> {
        let rest = self.buffer.split().freeze();
        self.send(rest).await?;
        Ok(Ticket { upload: Some(self.upload), parts: self.parts })
    }

    async fn send(&mut self, part: Bytes) -> Result<(), Error> {
        if part.is_empty() {
            return Ok(());
        }
        let number = i32::try_from(self.parts.len() + 1).unwrap_or(i32::MAX);
        let answer = self
            .aws
            .s3()
            .await
            .upload_part()
            .bucket(&self.place.bucket)
            .key(&self.key)
            .upload_id(&self.upload)
            .part_number(number)
            .checksum_algorithm(ChecksumAlgorithm::Crc32)
            .body(ByteStream::from(part))
            .send()
            .await;
        let answer = answer.map_err(|error| self.place.failed("upload", &self.key, aws::explain(&error)))?;
        let sum = answer.checksum_crc32().unwrap_or_default().to_owned();
        self.parts.push((answer.e_tag().unwrap_or_default().to_owned(), sum));
        Ok(())
    }
}

/// Buckets that never kept versions have none, those that stopped to keep them have "null".
fn version(id: Option<&str>) -> Option<String> {
    id.filter(|id| *id != "null").map(ToOwned::to_owned)
}
