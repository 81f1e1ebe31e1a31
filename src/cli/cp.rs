use super::args::StackArgs;
use super::failure::{Exit, Failure, Outcome};
use super::report;
use super::resolve::attribute;
use super::session::Session;
use crate::address::Address;
use crate::cloud::Cloud;
use crate::upload::{Progress, upload};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Uploads a file into a bucket of the stack
///
/// Big files go in parts, several at a time; an upload that fails leaves nothing behind.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    stack: StackArgs,

    /// The file.
    #[arg(value_name = "FILE")]
    from: PathBuf,

    /// Where to: bucket.NAME/KEY. A key that ends in / gets the file's name.
    #[arg(value_name = "bucket.NAME/KEY")]
    to: Place,
}

/// A key in a bucket of the stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub bucket: Address,
    pub key: String,
}

impl FromStr for Place {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (bucket, key) = text.split_once('/').unwrap_or((text, ""));
        let bucket: Address =
            bucket.parse().map_err(|error: crate::address::AddressError| error.to_string())?;
        if bucket.kind != "bucket" {
            return Err(format!("{bucket} is no bucket: write bucket.NAME/KEY"));
        }
        Ok(Self { bucket, key: key.to_owned() })
    }
}

pub async fn run(args: &Args) -> Outcome {
    let session = Session::load(&args.stack)?;
    let document = session.store().await?.peek().await?.ok_or_else(|| {
        Failure::user("nothing has been applied yet", "`stackctl apply` creates the bucket.")
    })?;
    let bucket = attribute(&document, &args.to.bucket, "id")?;
    let cloud = session.connect().await?;
    let key = key(&args.to.key, &args.from)?;
    copy(&cloud, &args.from, &bucket, &key).await?;
    Ok(Exit::Done)
}

fn key(given: &str, from: &Path) -> Outcome<String> {
    if !given.is_empty() && !given.ends_with('/') {
        return Ok(given.to_owned());
    }
    let name = from.file_name().and_then(|name| name.to_str()).ok_or_else(|| {
        Failure::user(format!("{} has no name that a key can have", from.display()), "Write the key in full.")
    })?;
    Ok(format!("{given}{name}"))
}

/// Uploads and says so.
pub async fn copy(cloud: &Cloud, from: &Path, bucket: &str, key: &str) -> Outcome<()> {
    let bar = report::Bytes::new(&format!("{} → s3://{bucket}/{key}", from.display()));
    let result =
        upload(&cloud.s3(), from, bucket, key, &|progress: Progress| bar.at(progress.sent, progress.total))
            .await;
    bar.end();
    let sent = result.map_err(Failure::while_doing(format!("failed to upload {}", from.display())))?;
    report::note(&format!("{} → s3://{bucket}/{key} ({})", from.display(), report::bytes(sent)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_key_gets_the_name_of_the_file() {
        let place: Place = "bucket.loans/incoming/".parse().unwrap();
        assert_eq!(key(&place.key, Path::new("/data/a.csv")).unwrap(), "incoming/a.csv");
        assert_eq!(key("x/b.csv", Path::new("a.csv")).unwrap(), "x/b.csv");
        assert!("queue.a/b".parse::<Place>().is_err() && "bucket/b".parse::<Place>().is_err());
    }
}
