//! What stands in for a `stack.toml` that cannot be used: its `[stack]` and target where these are right, else the state itself.
//! Nobody should have to mend what is about to be taken down.

use super::args::StackArgs;
use super::failure::{Failure, Outcome};
use super::identity::identity;
use super::report;
use super::session::{Session, path, root};
use super::whereabouts::Whereabouts;
use crate::config::{self, Source, Stack, Target};
use crate::diagnostic::Diagnostics;
use crate::limits;
use crate::state::{Cipher, Document, Moved, Reach};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// For commands that need no more than the state.
#[derive(Debug, Clone, clap::Args)]
pub struct StateArgs {
    /// Where the state is, for when stack.toml is broken or gone: the file (state/loans.local.json), its folder, or
    /// s3://BUCKET/KEY.json (with AWS_REGION set). Without it the folder `state` beside the missing file is looked into.
    #[arg(long, value_name = "PLACE", global = true)]
    pub state: Option<String>,
}

/// The session of `stack.toml`, or one that goes by the state alone, after saying so.
///
/// # Errors
/// What is wrong with the file, where there is no single state to go by.
pub async fn load(args: &StackArgs, by: &StateArgs, what: &str) -> Outcome<Session> {
    let mistakes = match Session::load(args) {
        Ok(session) if by.state.is_none() => return Ok(session),
        Ok(_) => Diagnostics::default(),
        Err(Failure::Config(mistakes)) => mistakes,
        Err(other) => return Err(other),
    };
    let file = path(args);
    let options = Session::options(args)?;
    let stack = match config::bare(&file, &options).filter(|_| by.state.is_none()) {
        Some(stack) => stack,
        None => match remembered(options.target.as_deref(), by, &file).await {
            Ok(stack) => stack,
            Err(Some(why)) if by.state.is_some() => return Err(why),
            Err(why) => {
                if let Some(why) = why {
                    report::warning(&format!("{why}. {}", why.help().unwrap_or_default()));
                }
                return Err(Failure::Config(mistakes));
            }
        },
    };
    let is = stack.target.as_ref().map(|target| target.name.as_str());
    if let Some(named) = options.target.as_deref().filter(|named| is != Some(*named)) {
        return Err(Failure::usage(
            format!("--target {named} is given, and that state is of {}", is.unwrap_or("no target")),
            "Name the state of that target, or leave --target (and STACKCTL_TARGET) out.",
        ));
    }
    let session = Session::of(stack, root(&file))?;
    if !mistakes.is_empty() {
        report::warnings(&mistakes);
    }
    report::by_the_state(&file, &session.stack, &session.place_name(), what);
    Ok(session)
}

/// The stack as its state knows it. `Err(None)`: there is no state.
async fn remembered(target: Option<&str>, by: &StateArgs, file: &Path) -> Result<Stack, Option<Failure>> {
    let cipher = Cipher::new(&[], identity()).unwrap_or_default();
    if let Some(key) = by.state.as_deref().filter(|place| place.starts_with("s3://")) {
        let region = ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().find_map(|name| std::env::var(name).ok());
        let region = region.ok_or_else(|| {
            Failure::user(
                format!("the region of {key} is not known"),
                "Set AWS_REGION to the region of the bucket.",
            )
        });
        let reach = Reach { target: target.map(str::to_owned), ..Reach::default() };
        return in_bucket(key, &region.map_err(Some)?, reach, file, cipher).await.map_err(Some);
    }
    let given = by.state.as_deref().map(PathBuf::from);
    let place = given.clone().unwrap_or_else(|| root(file).join("state"));
    let place = if given.is_none() { place.strip_prefix(".").unwrap_or(&place).to_owned() } else { place };
    let found: Vec<(PathBuf, Document)> = match place.is_dir() {
        false => read(&place, &cipher)
            .map_err(Some)?
            .map(|document| (place.clone(), document))
            .into_iter()
            .collect(),
        true => all(&place, &cipher, target).map_err(Some)?,
    };
    match <[_; 1]>::try_from(found) {
        Ok([(path, document)]) => of_file(&path, document).map_err(Some),
        Err(none) if none.is_empty() && given.is_none() => elsewhere(target, file, cipher).await,
        Err(none) if none.is_empty() => Err(Some(Failure::user(
            format!("there is no state in {}", place.display()),
            "Name the file, such as state/loans.json, or s3://BUCKET/KEY.json.",
        ))),
        Err(several) => {
            let names: Vec<String> = several.iter().map(|(path, _)| path.display().to_string()).collect();
            Err(Some(Failure::user(
                format!("several states could be meant: {}", names.join(", ")),
                "Name one with --state PATH.",
            )))
        }
    }
}

