//! What a stack was called before: its state is under that name, and without it an apply makes everything a second time.

use super::session::Session;
use super::whereabouts::Whereabouts;
use crate::cloud::Cloud;
use crate::folder;
use crate::state::Document;
use std::collections::BTreeSet;
use std::path::Path;

/// The state of another stack that has resources of the same addresses, in the same account and region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Former {
    pub stack: String,
    /// Where its state is.
    pub state: String,
    /// As `state` in stack.toml said it.
    pub place: String,
    /// How many of its resources have the address of a block.
    pub common: usize,
    pub all: usize,
}

/// So many states beside one are looked into.
const MOST: usize = 50;

/// The likeliest one, for a stack that has no state. What cannot be read is passed over: it only serves a warning.
pub async fn former(session: &Session, cloud: &Cloud) -> Option<Former> {
    let here = session.stack.state.clone();
    let mut places: BTreeSet<(String, String)> =
        beside(session, cloud).await.into_iter().map(|stack| (stack, here.clone())).collect();
    let target = session.stack.target.as_ref().map(|target| target.name.as_str());
    let known = Whereabouts::of(&session.root, target).into_iter();
    places.extend(
        known.filter(|known| known.target.as_deref() == target).map(|known| (known.stack, known.place)),
    );
    places.retain(|(stack, _)| *stack != session.stack.name);
    let mut found: Vec<Former> = vec![];
    for (stack, place) in places.into_iter().take(MOST) {
        let Ok(store) = session.store_of(&stack, &place, Some(cloud)).await else { continue };
        let Ok(Some(document)) = store.peek().await else { continue };
        found.extend(judged(session, cloud, &document, store.name(), place));
    }
    found.into_iter().max_by(|a, b| a.common.cmp(&b.common).then(b.stack.cmp(&a.stack)))
}

fn judged(
    session: &Session,
    cloud: &Cloud,
    document: &Document,
    state: String,
    place: String,
) -> Option<Former> {
    let common =
        document.resources.keys().filter(|address| session.stack.blocks.contains_key(*address)).count();
    let is_here = (&document.account, &document.region) == (&cloud.account, &cloud.region);
    (common > 0 && is_here && document.arriving.is_none()).then(|| Former {
        stack: document.stack.clone(),
        state,
        place,
        common,
        all: document.resources.len(),
    })
}

/// The names of stacks of which the same target has a state in the same folder.
async fn beside(session: &Session, cloud: &Cloud) -> Vec<String> {
    let name = session.place_name();
    let target = session.stack.target.as_ref().map(|target| target.name.as_str());
    let files = match name.strip_prefix("s3://").and_then(|place| place.split_once('/')) {
        // One object of its own is told by the state in it.
        Some(_) if session.stack.state.ends_with(".json") => vec![],
        Some((bucket, key)) => objects(cloud, bucket, key).await,
        None => files(Path::new(&name)),
    };
    files.iter().filter_map(|file| stack_of(file, target)).map(str::to_owned).collect()
}

fn files(state: &Path) -> Vec<String> {
    let folder = folder::or_current(state.parent().unwrap_or(Path::new("")));
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

async fn objects(cloud: &Cloud, bucket: &str, key: &str) -> Vec<String> {
    let folder = key.rfind('/').map_or("", |at| &key[..=at]);
    let call = cloud.s3().list_objects_v2().bucket(bucket).prefix(folder).delimiter("/").max_keys(1000);
    let Ok(found) = call.send().await else { return vec![] };
    let keys = found.contents().iter().filter_map(|object| object.key());
    keys.filter_map(|key| key.strip_prefix(folder)).map(str::to_owned).collect()
}

/// `demo.json`, or `demo.local.json` of the target `local`.
fn stack_of<'a>(file: &'a str, target: Option<&str>) -> Option<&'a str> {
    let name = file.strip_suffix(".json")?;
    let name = match target {
        Some(target) => name.strip_suffix(target)?.strip_suffix('.')?,
        None => name,
    };
    (!name.is_empty() && !name.contains('.')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_says_its_stack_by_its_name_on_one_target() {
        assert_eq!(stack_of("demo.json", None), Some("demo"));
        assert_eq!(stack_of("demo.local.json", Some("local")), Some("demo"));
        for (file, target) in [
            ("demo.local.json", None),
            ("demo.json", Some("local")),
            ("demo.prod.json", Some("local")),
            ("demo.json.backup", None),
            ("demo.journal", None),
            (".json", None),
            (".local.json", Some("local")),
        ] {
            assert_eq!(stack_of(file, target), None, "{file}");
        }
    }
}
