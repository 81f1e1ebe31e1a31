//! How much is taken of what comes from outside, so that no file, archive or expansion uses up the memory, the stack or the time of
//! this process. All limits stand here; whoever refuses says the limit and the place. Those of answers over HTTP stand with the
//! client (`cloud::bounds`, `cloud::pages`).

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

pub const KIB: u64 = 1024;
pub const MIB: u64 = 1024 * KIB;

/// Bytes of a `stack.toml`. CloudFormation takes templates of 1 MB.
pub const STACK: u64 = MIB;
/// Bytes of a file that `${file(…)}` names.
pub const INCLUDED: u64 = 4 * MIB;
/// Bytes of a param, given by `--set-file` or by the input.
pub const PARAM: u64 = MIB;
/// Levels of tables and lists in each other, in `stack.toml` and in what it includes. Policies have some eight. States and plans wrap
/// up to ten more around them, and are read up to 128.
pub const DEPTH: usize = 64;
/// Resources of a stack, `for_each` expanded. CloudFormation takes 500.
pub const RESOURCES: usize = 5000;
/// References from one resource to another, `[*]` counted as one to each.
pub const LINKS: usize = 200_000;
/// Bytes of all that a stack comes to once params, files and `for_each` are put in, and of all attributes together once references to
/// other resources are. A value counts [`VALUE`] and its text.
pub const EXPANDED: u64 = 64 * MIB;
/// What a value weighs beside its text.
pub const VALUE: u64 = 64;
/// Bytes between `${` and `}`.
pub const REFERENCE: usize = 1024;
/// Steps of a path, such as those in `ignore_changes`; a key with dots and without quotes is several.
pub const STEPS: usize = 256;
/// Mistakes that are told at once.
pub const MISTAKES: usize = 200;

/// Bytes of a state. What its stack comes to is bounded by [`EXPANDED`]; with what AWS answers it stays well below.
pub const STATE: u64 = 256 * MIB;
/// Bytes of a journal: every input of a stack at most twice, and what AWS answered.
pub const JOURNAL: u64 = 1024 * MIB;
/// Bytes of a saved plan: what is there and what is wanted.
pub const PLAN: u64 = 512 * MIB;
/// Bytes of what stackctl keeps for itself: records, keys, answers.
pub const RECORD: u64 = 16 * MIB;
/// Bytes that are read at once of a log which is followed.
pub const LOG: u64 = MIB;

/// Bytes of a zip that Lambda takes in a request (50 MB; more has to go by way of S3).
pub const UPLOAD: u64 = 50 * MIB;
/// Bytes that a function has unpacked (250 MB, its layers included).
pub const UNPACKED: u64 = 250 * MIB;
/// Files in a zip. The largest Python packages have some ten thousand.
pub const ENTRIES: usize = 100_000;

/// `4 MiB`, `64 KiB`.
pub fn size(bytes: u64) -> String {
    match bytes {
        bytes if bytes >= MIB && bytes.is_multiple_of(MIB) => format!("{} MiB", bytes / MIB),
        bytes if bytes >= KIB && bytes.is_multiple_of(KIB) => format!("{} KiB", bytes / KIB),
        bytes => format!("{bytes} bytes"),
    }
}

/// All that a reader gives, if that is no more than `limit` bytes.
///
/// # Errors
/// Those of the reader; [`io::ErrorKind::FileTooLarge`] with the limit.
pub fn take(reader: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![];
    let count = reader.take(limit + 1).read_to_end(&mut bytes)?;
    if count as u64 > limit { Err(too_large(limit)) } else { Ok(bytes) }
}

/// The content of a file, or of a pipe that was named in place of one.
///
/// # Errors
/// As [`take`]; a file that says to be larger is not read at all.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    read_open(File::open(path)?, limit)
}

/// Of a file that is open.
///
/// # Errors
/// As [`read`].
pub fn read_open(file: File, limit: u64) -> io::Result<Vec<u8>> {
    if file.metadata().is_ok_and(|meta| meta.is_file() && meta.len() > limit) {
        return Err(too_large(limit));
    }
    take(file, limit)
}

/// The same of a plain file only: a pipe or device of a project would never end, or never begin.
///
/// # Errors
/// As [`read`], and for everything else than a file.
pub fn read_file(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no plain file"));
    }
    read(path, limit)
}

/// As text.
///
/// # Errors
/// As [`read`], and [`io::ErrorKind::InvalidData`] for what is not UTF-8.
pub fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "stream did not contain valid UTF-8"))
}

fn too_large(limit: u64) -> io::Error {
    let text = format!("it is larger than {}, the most that is read of it", size(limit));
    io::Error::new(io::ErrorKind::FileTooLarge, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_read_than_the_limit() {
        let endless = io::repeat(b'a');
        let error = take(endless, 2 * MIB).unwrap_err();
        assert_eq!(error.to_string(), "it is larger than 2 MiB, the most that is read of it");
        assert_eq!(take(&b"abc"[..], 3).unwrap(), b"abc");
        assert!(take(&b"abcd"[..], 3).is_err());
    }

    #[test]
    fn a_file_of_any_size_is_refused_without_reading_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sparse");
        // A hundred terabytes where the file system has such, of which nothing is on the disk.
        let file = File::create(&path).unwrap();
        file.set_len(100 << 40).or_else(|_| file.set_len(1 << 40)).unwrap();
        assert_eq!(read(&path, MIB).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert!(read_file(Path::new("/dev/zero"), MIB).unwrap_err().to_string().contains("no plain file"));
        assert_eq!(read(Path::new("/dev/zero"), MIB).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
