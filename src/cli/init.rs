use super::failure::{Exit, Failure, Outcome};
use super::report;
use crate::folder;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

/// Writes a starter stack.toml
///
/// A bucket that keeps every version, with a queue and its dead-letter queue: small enough to read in a minute, and
/// applied on the local cloud in a second.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder of the new project.
    #[arg(default_value = ".")]
    folder: PathBuf,

    /// Name of the stack; the folder's name if it is one.
    #[arg(long)]
    name: Option<String>,
}

const STARTER: &str = include_str!("starter.toml");
const IGNORED: &str = "/.stackctl/\n/state/\n";

pub fn run(args: &Args) -> Outcome {
    let folder = &args.folder;
    folder::make(folder).map_err(Failure::io(format!("failed to make {}", folder.display())))?;
    let name = args.name.clone().unwrap_or_else(|| name_of(folder));
    let path = folder.join("stack.toml");
    write(&path, &STARTER.replace("{name}", &name))?;
    // A user's own .gitignore stays as it is.
    if folder.join(".gitignore").symlink_metadata().is_err() {
        write(&folder.join(".gitignore"), IGNORED)?;
    }
    report::note(&format!("Wrote {}. Next, without an AWS account:", path.display()));
    report::note("");
    report::note("  stackctl local up");
    report::note("  stackctl apply --target local");
    Ok(Exit::Done)
}

fn write(path: &std::path::Path, text: &str) -> Outcome<()> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    match file {
        Ok(mut file) => file
            .write_all(text.as_bytes())
            .map_err(Failure::io(format!("failed to write {}", path.display()))),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(Failure::user(
            format!("{} exists already, and is left as it is", path.display()),
            "Name another folder: `stackctl init FOLDER`.",
        )),
        Err(error) => Err(Failure::io(format!("failed to write {}", path.display()))(error)),
    }
}

fn name_of(folder: &std::path::Path) -> String {
    let full = folder.canonicalize().unwrap_or_default();
    let name = full.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_lowercase();
    let fits = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.len() <= 31
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if fits { name } else { "my-stack".to_owned() }
}