/// Where this user's commands in this folder have seen a state last.
async fn elsewhere(target: Option<&str>, file: &Path, cipher: Cipher) -> Result<Stack, Option<Failure>> {
    let known = Whereabouts::of(&root(file), target);
    let [known] = known.as_slice() else { return Err(None) };
    if known.name.starts_with("s3://") {
        let reach = Reach { target: known.target.clone(), ..Reach::default() };
        return in_bucket(&known.name, &known.region, reach, file, cipher).await.map_err(Some);
    }
    let path = root(file).join(&known.name);
    match read(&path, &cipher).map_err(Some)? {
        Some(document) => of_file(&path, document).map_err(Some),
        None => Err(None),
    }
}

/// The states in a folder, of that target if one is given.
fn all(folder: &Path, cipher: &Cipher, target: Option<&str>) -> Outcome<Vec<(PathBuf, Document)>> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter(|path| {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            target.is_none_or(|target| stem.ends_with(&format!(".{target}")))
        })
        .collect();
    paths.sort();
    let mut found = vec![];
    let mut unusable = None;
    for path in paths {
        match read(&path, cipher) {
            Ok(Some(document)) => found.push((path, document)),
            Ok(None) => {}
            Err(why) => unusable = Some(why),
        }
    }
    match unusable {
        Some(why) if found.is_empty() => Err(why),
        _ => Ok(found),
    }
}

fn read(path: &Path, cipher: &Cipher) -> Outcome<Option<Document>> {
    let bytes = match limits::read(path, limits::STATE) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::io(format!("failed to read {}", path.display()))(error)),
    };
    if let Some(moved) = Moved::parse(&bytes) {
        return Err(Failure::user(
            format!("the state {} was moved to {}", path.display(), moved.moved_to),
            "Name that place with --state.",
        ));
    }
    let read = cipher.read(&bytes).map_err(|what| {
        Failure::user(
            format!("{} cannot be used: {}", path.display(), what.into_text()),
            "Name another with --state.",
        )
    });
    read.map(Some)
}

/// A state in a folder is called as its stack, with the target behind it.
fn of_file(path: &Path, document: Document) -> Outcome<Stack> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let target = match stem.strip_prefix(&document.stack) {
        Some("") => None,
        Some(rest) if rest.starts_with('.') => Some(rest[1..].to_owned()),
        _ => {
            return Err(Failure::user(
                format!("{} is not called as a state of the stack {} is", path.display(), document.stack),
                format!("Give it the name {}.json, or {0}.TARGET.json.", document.stack),
            ));
        }
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    Ok(stack(document, folder.display().to_string(), target))
}

async fn in_bucket(place: &str, region: &str, reach: Reach, file: &Path, cipher: Cipher) -> Outcome<Stack> {
    let target = reach.target.clone();
    let mut asking = Document::new("", "", region);
    asking.reach = Some(reach);
    let asking = Stack { account: None, ..stack(asking, place.to_owned(), target) };
    let store = Session::of(asking, root(file))?.store_as_named(place, cipher).await?;
    let document = store.peek().await?.ok_or_else(|| {
        Failure::user(format!("there is no state in {place}"), "Name its object: s3://BUCKET/KEY.json.")
    })?;
    let target = document.reach.clone().and_then(|reach| reach.target);
    let suffix = target.as_ref().map(|target| format!(".{target}.json")).unwrap_or_default();
    let plain = place.strip_suffix(&suffix).filter(|_| target.is_some()).map(|base| format!("{base}.json"));
    Ok(stack(document, plain.unwrap_or_else(|| place.to_owned()), target))
}

fn stack(document: Document, state: String, target: Option<String>) -> Stack {
    let reach = document.reach.unwrap_or_default();
    let target = target.map(|name| Target {
        name,
        endpoint_url: reach.endpoint_url,
        emulator: reach.emulator,
        profile: reach.profile,
        protected: reach.protected,
        ..Target::default()
    });
    Stack {
        source: Arc::new(Source::new("stack.toml", String::new())),
        name: document.stack,
        region: document.region,
        account: Some(document.account),
        state,
        state_at: None,
        encryption: reach.encryption,
        target,
        params: Default::default(),
        tags: Default::default(),
        blocks: Default::default(),
        families: Default::default(),
        outputs: Default::default(),
        warnings: Diagnostics::default(),
    }
}
