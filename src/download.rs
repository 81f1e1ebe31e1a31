//! Downloads an object of S3 into a file: whole or not at all.

use crate::cloud::aws;
use crate::error::{Error, Result};
use crate::upload::Progress;
use aws_sdk_s3::Client;
use std::io::Write;
use std::path::Path;

/// Downloads and returns the number of bytes. The file appears under its name when it is complete and on the disk; what
/// stood there before stays until then.
pub async fn download(
    s3: &Client,
    bucket: &str,
    key: &str,
    to: &Path,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<u64> {
    let failed = || Error::io(to.display().to_string());
    let answer = s3.get_object().bucket(bucket).key(key).send().await.map_err(aws("s3:GetObject"))?;
    let total = answer.content_length.and_then(|length| u64::try_from(length).ok()).unwrap_or_default();
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // In the same folder, since a rename cannot leave its disk; gone if this ends early.
    let mut file = tempfile::Builder::new().prefix(".stackctl-").tempfile_in(folder).map_err(failed())?;
    let mut body = answer.body;
    let mut sent = 0;
    while let Some(chunk) = body.next().await {
        let chunk =
            chunk.map_err(|error| Error::Refused(format!("s3://{bucket}/{key} broke off: {error}")))?;
        file.write_all(&chunk).map_err(failed())?;
        sent += chunk.len() as u64;
        progress(Progress { sent, total });
    }
    file.as_file().sync_all().map_err(failed())?;
    open_to_others(file.as_file()).map_err(failed())?;
    file.persist(to).map_err(|error| failed()(error.error))?;
    Ok(sent)
}

/// Temporary files are their maker's alone; this one becomes a file like any other.
fn open_to_others(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}
