use super::args::StackArgs;
use super::failure::{Exit, Failure, Outcome};
use super::report;
use super::resolve::attribute;
use super::session::Session;
use crate::address::Address;
use crate::cloud::Cloud;
use crate::download::download;
use crate::folder;
use crate::upload::{Progress, piece, upload};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Copies a file into a bucket of the stack, or out of it
///
/// Big files go up in parts, several at a time; what fails leaves nothing behind, neither there nor here.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub(super) stack: StackArgs,

    /// A file, or bucket.NAME/KEY.
    from: End,

    /// The other: bucket.NAME/KEY (a key that ends in / gets the file's name), or a file or folder.
    to: End,
}

/// Where a copy begins or ends.
#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    File(PathBuf),
    Object(Place),
}

impl FromStr for End {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        // A file that is called so is ./bucket.NAME.
        if text.starts_with("bucket.") { text.parse().map(Self::Object) } else { Ok(Self::File(text.into())) }
    }
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
    let (file, place, up) = match (&args.from, &args.to) {
        (End::File(file), End::Object(place)) => (file, place, true),
        (End::Object(place), End::File(file)) => (file, place, false),
        (End::File(from), End::File(to)) => {
            return Err(Failure::user(
                format!("neither {} nor {} is in a bucket", from.display(), to.display()),
                "One of the two is bucket.NAME/KEY.",
            ));
        }
        (End::Object(_), End::Object(_)) => {
            return Err(Failure::user(
                "both are in buckets",
                "Copy it by way of a file, or use `aws s3 cp`.",
            ));
        }
    };
    let session = Session::load(&args.stack)?;
    let document = session.applied("`stackctl apply` creates the bucket.").await?;
    let bucket = attribute(&document, &place.bucket, "id")?;
    let cloud = session.connect().await?;
    if up {
        copy(&cloud, file, &bucket, &key(&place.key, file)?).await?;
    } else {
        let to = target(&place.key, file)?;
        folder::named(&to).map_err(Failure::io(format!("failed to write {}", to.display())))?;
        fetch(&cloud, &bucket, &place.key, &to).await?;
    }
    Ok(Exit::Done)
}

/// A folder gets the last part of the key.
fn target(key: &str, to: &Path) -> Outcome<PathBuf> {
    let name = key.rsplit('/').next().unwrap_or_default();
    if name.is_empty() {
        return Err(Failure::user(
            format!("{key:?} is no key of an object"),
            "Write the whole key, as in bucket.NAME/folder/file.csv.",
        ));
    }
    Ok(if to.is_dir() { to.join(name) } else { to.to_owned() })
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
    let size = std::fs::metadata(from).map_or(0, |meta| meta.len());
    let s3 = cloud.s3_for(piece(size).min(size));
    let result =
        upload(&s3, from, bucket, key, &|progress: Progress| bar.at(progress.sent, progress.total)).await;
    bar.end();
    let sent = result.map_err(Failure::while_doing(format!("failed to upload {}", from.display())))?;
    report::note(&format!("{} → s3://{bucket}/{key} ({})", from.display(), report::bytes(sent)));
    Ok(())
}

/// Downloads and says so.
pub async fn fetch(cloud: &Cloud, bucket: &str, key: &str, to: &Path) -> Outcome<()> {
    let bar = report::Bytes::new(&format!("s3://{bucket}/{key} → {}", to.display()));
    let progress = |progress: Progress| bar.at(progress.sent, progress.total);
    let result = download(&cloud.s3(), bucket, key, to, &progress).await;
    bar.end();
    let sent = result.map_err(Failure::while_doing(format!("failed to download s3://{bucket}/{key}")))?;
    report::note(&format!("s3://{bucket}/{key} → {} ({})", to.display(), report::bytes(sent)));
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

    #[test]
    fn what_begins_with_bucket_is_there_and_all_else_is_here() {
        let object = |bucket: &str, key: &str| {
            End::Object(Place { bucket: bucket.parse().unwrap(), key: key.to_owned() })
        };
        assert_eq!("bucket.loans/a/b.html".parse::<End>().unwrap(), object("bucket.loans", "a/b.html"));
        assert_eq!("./bucket.loans".parse::<End>().unwrap(), End::File("./bucket.loans".into()));
        assert_eq!(target("a/b.html", Path::new(".")).unwrap(), Path::new("./b.html"));
        assert_eq!(target("a/b.html", Path::new("x.html")).unwrap(), Path::new("x.html"));
        assert!(target("a/", Path::new(".")).is_err());
    }
}
